"""The ages that a reading may stand for: an 80 % interval that holds the truth as often at every age.

Neyman's construction (Phil. Trans. R. Soc. A 236, 1937): of the people of each age y, 80 % are read between
y + low(y) · s and y + high(y) · s, where s is the error that the network expects of this face. The interval
of a reading holds those ages whose own range holds the reading. A spread on both sides of the estimate does
not: readings of the old are too young, so it holds the thirties' ages too often and the sixties' too rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

MIN_ERROR, MAX_ERROR = 0.5, 15.0  # years, of s: beyond what faces have (0.5 and 99.5 % of validation's)


class Belt(NamedTuple):
    """Where 80 % of the readings lie, by true age: linear between the knots `ages`."""

    ages: tuple[float, ...]  # years, rising
    low: tuple[float, ...]  # the readings' 10 % quantile less the age, in units of s
    high: tuple[float, ...]  # their 90 % quantile less the age
    own: bool  # whether s is what the network expects of this face; otherwise a year

    def interval(self, reading: float, error: float) -> tuple[float, float]:
        """The lowest and highest age in years that `reading` (years) may stand for.

        `error`: what the network expects, years, clipped to `MIN_ERROR`…`MAX_ERROR`; 1 where it is not `own`.
        """
        unit = min(max(error, MIN_ERROR), MAX_ERROR) if self.own else 1.0
        upper = [age + high * unit for age, high in zip(self.ages, self.high, strict=True)]
        lower = [age + low * unit for age, low in zip(self.ages, self.low, strict=True)]
        lowest = _crossing(self.ages, upper, lambda edge: edge >= reading, reading)
        highest = _crossing(self.ages[::-1], lower[::-1], lambda edge: edge <= reading, reading)
        return min(lowest, highest), max(lowest, highest)


def _crossing(
    ages: Sequence[float], edge: Sequence[float], reached: Callable[[float], bool], reading: float
) -> float:
    """The first age, in this order, at which the edge reaches the reading; the last where none does."""
    for i, there in enumerate(edge):
        if reached(there):
            if i == 0:
                return ages[0]
            share = (reading - edge[i - 1]) / (there - edge[i - 1])
            return ages[i - 1] + share * (ages[i] - ages[i - 1])
    return ages[-1]
