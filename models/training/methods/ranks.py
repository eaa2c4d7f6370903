"""Ordinal regression: one yes-or-no question a rank, "is the label above this point?"."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from models.training.methods.scale import Scale


def rank_targets(label: torch.Tensor, scale: Scale) -> torch.Tensor:
    """1 where the nearest point to the label is above the k-th, else 0, (batch, count − 1)."""
    places = torch.arange(scale.count - 1, device=label.device)
    return (scale.nearest(label)[:, None] > places).to(label.dtype)


def ordinal(logits: torch.Tensor, label: torch.Tensor, scale: Scale) -> torch.Tensor:
    """Mean binary cross-entropy of the V − 1 questions, logits (batch, count − 1), label (batch,).

    OR-CNN (Niu et al., CVPR 2016), equation 3, with each question of equal importance.
    """
    return F.binary_cross_entropy_with_logits(logits, rank_targets(label, scale))


def ranked(logits: torch.Tensor, scale: Scale) -> torch.Tensor:
    """The label that the answers say, (batch,): low + step · how many are above one half."""
    return scale.low + scale.step * (logits > 0).sum(1).to(logits.dtype)
