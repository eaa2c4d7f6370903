"""The faces that all rows see: decoded, placed and disturbed once, and kept on disk to be paged in."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from device.faces.alignment import SIDE
from models.data import augment
from models.data.datasets import DataError, Face, FaceSet, is_validation, load
from models.data.face_bank import EYE_CACHE, FaceBank, cut, load_bank, placed, plain_crops
from models.evaluation.evaluate import FaceFinder, crops, labels_of
from models.methods.recipe import Protocol

FORMAT = 1  # of the cache; a higher number makes it anew
TESTS = ("test", "photographs")  # aligned chips held out, and whole photographs of another set


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the faces come from: zips of aligned chips, and of whole photographs where there is one.

    `limit`: of the training faces and a quarter of it of each test, evenly picked; 0 takes all.
    """

    data: str
    photographs: str | None = None
    label: str = "age"
    limit: int = 0

    def tests(self) -> dict[str, FaceSet]:
        """The faces that are measured on, by the names of `TESTS`."""
        found = {"test": load(self.data, self.label).part("test")}
        if self.photographs:
            found["photographs"] = load(self.photographs, self.label)
        for faces in found.values():
            faces.faces = evenly(faces.faces, self.limit // 4)
        return found

    def training(self) -> FaceSet:
        """The faces that are learnt from, with those held apart to watch the training by."""
        found = load(self.data, self.label).part("train")
        found.faces = evenly(found.faces, self.limit)
        return found


def evenly(faces: list[Face], limit: int) -> list[Face]:
    """At most `limit` of the faces, from all over the list; 0 takes all."""
    if not limit or len(faces) <= limit:
        return faces
    return [faces[i * len(faces) // limit] for i in range(limit)]


def fingerprint(sources: Sources) -> str:
    """Which faces are learnt from and measured on."""
    parts = [sources.training(), *sources.tests().values()]
    said = [str(FORMAT), *(part.fingerprint() for part in parts)]
    return hashlib.sha256(" ".join(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Faces:
    """The cache as arrays: the training versions are paged in, the rest is small.

    `versions` uint8 RGB (n, v, 64, 64, 3), `labels` float32 (n,); `stored` and `aligned` (m, 64, 64, 3) and
    `held` (m,) of the validation faces.
    """

    versions: np.ndarray
    labels: np.ndarray
    stored: np.ndarray
    aligned: np.ndarray
    held: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Faces:
        """The cache in `folder`."""
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in cls.__dataclass_fields__))


def prepare(sources: Sources, protocol: Protocol, folder: Path) -> Path:
    """The cache of these faces under `folder`, made where it is missing, whole or not at all."""
    what = [fingerprint(sources), protocol.versions, protocol.disturb, protocol.seed]
    place = folder / f"faces-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]}"
    if place.is_dir():
        return place
    found = sources.training()
    bank = load_bank(found, EYE_CACHE / f"eyes-{found.fingerprint()[:12]}.npz")
    held = [i for i, face in enumerate(bank.faces) if is_validation(face)]
    learnt = [i for i, face in enumerate(bank.faces) if not is_validation(face)]
    if not held or not learnt:
        raise DataError(f"{sources.data}: too few faces to learn from and to hold some apart")
    part = place.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    write_versions(bank.select(learnt), protocol, part)
    apart = bank.select(held)
    np.save(part / "stored.npy", plain_crops(apart, False))
    np.save(part / "aligned.npy", plain_crops(apart, True))
    np.save(part / "held.npy", labels_of(apart.faces))
    for name, test in sources.tests().items():
        write_test(test, name, part)
    part.rename(place)
    return place


def write_versions(bank: FaceBank, protocol: Protocol, folder: Path) -> None:
    """Each face in so many random placings, half of them by its eyes, half of them disturbed."""
    shape = (len(bank.faces), protocol.versions, SIDE, SIDE, 3)
    versions = np.lib.format.open_memmap(folder / "versions.npy", "w+", np.uint8, shape)
    rng = np.random.default_rng(protocol.seed)
    for i in tqdm(range(len(bank.faces)), desc="faces", unit="face", disable=None):
        for k in range(protocol.versions):
            picture, matrix = placed(bank, i, rng.random() < 0.5)
            crop = cut(picture, matrix @ augment.jitter(rng))
            versions[i, k] = augment.camera(rng, crop) if rng.random() < protocol.disturb else crop
    versions.flush()
    np.save(folder / "labels.npy", labels_of(bank.faces))


def write_test(test: FaceSet, name: str, folder: Path) -> None:
    """The crops of a test's faces as the device sees them, and who they are."""
    missed: list[str] = []
    pairs = list(crops(test, FaceFinder() if name == "photographs" else None, missed))
    if not pairs:
        raise DataError(f"{test.source}: no face was found in any of its pictures")
    np.save(folder / f"{name}.npy", np.stack([crop for _, crop in pairs]))
    said = {"faces": [asdict(face) for face, _ in pairs], "missed": missed, "skipped": len(test.skipped)}
    (folder / f"{name}.json").write_text(json.dumps(said))


def read_test(folder: Path, name: str) -> tuple[list[Face], np.ndarray, dict] | None:
    """A test's faces, their crops uint8 RGB (n, 64, 64, 3), and how many were missed and skipped."""
    if not (folder / f"{name}.json").exists():
        return None
    said = json.loads((folder / f"{name}.json").read_text())
    counts = {"missed": len(said["missed"]), "skipped": said["skipped"]}
    return [Face(**face) for face in said["faces"]], np.load(folder / f"{name}.npy"), counts
