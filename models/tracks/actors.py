"""Actors of the scenes: still images of known age, with the real detector's box and keypoints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.box import Box
from device.faces.border import with_border
from device.faces.detector import FaceDetector
from models.data.datasets import Face, FaceSet, is_validation, load

SIDE = 256  # pixels of an actor's image
EYE_DISTANCE = 80.0  # pixels in that image
EYE_CENTRE = (128.0, 104.0)  # point between the eyes
BORDER = 0.5  # of the image's longer side, replicated around it so that the detector sees a whole head
LEVELS = 4  # of the image pyramid, for faces that are far away


class Actor(NamedTuple):
    """`pictures`: the image pyramid, uint8 BGR (256, 256, 3), (128, 128, 3) …, aligned by the eyes.

    `keypoints` float32 (6, 2) and `box`, as the detector gives them, in pixels of the first image.
    """

    age: float  # years
    pictures: tuple[np.ndarray, ...]
    keypoints: np.ndarray
    box: Box


def make_actors(faces: FaceSet, limit: int | None = None) -> list[Actor]:
    """Actors of all faces that the detector finds, in the set's order, `limit` of them at most."""
    detector = FaceDetector(min_score=0.3)
    actors = []
    for face, picture in faces.pictures():
        actor = _actor(detector, face, picture)
        if actor:
            actors.append(actor)
        if limit and len(actors) >= limit:
            break
    return actors


def load_actors(source: Path, part: str, limit: int | None = None) -> list[Actor]:
    """The actors of a folder or zip: `part` is train or validation (both of its train/), test, or all."""
    found = load(source)
    if part != "all":
        found = found.part("test" if part == "test" else "train")
    if part in ("train", "validation"):
        found.faces = [face for face in found.faces if is_validation(face) == (part == "validation")]
    found.faces = list(_shuffled(found.faces))
    return make_actors(found, limit)


def _shuffled(faces: Iterable[Face]) -> Iterable[Face]:
    """A fixed random order, so that the first few are a fair sample."""
    order = np.random.default_rng(5).permutation(len(faces := list(faces)))
    return (faces[i] for i in order)


def _actor(detector: FaceDetector, face: Face, picture: np.ndarray) -> Actor | None:
    framed = with_border(picture, int(max(picture.shape[:2]) * BORDER))
    found = detector.detect(framed)
    if not found:
        return None
    middle = np.array(framed.shape[1::-1]) / 2
    best = min(found, key=lambda one: np.hypot(*(np.array(one.box.centre) - middle)) / one.box.w)
    matrix = _alignment(best.keypoints[:2])
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    source: np.ndarray = framed
    if scale < 0.7:
        source = cv2.GaussianBlur(framed, (0, 0), 0.5 / scale)  # against aliasing
    pictures = [cv2.warpAffine(source, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)]
    for _ in range(LEVELS - 1):
        pictures.append(cv2.resize(pictures[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    keypoints = best.keypoints @ matrix[:, :2].T + matrix[:, 2]
    x, y = matrix[:, :2] @ best.box.centre + matrix[:, 2]
    w, h = best.box.w * scale, best.box.h * scale
    return Actor(face.age, tuple(pictures), keypoints.astype(np.float32), Box(x - w / 2, y - h / 2, w, h))


def _alignment(eyes: np.ndarray) -> np.ndarray:
    """The similarity transform, float64 (2, 3), that maps these eyes, (2, 2), to those of all actors."""
    (x0, y0), (x1, y1) = eyes.astype(float)
    dx, dy = x1 - x0, y1 - y0
    length = max(np.hypot(dx, dy), 1.0) ** 2
    cos, sin = EYE_DISTANCE * dx / length, -EYE_DISTANCE * dy / length
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turn, np.array(EYE_CENTRE) - turn @ [(x0 + x1) / 2, (y0 + y1) / 2]])
