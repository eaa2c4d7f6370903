"""Which crops of a capture to keep: few of each kind, so that people, distances, light, poses are spread."""

from __future__ import annotations

import math
from typing import NamedTuple

from device.faces.exposure_check import Measures
from device.faces.quality import Quality

EACH = 4  # crops of one kind at most
GAP_S = 0.4  # between two crops of one person: neighbouring frames show the same
NEAREST_SIZE = 8.0  # pixels between the eyes: smaller faces are not worth a crop
STEPS = {"brightness": 0.12, "sharpness": 0.6, "red": 0.2, "yaw": 0.2}  # the width of a kind


class Kind(NamedTuple):
    """What makes two crops alike: the same person at about the same distance, light, sharpness and pose."""

    person: int
    distance: int
    brightness: int
    sharpness: int
    red: int
    yaw: int


def kind_of(person: int, quality: Quality, measures: Measures) -> Kind:
    """The kind of a crop; distances count in steps of √2."""
    brightness, sharpness, red = (
        math.floor(getattr(measures, name) / STEPS[name]) for name in ("brightness", "sharpness", "red")
    )
    distance, yaw = round(2 * math.log2(max(quality.size, 1.0))), math.floor(quality.yaw / STEPS["yaw"] + 0.5)
    return Kind(person, distance, brightness, sharpness, red, yaw)


class Spread:
    """Says which crops to keep; remembers how many of each kind there are, and when each person gave one."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, int] = {}
        self._last: dict[int, float] = {}

    def wants(self, person: int, quality: Quality, measures: Measures, t: float) -> bool:
        """Whether a crop seen at `t` seconds is worth keeping; one that is counts as kept."""
        if quality.size < NEAREST_SIZE or t - self._last.get(person, -math.inf) < GAP_S:
            return False
        kind = kind_of(person, quality, measures)
        if self._kinds.get(kind, 0) >= EACH:
            return False
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        self._last[person] = t
        return True

    def counts(self) -> dict[str, int]:
        """How many different people, distances and kinds of light there are so far."""
        return {
            "people": len({kind.person for kind in self._kinds}),
            "distances": len({kind.distance for kind in self._kinds}),
            "lights": len({(kind.brightness, kind.red) for kind in self._kinds}),
        }
