"""What one frame of a field test showed: faces and light, a handful of numbers and never a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.faces.alignment import Cropper
from device.faces.detector import LEFT_EYE, RIGHT_EYE
from device.faces.exposure_check import Measures, measure
from device.faces.quality import yaw
from device.frame import Frame
from device.tracks import still

EVERY = 8  # pixels, across and down, between two that the picture's brightness is taken from


class Ages(Protocol):
    """What is known of the age: half of the 80 % interval in years, None while there is none."""

    @property
    def spread(self) -> float | None: ...  # noqa: D102


class Companion(Protocol):
    """What a track carries along of its person."""

    @property
    def ages(self) -> Ages: ...  # noqa: D102


class Seen(still.Seen, Protocol):
    """What is wanted of a track; `device.tracks.tracker.Track` of a `PersonState` is the real one."""

    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def keypoints(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def companion(self) -> Companion: ...  # noqa: D102


class Face(NamedTuple):
    """One face in one frame."""

    id: int  # of its track
    box: Box  # in fractions of the picture's width and height
    eyes: float  # pixels between them
    yaw: float = 0.0  # as `device.faces.quality.yaw`
    roll: float = 0.0  # degrees that the eyes are tilted, clockwise
    score: float = 0.9  # the detector's, 0 to 1
    spread: float | None = None  # of the age, years; None while no age is shown
    light: Measures | None = None  # of the crop; measured of the largest face only


class Sight(NamedTuple):
    """One frame: its time in seconds, the faces in it, the largest first, and its mean brightness, 0 to 1."""

    t: float
    faces: tuple[Face, ...] = ()
    picture: float = 0.5


class Looker:
    """Takes the numbers of frames; of one size, `(width, height)` in pixels."""

    def __init__(self, size: tuple[int, int]):
        self._size = size
        self._cropper = Cropper()

    def look(self, frame: Frame, tracks: Sequence[Seen]) -> Sight:
        """The numbers of a frame whose `tracks` are those that the vision has just brought up to date."""
        found = sorted((one for one in tracks if not one.misses), key=lambda one: -one.box.area)
        faces = [self._face(one) for one in found]
        if faces:
            crop = self._cropper.cut(frame.image, found[0].keypoints[:2])
            faces[0] = faces[0]._replace(light=measure(crop))
        return Sight(frame.time, tuple(faces), float(frame.image[::EVERY, ::EVERY].mean()) / 255)

    def _face(self, track: Seen) -> Face:
        width, height = self._size
        x, y, w, h = track.box
        (rx, ry), (lx, ly) = track.keypoints[[RIGHT_EYE, LEFT_EYE]].tolist()
        return Face(
            track.id,
            Box(x / width, y / height, w / width, h / height),
            math.hypot(lx - rx, ly - ry),
            yaw(track.keypoints),
            math.degrees(math.atan2(ly - ry, lx - rx)),
            track.score,
            track.companion.ages.spread,
        )
