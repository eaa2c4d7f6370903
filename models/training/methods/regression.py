"""Losses of a single number: L1 of what the network says, or of soft stagewise regression."""

from __future__ import annotations

import torch

from models.training.methods.scale import Scale, check_same_shape


def l1(guess: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """mean |guess − label|, both (batch,), in the label's unit. Raises ValueError where the shapes differ."""
    check_same_shape(guess, label)
    return (guess - label).abs().mean()


def stagewise(outputs: list[torch.Tensor], scale: Scale) -> torch.Tensor:
    """Soft stagewise regression over any range, (batch,): SSR-Net (Yang et al., IJCAI 2018), equations 4–7.

    low + Σ_k Σ_i p_i (i + η_i) · V / Π_{j≤k} s_j (1 + Δ_j), where V = high − low + step: for ages 101 years.
    `outputs`: p (batch, s), η (batch, s) and Δ (batch, 1) of each stage. Not clipped to the range.
    """
    width, guess = scale.high - scale.low + scale.step, scale.low
    for p, eta, delta in zip(outputs[0::3], outputs[1::3], outputs[2::3], strict=True):
        bins = torch.arange(p.shape[1], dtype=p.dtype, device=p.device)
        width = width / (p.shape[1] * (1 + delta[:, 0]))
        guess = guess + width * (p * (bins + eta)).sum(1)
    return guess


def stagewise_l1(outputs: list[torch.Tensor], label: torch.Tensor, scale: Scale) -> torch.Tensor:
    """The loss SSR-Net is trained by: L1 of `stagewise` against the labels (batch,)."""
    return l1(stagewise(outputs, scale), label)
