"""Aligns photographs of faces and finds 468 landmarks on each: what the face model is fitted to.

The landmarks are MediaPipe's face mesh (Kartynnik et al., 2019); its network comes from the wheel that the
detector comes from, and is needed on the workstation only.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from calibration.synthetic.face_model import SIDE
from device.faces.alignment import crop_transform
from device.faces.border import detect_with_border
from device.faces.detector import FaceDetector
from device.inference.interpreter import Model

HERE = Path(__file__).parents[1]
MESH_SIDE = 192  # pixels of the network's input
MESH_MARGIN = 1.4  # side of the network's crop, in sides of the chip
MIN_PRESENCE = 22.0  # logit; below it there is no clear face
MIN_SCORE = 0.7
MAX_OF_A_KIND = 90  # faces of one kind (five years, gender and group) beyond which small ones are left out


class Sample(NamedTuple):
    """The labels of a face; `sharp`: its photograph was at least as large as the chip."""

    age: int
    male: bool
    group: str
    sharp: bool


class Measured(NamedTuple):
    """Aligned faces: chips uint8 BGR (n, 128, 128, 3), landmarks float32 (n, 468, 2) in chip pixels."""

    chips: np.ndarray
    landmarks: np.ndarray
    kept: np.ndarray  # indices of the pictures that held a clear face


def fetch_mesh() -> Path:
    """The face mesh network's file, fetched once and checked by its SHA-256."""
    from models.fetch import download, missing, unpack

    for pin in missing(HERE):
        with tempfile.TemporaryDirectory() as folder:
            unpack(download(pin["wheel"], Path(folder)), pin, HERE)
    return HERE / json.loads((HERE / "pins.json").read_text())["face-mesh"]["file"]


def read_faces(sources: list[str]) -> tuple[list[np.ndarray], list[Sample]]:
    """The training images of UTKFace sets (zips or folders), uint8 BGR, and their labels.

    Small images are used only for kinds of people of whom there are few large ones. Images without a gender
    or group in their names are left out.
    """
    from models.data.datasets import load

    pictures, samples = [], []
    subjects: set[str | None] = set()
    of_kind: Counter[tuple[int, str | None, str | None]] = Counter()
    found = [
        (face, picture)
        for source in sources
        for face, picture in load(source).part("train").pictures()
        if face.gender and face.race
    ]
    for face, picture in sorted(found, key=lambda pair: -pair[1].shape[0]):
        kind = (min(int(face.age) // 5, 17), face.gender, face.race)
        if face.subject in subjects or (picture.shape[0] < SIDE and of_kind[kind] >= MAX_OF_A_KIND):
            continue
        subjects.add(face.subject)
        of_kind[kind] += 1
        pictures.append(picture)
        samples.append(Sample(int(face.age), face.gender == "male", str(face.race), picture.shape[0] >= SIDE))
    return pictures, samples


def measure(pictures: Iterable[np.ndarray]) -> Measured:
    """Detect and align the face of each image, uint8 BGR of any size, and find its landmarks."""
    detector, mesh = FaceDetector("short", min_score=MIN_SCORE), Model(fetch_mesh())
    chips, landmarks, kept = [], [], []
    for index, picture in enumerate(pictures):
        found = detect_with_border(detector, picture, max(picture.shape[:2]) // 4)
        if not found:
            continue
        matrix = crop_transform(found[0].keypoints[:2])  # of the 64-pixel crop: a chip is twice as fine
        matrix[:, :2] /= SIDE / 64
        matrix[:, 2] -= matrix[:, :2] @ (0.5, 0.5)
        points, presence = _mesh(mesh, picture, matrix)
        if presence >= MIN_PRESENCE:
            chips.append(_warp(picture, matrix, SIDE))
            landmarks.append(points)
            kept.append(index)
    return Measured(np.stack(chips), np.stack(landmarks).astype(np.float32), np.array(kept))


def _mesh(mesh: Model, picture: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """The landmarks in chip pixels (468, 2), and the logit that there is a face."""
    reach = SIDE * MESH_MARGIN / MESH_SIDE  # chip pixels a pixel of the input
    shift = (SIDE - SIDE * MESH_MARGIN) / 2
    wider = matrix.copy()
    wider[:, 2] += matrix[:, :2] @ (shift, shift)
    wider[:, :2] *= reach
    shown = cv2.cvtColor(_warp(picture, wider, MESH_SIDE), cv2.COLOR_BGR2RGB)
    outputs = mesh.run(shown[None].astype(np.float32) / 255)
    points, presence = sorted((np.ravel(output) for output in outputs), key=len, reverse=True)[:2]
    return points.reshape(-1, 3)[:, :2] * reach + shift, float(presence[0])


def _warp(picture: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """A square of the image; `matrix` maps its pixels to the image's. Blurred first where it shrinks."""

    scale = float(np.hypot(*matrix[:, 0]))
    if scale > 1.1:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.45 * scale)
    flags = (cv2.INTER_CUBIC if scale < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
