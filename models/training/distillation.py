"""What the teachers say of the training faces: each face in a few placings, with its distribution of ages.

They see every face clean and uncovered (privileged information); the student then learns the same
distribution from the same crop disturbed. Asking them once, not in every epoch, saves a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from device.faces.alignment import SIDE
from models.data import augment
from models.data.face_bank import FaceBank, cut, placed
from models.training.teacher import SURE, YEARS

PLACINGS = 8  # of each face: a random shift, scale, rotation, shear, and as often as not mirrored


@dataclass(frozen=True, slots=True)
class Lessons:
    """Crops uint8 (n, 8, 64, 64, 3), both teachers' distributions float16 (n, 8, 2, 101), ages (n,)."""

    crops: np.ndarray
    taught: np.ndarray
    ages: np.ndarray

    def draw(self, i: int, rng: np.random.Generator, settings: dict) -> tuple[np.ndarray, ...]:
        """Face i in one of its placings: crop, age, distribution.

        `settings`: the chances that something `cover`s a part of it and that another camera and light
        `disturb` it, and the share of the `published` teacher in the distribution of those it is sure of.
        """
        k, cover, disturb = int(rng.integers(PLACINGS)), settings["cover"], settings["disturb"]
        crop = np.asarray(self.crops[i, k])
        crop = augment.covered(rng, crop) if rng.random() < cover else crop
        crop = augment.camera(rng, crop) if rng.random() < disturb else crop
        own, published = self.taught[i, k].astype(np.float32)
        share = np.float32(settings["published"] if self.ages[i] < SURE else 0)
        return crop, self.ages[i], own + share * (published - own)


def same_photographs(banks: list[FaceBank]) -> list[list[tuple[FaceBank, int]]]:
    """The faces of several banks, each with all its versions: a photograph in two resolutions is one face."""
    versions: dict[object, list[tuple[FaceBank, int]]] = {}
    for bank in banks:
        for i, face in enumerate(bank.faces):
            versions.setdefault((face.subject or face.path, face.age), []).append((bank, i))
    return list(versions.values())


def true_ages(faces: list[list[tuple[FaceBank, int]]]) -> np.ndarray:
    """The age that the first version of each face names, years, float32 (n,)."""
    return np.array([bank.faces[i].age for (bank, i), *_ in faces], np.float32)


def place(versions: list[tuple[FaceBank, int]], rng: np.random.Generator) -> np.ndarray:
    """One face in a random placing, from a random version of it: uint8 RGB (64, 64, 3)."""
    bank, i = versions[rng.integers(len(versions))]
    picture, matrix = placed(bank, i, aligned=rng.random() < 0.5)
    return cut(picture, matrix @ augment.jitter(rng))


def write_lessons(
    faces: list[list[tuple[FaceBank, int]]],
    teach: Callable[[torch.Tensor], torch.Tensor],
    folder: Path,
    seed: int,
) -> None:
    """Place every face, ask the teachers, and keep both in `folder`, which stands for finished lessons.

    `teach` takes pixels float (8, 3, 64, 64), 0–255, to distributions (8, 2, 101).
    """
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    shape = (len(faces), PLACINGS)
    crops = np.lib.format.open_memmap(part / "crops.npy", "w+", np.uint8, (*shape, SIDE, SIDE, 3))
    taught = np.empty((*shape, 2, YEARS), np.float16)
    rng = np.random.default_rng((seed, 0))
    for i, versions in enumerate(tqdm(faces, desc="lessons", unit="face", disable=None)):
        for k in range(PLACINGS):
            crops[i, k] = place(versions, rng)
        pixels = torch.from_numpy(crops[i]).permute(0, 3, 1, 2).float()
        taught[i] = teach(pixels).numpy()
    crops.flush()
    np.save(part / "taught.npy", taught)
    np.save(part / "ages.npy", true_ages(faces))
    part.rename(folder)


def read_lessons(folder: Path) -> Lessons:
    """The lessons in `folder`; the crops stay on disk and are paged in."""
    crops, taught, ages = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("crops", "taught", "ages")
    )
    return Lessons(crops, taught, ages)
