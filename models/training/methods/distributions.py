"""Losses of a distribution over the range: label distributions, the expectation, mean and variance."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from models.training.methods.regression import l1
from models.training.methods.scale import Scale


def label_distribution(label: torch.Tensor, scale: Scale, sigma: float) -> torch.Tensor:
    """A bell about each label, (batch, count), each row with the sum 1.

    DLDL (Gao et al., TIP 2017), equation 2: exp(−(l − y)² / 2σ²), normalised over the range's points, so that
    a bell which the range cuts off weighs as much as any other. `label` (batch,), `sigma` > 0 in its unit.
    """
    distance = (scale.points(label) - label[:, None]) / sigma
    return torch.softmax(-0.5 * distance**2, 1)


def kl(target: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """mean Σ t ln(t / p), p = softmax(logits), both (batch, count), in nats; t = 0 counts nothing."""
    return F.kl_div(F.log_softmax(logits, 1), target, reduction="batchmean")


def expectation(logits: torch.Tensor, scale: Scale) -> torch.Tensor:
    """Σ p·l over the range's points, p = softmax(logits), (batch,): DEX (Rothe et al., IJCV 2018)."""
    return torch.softmax(logits, 1) @ scale.points(logits)


def dldl(logits: torch.Tensor, label: torch.Tensor, scale: Scale, sigma: float = 2.0) -> torch.Tensor:
    """KL of the label's bell and the prediction: DLDL (Gao et al., TIP 2017), equation 4."""
    return kl(label_distribution(label, scale, sigma), logits)


def dldl_v2(
    logits: torch.Tensor, label: torch.Tensor, scale: Scale, sigma: float = 2.0, weight: float = 1.0
) -> torch.Tensor:
    """KL + λ·|expectation − label|: DLDL-v2 (Gao et al., IJCAI 2018); `weight` is λ.

    Distribution and expectation are learnt together, so what is trained is what is measured.
    """
    return dldl(logits, label, scale, sigma) + weight * l1(expectation(logits, scale), label)


def variance(logits: torch.Tensor, scale: Scale) -> torch.Tensor:
    """Σ p·(l − expectation)², (batch,), in the label's unit squared."""
    away = scale.points(logits) - expectation(logits, scale)[:, None]
    return (torch.softmax(logits, 1) * away**2).sum(1)


def mean_variance(
    logits: torch.Tensor,
    label: torch.Tensor,
    scale: Scale,
    mean_weight: float = 0.2,
    variance_weight: float = 0.05,
) -> torch.Tensor:
    """Cross-entropy + λ₁·½·(expectation − label)² + λ₂·variance, each a mean over the batch.

    Mean-variance loss (Pan et al., CVPR 2018), equations 3–7: a distribution about the label, and narrow.
    """
    entropy = F.cross_entropy(logits, scale.nearest(label))
    mean = 0.5 * (expectation(logits, scale) - label) ** 2
    return entropy + mean_weight * mean.mean() + variance_weight * variance(logits, scale).mean()


def two_points(label: torch.Tensor, scale: Scale) -> torch.Tensor:
    """A label as shares of the two points it lies between, (batch, count): C3AE (Zhang et al., CVPR 2019).

    Σ share·point is the label again; labels outside the range are taken for its end.
    """
    away = (scale.points(label) - label.clamp(scale.low, scale.high)[:, None]).abs()
    return (1 - away / scale.step).clamp(min=0)
