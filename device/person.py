"""What the rest of the program sees of a face: the result of one frame for one track."""

from __future__ import annotations

from typing import Any, NamedTuple

from device.box import Box

UNSURE = "unsure"
# What may be told of a face beside its age, each only where `age.NAME` is on; the last word says "not known"
ATTRIBUTE_WORDS = {
    "gender": ("female", "male", UNSURE),
    "glasses": ("none", "dark", UNSURE),  # clear ones count as none
    "cover": ("none", "mouth", UNSURE),
}


Interval = tuple[float, float]


def half_width(interval: Interval) -> float:
    """Half of what lies between the two."""
    return (interval[1] - interval[0]) / 2


def ages_row(age: float | None, interval: Interval | None, places: int = 2) -> dict[str, Any]:
    """What other programs are told of an age: the age, half of its interval's width, the interval."""
    if age is None or interval is None:
        return {"age": None if age is None else round(age, places), "spread": None, "interval": None}
    return {
        "age": round(age, places),
        "spread": round(half_width(interval), places),
        "interval": [round(edge, places) for edge in interval],
    }


class Person(NamedTuple):
    """One face in one frame. Boxes are in pixels of the main picture, ages in years."""

    id: int
    box: Box
    score: float  # the detector's, 0 to 1; the last one where it did not run on this frame
    raw: float | None = None  # this frame's own estimate, if one was made
    age: float | None = None  # what is shown
    interval: Interval | None = None  # the lowest and highest age that it may be, to 80 %
    band: str | None = None  # such as "25–34", or "unsure"
    state: str = "finding"  # finding, settling, settled, lost
    velocity: tuple[float, float] = (0.0, 0.0)  # of the box's centre, pixels a second
    gender: str | None = None  # of `ATTRIBUTE_WORDS`; this and the next None unless switched on and known
    glasses: str | None = None
    cover: str | None = None
    yaw: float | None = None  # as `faces.quality.yaw`; None while the detector misses the face

    def words(self) -> dict[str, str]:
        """What is known of `ATTRIBUTE_WORDS`, by the attribute's name; empty where none is switched on."""
        return {name: word for name in ATTRIBUTE_WORDS if (word := getattr(self, name)) is not None}

    def moved(self, dt: float) -> Person:
        """The same person `dt` seconds later, by the box's velocity; there is no estimate of that moment."""
        vx, vy = self.velocity
        return self._replace(box=self.box.shifted(vx * dt, vy * dt), raw=None)
