"""What a training run goes through: the faces to learn from, and those held apart to choose by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from device.faces.alignment import SIDE
from models.data.batches import Draw
from models.data.datasets import is_validation, load
from models.data.face_bank import EYE_CACHE, FaceBank, load_bank, plain_crops
from models.training import distillation


@dataclass(frozen=True, slots=True)
class Course:
    """True ages of the faces learnt from, how each is drawn, and those held apart to choose by."""

    learnt: np.ndarray  # years, (n,)
    draw: Draw
    held: dict[str, np.ndarray]  # what the network sees of them, channels last: crops, uint8 (n, 64, 64, 3)
    ages: np.ndarray


def split(banks: list[FaceBank]) -> tuple[list[list[tuple[FaceBank, int]]], FaceBank]:
    """The faces to learn from, with all their versions, and the validation faces of the first source."""
    keep = [[i for i, face in enumerate(bank.faces) if not is_validation(face)] for bank in banks]
    faces = distillation.same_photographs([bank.select(k) for bank, k in zip(banks, keep, strict=True)])
    return faces, banks[0].select([i for i, face in enumerate(banks[0].faces) if is_validation(face)])


def held_crops(held: FaceBank, side: int = SIDE) -> dict[str, np.ndarray]:
    """The validation faces as stored and as aligned by the eyes, uint8 RGB (n, side, side, 3) each."""
    return {"stored": plain_crops(held, False, side), "aligned": plain_crops(held, True, side)}


def read_banks(sources: list[str]) -> list[FaceBank]:
    """The training part of each source, decoded, with eyes."""
    banks = []
    for source in sources:
        found = load(source).part("train")
        bank = load_bank(found, EYE_CACHE / f"eyes-{found.fingerprint()[:12]}.npz")
        print(f"{source}: {len(bank.faces)} faces, {len(found.skipped)} skipped")
        for path, why in list(found.skipped.items())[:5]:
            print(f"  {path}: {why}")
        banks.append(bank)
    return banks
