"""Age bands: where they begin, what they are called, and how the shown one is kept from flickering."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise


class Bands:
    """Bands from a rising list of first ages: [13, 18, 65] makes 0–12, 13–17, 18–64 and 65+."""

    def __init__(self, starts: Sequence[int]):
        if not starts or starts[0] < 1 or any(b <= a for a, b in pairwise(starts)):
            raise ValueError(f"bands {starts!r}: first ages from 1 on, each above the one before")
        self.starts = list(starts)
        firsts = [0, *starts]
        self.labels = [f"{a}–{b - 1}" for a, b in zip(firsts, starts, strict=False)] + [f"{starts[-1]}+"]

    def index(self, age: float) -> int:
        """The band of an age in years: a person is in the band of their last birthday."""
        return bisect_right(self.starts, age)

    def kept(self, age: float, shown: int | None, margin: float) -> int:
        """The band to show: `shown` as long as the age is within `margin` years of it, else the age's own."""
        if shown is None:
            return self.index(age)
        if self.index(age - margin) <= shown <= self.index(age + margin):
            return shown
        return self.index(age)
