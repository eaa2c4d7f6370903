"""What the attributes' head learns from: names, drawn covers, and the age's own error."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from device.age.network import ATTRIBUTES

UNLIKELY = (
    0.25  # of "no glasses" on a face on which none were drawn: probably real ones, which nobody labelled
)
GLASSES = slice(1, 4)  # none, clear, dark


def attribute_loss(
    logits: torch.Tensor, female: torch.Tensor, cover: torch.Tensor, error: torch.Tensor
) -> torch.Tensor:
    """The sum of four means: gender, glasses and mouth by cross-entropy, the spread by Laplace's likelihood.

    `logits` (batch, 6): `ATTRIBUTES`. `female` (batch,): 1, 0 or NaN. `cover` int64 (batch, 2): glasses 0, 1,
    2 and mouth 0, 1, each −1 where nothing can be said. `error` (batch,): of the age, years, no gradient.
    """
    assert logits.shape[1] == len(ATTRIBUTES)
    glasses, mouth = cover[:, 0], cover[:, 1]
    return (
        _mean(
            F.binary_cross_entropy_with_logits(logits[:, 0], female.nan_to_num(), reduction="none"),
            ~female.isnan(),
        )
        + _mean(
            F.cross_entropy(logits[:, GLASSES], glasses.clamp(min=0), reduction="none"),
            _credible(logits, glasses),
        )
        + _mean(
            F.binary_cross_entropy_with_logits(logits[:, 4], mouth.clamp(min=0).float(), reduction="none"),
            mouth >= 0,
        )
        + spread_loss(logits[:, 5], error)
    )


def spread_loss(log_spread: torch.Tensor, error: torch.Tensor) -> torch.Tensor:
    """−log of Laplace's density of `error` at the scale exp(`log_spread`), the mean over the batch."""
    scale = log_spread.clamp(-1, 4)  # 0.4 to 55 years: no face is known better, none worse
    return (error * torch.exp(-scale) + scale).mean()


def _credible(logits: torch.Tensor, glasses: torch.Tensor) -> torch.Tensor:
    """The faces whose label for glasses is believed: drawn ones, and those that look bare."""
    none = F.softmax(logits[:, GLASSES].detach(), 1)[:, 0]
    return (glasses > 0) | ((glasses == 0) & (none > UNLIKELY))


def _mean(losses: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """The mean of those known; 0 where none is."""
    return (losses * known).sum() / known.sum().clamp(min=1)
