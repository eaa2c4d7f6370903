"""How well a face can be judged in one frame, and what it roughly looks like: statistics of its crop."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from device.faces.detector import LEFT_EYE, NOSE, RIGHT_EYE

LOOK_SIDE = 4  # the look is a grid of so many cells a side
INNER = np.s_[4:60, 8:56]  # of the crop: the face without what is behind it


class Quality(NamedTuple):
    """What is known of one frame's face besides its age."""

    size: float  # pixels between the eyes in the picture: how much detail there was
    sharpness: float  # natural logarithm of the Laplacian's deviation over the brightness's; about -2 to 0.5
    yaw: float  # 0 facing the camera; ±0.5 when the nose is before an eye; positive: to the picture's right
    roll: float  # degrees the eyes are tilted, clockwise
    score: float  # the detector's, 0 to 1
    brightness: float  # mean of the crop, 0 to 1
    contrast: float  # standard deviation of the crop, 0 to 0.5
    look: np.ndarray | None = None  # see `look`; None where nobody asks


def measure(crop: np.ndarray, face) -> Quality:
    """The quality of `crop`, uint8 RGB (64, 64, 3), cut by the keypoints of `face`, a detection or track."""
    (rx, ry), (lx, ly), (nx, ny) = face.keypoints[[RIGHT_EYE, LEFT_EYE, NOSE]].tolist()
    dx, dy = lx - rx, ly - ry
    size = max(math.hypot(dx, dy), 1.0)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    mean, deviation = (float(v[0, 0]) for v in cv2.meanStdDev(grey))
    _, detail = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return Quality(
        size=size,
        sharpness=math.log(max(float(detail[0, 0]), 0.5) / max(deviation, 1.0)),
        yaw=((nx - (rx + lx) / 2) * dx + (ny - (ry + ly) / 2) * dy) / (size * size),
        roll=math.degrees(math.atan2(dy, dx)),
        score=face.score,
        brightness=mean / 255,
        contrast=deviation / 255,
        look=look(crop, mean, deviation),
    )


def look(crop: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """The crop's colours on a coarse grid, float32 (48,), less its mean brightness and over its deviation.

    Enough to notice that another person stands there, too little to recognise anyone; gone with the track.
    """
    cells = cv2.resize(crop[INNER], (LOOK_SIDE, LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return (cells.reshape(-1).astype(np.float32) - mean) / max(deviation, 4.0)
