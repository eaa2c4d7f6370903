"""No face of the set is a copy: nearest neighbours among the training photographs, beside held-out ones.

Two similarities, both 1 for a copy: the correlation of pixels after subtracting the mean face, and the cosine
between whitened eigenface coefficients, the classic measure of identity (Turk and Pentland, 1991; Moon and
Phillips, 2001), in which what all faces share counts for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from calibration.synthetic.build import make, plan
from calibration.synthetic.camera_model import halve
from calibration.synthetic.face_model import FaceModel

COMPONENTS = 150
INNER_FACE = np.s_[6:62, 8:56]  # of a crop: the face, without background


class Nearest(NamedTuple):
    """Each face's similarity to its nearest neighbour, by both measures, (n,)."""

    pixels: np.ndarray
    identity: np.ndarray


class Gallery:
    """The training photographs' crops, uint8 RGB (n, 64, 64, 3), to search."""

    def __init__(self, crops: np.ndarray) -> None:
        faces = _grey(crops)
        self._mean = faces.mean(axis=0)
        centred = faces - self._mean
        values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
        self._whiten = axes[:, -COMPONENTS:] / np.sqrt(values[-COMPONENTS:])
        self._pixels = _unit(centred)
        self._identity = _unit(centred @ self._whiten)

    def nearest(self, crops: np.ndarray) -> Nearest:
        """The similarity of each crop, uint8 RGB (n, 64, 64, 3), to its nearest neighbour."""
        centred = _grey(crops) - self._mean
        return Nearest(
            (_unit(centred) @ self._pixels.T).max(axis=1),
            (_unit(centred @ self._whiten) @ self._identity.T).max(axis=1),
        )


def unoccluded_faces() -> np.ndarray:
    """The shipped set's faces before occlusion, light and camera, uint8 RGB (400, 64, 64, 3)."""
    model = FaceModel()
    return np.stack([halve(make(model, face)[1].astype(np.int64)).astype(np.uint8) for face in plan()])


def _grey(crops: np.ndarray) -> np.ndarray:
    """The inner faces as rows of float32, each of mean 0 and standard deviation 1, at half the resolution."""
    rows = []
    for crop in crops:
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[INNER_FACE].astype(np.float32)
        row = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).ravel()
        rows.append((row - row.mean()) / max(row.std(), 1.0))
    return np.stack(rows)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
