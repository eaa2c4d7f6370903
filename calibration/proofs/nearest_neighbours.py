"""No face of the set is a copy: each bare face against every training photograph, beside real strangers.

Two measures of likeness, both 1 for a copy: the correlation of pixels after the mean face is taken away, and
the cosine between whitened eigenface coefficients, the classic measure of identity (Turk and Pentland, 1991;
Moon and Phillips, 2001), in which what all faces share counts for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from calibration.synthetic.build import make, plan
from calibration.synthetic.camera_model import halve
from calibration.synthetic.face_model import FaceModel

COMPONENTS = 150
INSIDE = np.s_[6:62, 8:56]  # of a crop: the face, without what is behind it


class Nearest(NamedTuple):
    """Each face's likeness to the training photograph that is most like it, by both measures, (n,)."""

    pixels: np.ndarray
    identity: np.ndarray


class Gallery:
    """The training photographs' crops, uint8 RGB (n, 64, 64, 3), to be searched."""

    def __init__(self, crops: np.ndarray) -> None:
        faces = _grey(crops)
        self._mean = faces.mean(axis=0)
        centred = faces - self._mean
        values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
        self._whiten = axes[:, -COMPONENTS:] / np.sqrt(values[-COMPONENTS:])
        self._pixels = _unit(centred)
        self._identity = _unit(centred @ self._whiten)

    def nearest(self, crops: np.ndarray) -> Nearest:
        """How like its nearest neighbour each crop is."""
        centred = _grey(crops) - self._mean
        return Nearest(
            (_unit(centred) @ self._pixels.T).max(axis=1),
            (_unit(centred @ self._whiten) @ self._identity.T).max(axis=1),
        )


def bare_faces() -> np.ndarray:
    """The shipped set's faces before coverings, light and camera, uint8 RGB (400, 64, 64, 3)."""
    model = FaceModel()
    return np.stack([halve(make(model, face)[1].astype(np.int64)).astype(np.uint8) for face in plan()])


def _grey(crops: np.ndarray) -> np.ndarray:
    """The inner faces as rows of float32, each with mean 0 and deviation 1, at half the resolution."""
    rows = []
    for crop in crops:
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[INSIDE].astype(np.float32)
        row = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).ravel()
        rows.append((row - row.mean()) / max(row.std(), 1.0))
    return np.stack(rows)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
