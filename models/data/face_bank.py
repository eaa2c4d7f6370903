"""Training faces in memory: pictures decoded once, the eyes found once, cut anew at every turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from device.faces.alignment import SIDE, crop_transform
from device.faces.border import detect_with_border
from device.faces.detector import FaceDetector
from models.data.datasets import Face, FaceSet

EYE_CACHE = Path(".cache")
BORDER = 0.5  # of a chip's side, repeated around it so that the detector sees a whole head


@dataclass
class FaceBank:
    """Pictures (uint8 BGR), ages, and eyes ((2, 2) in pixels, or NaN where the detector found none)."""

    faces: list[Face]
    pictures: list[np.ndarray]
    eyes: np.ndarray

    @property
    def ages(self) -> np.ndarray:
        """Ages in years, float32 (n,)."""
        return np.array([face.age for face in self.faces], np.float32)

    def select(self, keep: list[int]) -> FaceBank:
        """The faces at these places."""
        return FaceBank([self.faces[i] for i in keep], [self.pictures[i] for i in keep], self.eyes[keep])


def load_bank(found: FaceSet, cache: Path | None = None) -> FaceBank:
    """Decode every picture and find its eyes, reading these from `cache` (an .npz) where it has them."""
    faces, pictures = [], []
    for face, picture in found.pictures():
        faces.append(face)
        pictures.append(picture)
    if cache and cache.exists() and len(eyes := np.load(cache)["eyes"]) == len(faces):
        return FaceBank(faces, pictures, eyes)
    detector = FaceDetector(min_score=0.3)
    eyes = np.stack(
        [find_eyes(detector, picture) for picture in tqdm(pictures, desc="eyes", unit="face", disable=None)]
    )
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(cache, eyes=eyes)
    return FaceBank(faces, pictures, eyes)


def find_eyes(detector: FaceDetector, chip: np.ndarray) -> np.ndarray:
    """Eyes of the face in the middle of an aligned chip, float32 (2, 2) in its pixels; NaN if none is there.

    A detection far from where aligned chips have their eyes belongs to something else.
    """
    side = np.float32(chip.shape[0])
    expected = np.array([[0.30, 0.30], [0.69, 0.30]], np.float32) * side
    for detection in detect_with_border(detector, chip, int(chip.shape[0] * BORDER)):
        eyes = detection.keypoints[:2]
        if np.abs(eyes - expected).max() < 0.15 * side:
            return eyes
    return np.full((2, 2), np.nan, np.float32)


def placed(bank: FaceBank, i: int, aligned: bool, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """The picture of face i, and the affine map (2, 3) from the pixels of a 64×64 crop to its pixels.

    `aligned` puts the eyes as the device does, where they were found; otherwise the chip is taken as stored.
    A picture much larger than a crop of `side` pixels is averaged down first, as `faces.alignment` does.
    """
    picture, eyes = bank.pictures[i], bank.eyes[i]
    factor = max(1, round(picture.shape[0] / side))
    if factor > 1:
        small = picture.shape[0] // factor
        picture = cv2.resize(
            picture[: small * factor, : small * factor], (small, small), interpolation=cv2.INTER_AREA
        )
        eyes = (eyes - (factor - 1) / 2) / factor
    if aligned and not np.isnan(eyes).any():
        return picture, crop_transform(eyes)
    scale = picture.shape[0] / SIDE
    return picture, np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])


def cut(picture: np.ndarray, matrix: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Warp to the crop that `matrix` describes at 64×64, but of `side` pixels: uint8 RGB (side, side, 3)."""
    step = SIDE / side  # pixel centres are integers: the first of a finer crop lies before the coarse one's
    finer = np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.cvtColor(
        cv2.warpAffine(picture, matrix @ finer, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        cv2.COLOR_BGR2RGB,
    )


def plain_crops(bank: FaceBank, aligned: bool, side: int = SIDE) -> np.ndarray:
    """All faces without augmentation, uint8 RGB (n, side, side, 3)."""
    return np.stack([cut(*placed(bank, i, aligned, side), side) for i in range(len(bank.faces))])
