"""How well a face can be judged in one frame, and its coarse appearance: statistics of its crop."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device.faces.detector import LEFT_EYE, NOSE, RIGHT_EYE
from device.frame import Image

APPEARANCE_GRID = 4  # cells a side
MIN_DETAIL, MIN_DEVIATION = 0.5, 1.0  # grey levels: an even crop has neither, and the logarithm stays finite
MIN_APPEARANCE_DEVIATION = 4.0  # grey levels: what a nearly even crop varies by is mostly sensor noise
INNER = np.s_[4:60, 8:56]  # of the crop: the face without what is behind it


class Quality(NamedTuple):
    """What is known of one frame's face besides its age."""

    size: float  # pixels between the eyes in the picture: how much detail there was
    sharpness: float  # natural logarithm of the Laplacian's deviation over the brightness's; about -2 to 0.5
    yaw: float  # as `yaw`
    roll: float  # degrees the eyes are tilted, clockwise
    score: float  # the detector's, 0 to 1
    brightness: float  # mean of the crop, 0 to 1
    contrast: float  # standard deviation of the crop, 0 to 0.5
    appearance: NDArray[np.float32] | None = None  # (48,), see `appearance`; None where it is not measured


class Face(Protocol):
    """A detection or a track: `keypoints` float32 (6, 2) in pixels, `score` 0 to 1."""

    @property
    def keypoints(self) -> NDArray[np.float32]: ...  # noqa: D102

    @property
    def score(self) -> float: ...  # noqa: D102


def measure(crop: Image, face: Face) -> Quality:
    """The quality of `crop`, uint8 RGB (64, 64, 3), cut by the keypoints of `face`, a detection or track."""
    (rx, ry), (lx, ly) = face.keypoints[[RIGHT_EYE, LEFT_EYE]].tolist()
    dx, dy = lx - rx, ly - ry
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(grey))
    _, detail = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return Quality(
        size=max(math.hypot(dx, dy), 1.0),
        sharpness=math.log(max(float(detail[0, 0]), MIN_DETAIL) / max(deviation, MIN_DEVIATION)),
        yaw=yaw(face.keypoints),
        roll=math.degrees(math.atan2(dy, dx)),
        score=face.score,
        brightness=mean / 255,
        contrast=deviation / 255,
        appearance=appearance(crop, mean, deviation),
    )


def yaw(keypoints: NDArray[np.float32]) -> float:
    """How far a face is turned, by its keypoints, float32 (6, 2) in pixels, whatever its roll.

    0 facing the camera, ±0.5 when the nose is before an eye; positive: to the picture's right.
    """
    (rx, ry), (lx, ly), (nx, ny) = keypoints[[RIGHT_EYE, LEFT_EYE, NOSE]].tolist()
    dx, dy = lx - rx, ly - ry
    size = max(math.hypot(dx, dy), 1.0)
    return float(((nx - (rx + lx) / 2) * dx + (ny - (ry + ly) / 2) * dy) / (size * size))


def appearance(crop: Image, mean: float, deviation: float) -> NDArray[np.float32]:
    """The crop's colours on a coarse grid, float32 (48,), less its mean brightness and over its deviation.

    Enough to notice that another person stands there, too little to recognise anyone; gone with the track.
    """
    cells = cv2.resize(crop[INNER], (APPEARANCE_GRID, APPEARANCE_GRID), interpolation=cv2.INTER_AREA)
    normalised: NDArray[np.float32] = cells.reshape(-1).astype(np.float32) - mean
    return normalised / max(deviation, MIN_APPEARANCE_DEVIATION)
