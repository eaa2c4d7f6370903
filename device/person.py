"""What the rest of the program sees of a face: the result of one frame for one track."""

from __future__ import annotations

from typing import NamedTuple

from device.box import Box

UNSURE = "unsure"
# What may be told of a face beside its age, each only where `age.NAME` is on; the last word says "not known"
ATTRIBUTE_WORDS = {
    "gender": ("female", "male", UNSURE),
    "glasses": ("none", "dark", UNSURE),  # clear ones count as none
    "cover": ("none", "mouth", UNSURE),
}


class Person(NamedTuple):
    """One face in one frame. Boxes are in pixels of the main picture, ages and spreads in years."""

    id: int
    box: Box
    score: float  # the detector's, 0 to 1; the last one where it did not run on this frame
    raw: float | None = None  # this frame's own estimate, if one was made
    age: float | None = None  # what is shown
    spread: float | None = None  # half of the 80 % interval around `age`
    band: str | None = None  # such as "25–34"
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
