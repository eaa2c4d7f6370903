"""The range of the scalar that is learnt: ages of 0 to 100 years, scores of 1 to 5, or any other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Scale:
    """Points `low`, `low + step`, … `high`, in the label's own unit; ages by default, in years.

    Raises ValueError where the range is empty, no number, or no whole number of steps.
    """

    low: float = 0.0
    high: float = 100.0
    step: float = 1.0

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.high, self.step))):
            raise ValueError(f"range {self.low} to {self.high} by {self.step}: not finite")
        if self.step <= 0 or self.high <= self.low:
            raise ValueError(f"range {self.low} to {self.high} by {self.step}: empty")
        steps = (self.high - self.low) / self.step
        if abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"range {self.low} to {self.high}: not a whole number of steps of {self.step}")

    @property
    def count(self) -> int:
        """How many points there are."""
        return round((self.high - self.low) / self.step) + 1

    def points(self, like: torch.Tensor) -> torch.Tensor:
        """The points, (count,), of the type and on the device of `like`."""
        return self.low + self.step * torch.arange(self.count, dtype=like.dtype, device=like.device)

    def nearest(self, labels: torch.Tensor) -> torch.Tensor:
        """The number of the point nearest to each label, int64 (batch,), 0 to count − 1; outside, the end."""
        places = torch.floor((labels - self.low) / self.step + 0.5)
        return places.clamp(0, self.count - 1).long()


def check_same_shape(guess: torch.Tensor, label: torch.Tensor) -> None:
    """ValueError where the two differ in shape: (n, 1) less (n,) would silently be (n, n)."""
    if guess.shape != label.shape:
        raise ValueError(f"shapes {tuple(guess.shape)} and {tuple(label.shape)} must be the same")
