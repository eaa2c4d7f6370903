"""Losses of classes: weights for the rare ones, and focus on the hard ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def frequency_weights(counts: torch.Tensor) -> torch.Tensor:
    """1/√frequency of each class, (classes,): a mean of 1 over the examples, 0 for a class without any.

    `counts`: examples of each class, (classes,). Raises ValueError where there are none at all.
    """
    if counts.sum() <= 0:
        raise ValueError("no examples of any class")
    weights = torch.where(counts > 0, counts.clamp(min=1).double().rsqrt(), 0.0)
    return (weights * counts.sum() / (weights * counts).sum()).float()


def class_weighted(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """mean w_y · −ln p_y over the batch: logits (batch, classes), labels int64 (batch,), weights (classes,).

    The mean is over examples, not over weights, so that a rare class also pulls harder in a batch of its own.
    """
    return (weights[labels] * F.cross_entropy(logits, labels, reduction="none")).mean()


def focal(
    logits: torch.Tensor, labels: torch.Tensor, gamma: float = 2.0, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """mean w_y · (1 − p_y)^γ · −ln p_y: focal loss (Lin et al., ICCV 2017), equation 5; γ 0: cross-entropy.

    logits (batch, classes), labels int64 (batch,), `weights` (classes,) or None for 1.
    """
    entropy = F.cross_entropy(logits, labels, reduction="none")
    # −expm1(−e) is 1 − p without cancellation where p is nearly 1
    each = (-torch.expm1(-entropy)) ** gamma * entropy
    return (each if weights is None else weights[labels] * each).mean()
