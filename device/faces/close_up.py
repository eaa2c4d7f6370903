"""Close-ups of followed faces: made anew now and then, and used again while the face stays where it is."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from device.box import Box
from device.faces.detector import Detection
from device.frame import Image

# Seconds that a close-up is used for, a quarter more or less. On clips of people at a kiosk single estimates
# scatter hardly more then than with a close-up for each; from a quarter of a second on they do. For a settled
# age a second made no difference there: a face that moves has a new close-up before that.
HOLD_S, SETTLED_HOLD_S = 0.2, 1.0
MAX_SHIFT = 0.05  # of the face's width: its box has moved or grown no further than its errors may explain
# First looks' boxes are so much wider than close-ups' of the same faces, and their middles so much of the
# close-up's width lower: medians on the clips
LOOK_SCALE, LOOK_DROP = 1.32, 0.057
GOLDEN_RATIO = 0.618  # its multiples lie evenly between whole numbers, however many are taken


def as_in_close_up(look: Box) -> Box:
    """About the box that a close-up would have of a face whose first look has the box `look`."""
    tight = look.scaled(1 / LOOK_SCALE)
    return tight.shifted(0, -LOOK_DROP * tight.w)


def as_in_first_look(face: Box, longer: int) -> Box:
    """About the box that a first look would have of a face whose close-up has the box `face`.

    `longer`: the picture's longer side. What is larger there than in a close-up is as in one.
    """
    width = 128 * face.w / longer
    scale = 1 + (LOOK_SCALE - 1) * min(max((43 - width) / 23, 0.0), 1.0)
    return face.shifted(0, LOOK_DROP * face.w).scaled(scale)


class CloseUp(NamedTuple):
    """The face in pixels of the picture, the track's box at that time, and until when this is used."""

    face: Detection
    box: Box
    until: float  # frame time, seconds

    def holds(self, box: Box, now: float) -> bool:
        """Whether the face is still there, now that its track's box is `box`."""
        (x, y), (x0, y0) = box.centre, self.box.centre
        far = max(abs(x - x0) + abs(y - y0), abs(box.w - self.box.w))
        return now < self.until and far <= MAX_SHIFT * self.box.w


class CloseUpDetector(Protocol):
    """What finds a face in a close-up, as `FaceDetector` does."""

    def close_up(self, image: Image, box: Box, quarters: int = 0, sharpen: bool = False) -> Detection | None:
        """The face at `box`, in pixels of `image`, None when there is none."""


class CloseUps:
    """Makes close-ups with a detector, and says how long each is used."""

    def __init__(self, detector: CloseUpDetector):
        self._detector = detector
        self._made = 0

    def make(
        self,
        image: Image,
        box: Box,
        now: float,
        settled: bool = False,
        quarters: int = 0,
        sharpen: bool = False,
    ) -> CloseUp | None:
        """A close-up of the face at `box` (pixels of `image`) at frame time `now`; None when it shows none.

        `quarters`: right angles by which the picture must be turned, clockwise, for the face to be upright.
        `sharpen`: as for `FaceDetector.close_up`.

        Each is used for a different time, so that those made on one frame do not all expire on one frame.
        """
        how: dict[str, Any] = {"quarters": quarters} if quarters else {}
        if sharpen:
            how["sharpen"] = True
        face = self._detector.close_up(image, box, **how)
        self._made += 1
        life = (SETTLED_HOLD_S if settled else HOLD_S) * (0.75 + 0.5 * (self._made * GOLDEN_RATIO % 1))
        return CloseUp(face, box, now + life) if face else None
