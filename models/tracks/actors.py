"""Faces that play in the scenes: still pictures with known ages, seen by the real detector once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.box import Box
from device.faces.detector import FaceDetector
from models.data.datasets import Face, FaceSet, is_validation, load

SIDE = 256  # pixels of an actor's picture
EYES = 80.0  # pixels between the eyes there
EYE_PLACE = (128.0, 104.0)  # middle of the eyes
BORDER = 0.5  # of the picture's longer side, repeated around it so that the detector sees a whole head
LEVELS = 4  # the picture, and its halves, for faces that are far away


class Actor(NamedTuple):
    """`pictures`: uint8 BGR (256, 256, 3), upright with the eyes in one place, then (128, 128, 3) and so on.

    `keypoints` float32 (6, 2) and `box`, as the detector gives them, in pixels of the first picture.
    """

    age: float
    pictures: tuple[np.ndarray, ...]
    keypoints: np.ndarray
    box: Box


def cast(faces: FaceSet, most: int | None = None) -> list[Actor]:
    """Actors of all faces that the detector finds, in the set's order, at most `most` of them."""
    detector = FaceDetector(min_score=0.3)
    actors = []
    for face, picture in faces.pictures():
        actor = _actor(detector, face, picture)
        if actor:
            actors.append(actor)
        if most and len(actors) >= most:
            break
    return actors


def cast_of(source: Path, part: str, most: int | None = None) -> list[Actor]:
    """The actors of a folder or zip: `part` is train or validation (both of its train/), test, or all."""
    found = load(source)
    if part != "all":
        found = found.part("test" if part == "test" else "train")
    if part in ("train", "validation"):
        found.faces = [face for face in found.faces if is_validation(face) == (part == "validation")]
    found.faces = list(_spread(found.faces))
    return cast(found, most)


def _spread(faces: Iterable[Face]) -> Iterable[Face]:
    """A fixed order without pattern, so that the first few are as good a sample as all."""
    order = np.random.default_rng(5).permutation(len(faces := list(faces)))
    return (faces[i] for i in order)


def _actor(detector: FaceDetector, face: Face, picture: np.ndarray) -> Actor | None:
    border = int(max(picture.shape[:2]) * BORDER)
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
    found = detector.detect(framed)
    if not found:
        return None
    middle = np.array(framed.shape[1::-1]) / 2
    best = min(found, key=lambda one: np.hypot(*(np.array(one.box.centre) - middle)) / one.box.w)
    matrix = _to_place(best.keypoints[:2])
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.7:
        framed = cv2.GaussianBlur(framed, (0, 0), 0.5 / scale)  # or fine detail would alias
    pictures = [cv2.warpAffine(framed, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)]
    for _ in range(LEVELS - 1):
        pictures.append(cv2.resize(pictures[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    keypoints = best.keypoints @ matrix[:, :2].T + matrix[:, 2]
    x, y = matrix[:, :2] @ best.box.centre + matrix[:, 2]
    w, h = best.box.w * scale, best.box.h * scale
    return Actor(face.age, tuple(pictures), keypoints.astype(np.float32), Box(x - w / 2, y - h / 2, w, h))


def _to_place(eyes: np.ndarray) -> np.ndarray:
    """The similarity, float64 (2, 3), that takes these eyes, (2, 2), to where actors have theirs."""
    (x0, y0), (x1, y1) = eyes.astype(float)
    dx, dy = x1 - x0, y1 - y0
    length = max(np.hypot(dx, dy), 1.0) ** 2
    cos, sin = EYES * dx / length, -EYES * dy / length
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turn, np.array(EYE_PLACE) - turn @ [(x0 + x1) / 2, (y0 + y1) / 2]])
