"""Which crops of a capture to keep: few of each kind, for diversity of people, distances, light and poses."""

from __future__ import annotations

import math
from typing import NamedTuple

from device.faces.exposure_check import Measures
from device.faces.quality import Quality

MAX_OF_A_KIND = 4  # crops
MIN_INTERVAL_S = 0.4  # between two crops of one person: neighbouring frames show the same
MIN_EYE_DISTANCE = 8.0  # pixels; smaller faces are not worth a crop
BIN_WIDTHS = {"brightness": 0.12, "sharpness": 0.6, "red": 0.2, "yaw": 0.2}


class Kind(NamedTuple):
    """A bin of similar crops: the same person at about the same distance, light, sharpness and pose."""

    person: int
    distance: int
    brightness: int
    sharpness: int
    red: int
    yaw: int


def kind_of(person: int, quality: Quality, measures: Measures) -> Kind:
    """The kind of a crop; distances count in steps of √2."""
    brightness, sharpness, red = (
        math.floor(getattr(measures, name) / BIN_WIDTHS[name]) for name in ("brightness", "sharpness", "red")
    )
    distance, yaw = (
        round(2 * math.log2(max(quality.size, 1.0))),
        math.floor(quality.yaw / BIN_WIDTHS["yaw"] + 0.5),
    )
    return Kind(person, distance, brightness, sharpness, red, yaw)


class Diversity:
    """Decides which crops to keep; counts those of each kind, and remembers when each person gave one."""

    def __init__(self) -> None:
        self._count: dict[Kind, int] = {}
        self._last: dict[int, float] = {}

    def accept(self, person: int, quality: Quality, measures: Measures, t: float) -> bool:
        """Whether to keep a crop seen at `t` seconds; an accepted one is counted."""
        if quality.size < MIN_EYE_DISTANCE or t - self._last.get(person, -math.inf) < MIN_INTERVAL_S:
            return False
        kind = kind_of(person, quality, measures)
        if self._count.get(kind, 0) >= MAX_OF_A_KIND:
            return False
        self._count[kind] = self._count.get(kind, 0) + 1
        self._last[person] = t
        return True

    def counts(self) -> dict[str, int]:
        """How many different people, distances and kinds of light there are so far."""
        return {
            "people": len({kind.person for kind in self._count}),
            "distances": len({kind.distance for kind in self._count}),
            "lights": len({(kind.brightness, kind.red) for kind in self._count}),
        }
