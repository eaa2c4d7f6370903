"""Face data sets: folders, zips and CSV manifests whose names or rows carry the ages."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
OLDEST = 116  # years; what a name claims beyond it is an error
GENDERS = ("male", "female")
RACES = ("white", "black", "asian", "indian", "other")


class DataError(ValueError):
    """The data set as a whole cannot be used; the message says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Face:
    """One picture and what its name or row says of it; `part` is "train", "test" or ""."""

    path: str
    age: float
    gender: str | None = None
    race: str | None = None
    subject: str | None = None
    part: str = ""


@dataclass
class FaceSet:
    """The usable faces of one source, and why each of the others was left out."""

    source: Path
    faces: list[Face] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def part(self, name: str) -> FaceSet:
        """Only the faces of the part called `name`; all of them where the set has no parts."""
        chosen = [face for face in self.faces if face.part == name]
        return FaceSet(self.source, chosen if any(f.part for f in self.faces) else self.faces, self.skipped)

    def pictures(self) -> Iterator[tuple[Face, np.ndarray]]:
        """Each face with its picture, uint8 BGR; one that cannot be decoded is noted in `skipped`."""
        archive = zipfile.ZipFile(self.source) if self.source.suffix == ".zip" else None
        folder = self.source if self.source.is_dir() else self.source.parent
        for face in self.faces:
            try:
                data = archive.read(face.path) if archive else (folder / face.path).read_bytes()
            except (OSError, KeyError, zipfile.BadZipFile) as error:
                self.skipped[face.path] = f"cannot be read: {error}"
                continue
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
            if picture is None:
                self.skipped[face.path] = "not a picture"
                continue
            yield face, picture

    def fingerprint(self) -> str:
        """SHA-256 over the paths and ages, in order: which data made a model."""
        lines = "".join(f"{face.path} {face.age:g}\n" for face in self.faces)
        return hashlib.sha256(lines.encode()).hexdigest()


# ---- what names say: pattern → Face fields. Each is tried on the path inside the set, in this order.
NAMINGS: dict[str, re.Pattern[str]] = {
    # 25_1_2_20170116192031122.jpg.chip.jpg; some names lack the race
    "UTKFace": re.compile(
        r"(?P<age>\d{1,3})_(?:(?P<g>[01])_)?(?:(?P<r>[0-4])_)?(?P<subject>\d{8,})\s?\.?jpg", re.I
    ),
    # 001A43a.JPG
    "FG-NET": re.compile(r"(?:^|/)(?P<subject>\d{3})A(?P<age>\d{2})[a-z]?\.jpe?g$", re.I),
    # MORPH2: 009055_1M54.JPG (subject, picture, sex, age)
    "MORPH2": re.compile(r"(?P<subject>\d{5,6})_\d+(?P<sex>[MF])(?P<age>\d{2})\.jpe?g$", re.I),
    # IMDB-WIKI: nm0000001_rm124825600_1899-5-10_1968.jpg, 10000548_1925-04-04_1964.jpg
    "IMDB-WIKI": re.compile(
        r"(?P<subject>(?:nm)?\d+)_(?:rm\d+_)?(?P<born>\d{4})-\d+-\d+_(?P<taken>\d{4})\.", re.I
    ),
    # All-Age-Faces: 00000A02.jpg (women first: to 7380)
    "All-Age-Faces": re.compile(r"(?P<number>\d{5})A(?P<age>\d{2})\.jpg$", re.I),
    # AFAD: 15/111/634198-0.jpg (age, 111 male or 112 female)
    "AFAD": re.compile(r"(?:^|/)(?P<age>\d{2})/(?P<afad>11[12])/[^/]+\.jpg$", re.I),
}
MEGAAGE_LISTS = {"train": "train_age.txt", "test": "test_age.txt"}


def read_name(path: str) -> dict[str, object] | None:
    """What the naming schemes say of a path: the fields of `Face` but `path` and `part`; None if nothing."""
    for pattern in NAMINGS.values():
        found = pattern.search(path)
        if not found:
            continue
        said = found.groupdict()
        age = float(said["age"]) if said.get("age") else float(said["taken"]) - float(said["born"])
        gender = None
        if said.get("g"):
            gender = GENDERS[int(said["g"])]
        elif said.get("sex"):
            gender = "male" if said["sex"].upper() == "M" else "female"
        elif said.get("afad"):
            gender = "male" if said["afad"] == "111" else "female"
        elif said.get("number"):
            gender = "female" if int(said["number"]) <= 7380 else "male"
        race = RACES[int(said["r"])] if said.get("r") else None
        return {"age": age, "gender": gender, "race": race, "subject": said.get("subject")}
    return None


def load(source: Path | str) -> FaceSet:
    """The faces of a folder, a zip or a CSV file (`path,age[,subject]`, header or not).

    Raises DataError when the source is not there, is none of these, or holds no usable face.
    """
    source = Path(source)
    if source.is_file() and source.suffix.lower() == ".csv":
        found = _from_csv(source)
    elif source.is_dir() or (source.is_file() and source.suffix == ".zip"):
        found = _from_names(source)
    else:
        raise DataError(f"{source}: no such folder, .zip or .csv of faces")
    if not found.faces:
        why = next(iter(found.skipped.items()), None)
        raise DataError(f"{source}: no usable face" + (f" (first: {why[0]}: {why[1]})" if why else ""))
    return found


def _from_names(source: Path) -> FaceSet:
    if source.is_dir():
        paths = sorted(str(p.relative_to(source)) for p in source.rglob("*") if p.is_file())
    else:
        try:
            with zipfile.ZipFile(source) as archive:
                paths = sorted(name for name in archive.namelist() if not name.endswith("/"))
        except zipfile.BadZipFile as error:
            raise DataError(f"{source}: a damaged zip ({error}); fetch it again") from error
    ages = _megaage(source, paths)
    found = FaceSet(source)
    for path in (p for p in paths if Path(p).suffix.lower() in PICTURES):
        said = ages.get(path) or read_name(path)
        if said is None:
            found.skipped[path] = "its name says no age"
        else:
            _keep(found, path, said)
    return found


def _from_csv(source: Path) -> FaceSet:
    found = FaceSet(source)
    for row in csv.reader(io.StringIO(source.read_text())):
        if not row or row[0].strip().lower() == "path":
            continue
        try:
            age = float(row[1])
        except (IndexError, ValueError):
            found.skipped[row[0]] = "no age in its row; wanted: path,age[,subject]"
            continue
        _keep(found, row[0], {"age": age, "subject": row[2] if len(row) > 2 else None})
    return found


def _keep(found: FaceSet, path: str, said: dict) -> None:
    if not 0 <= said["age"] <= OLDEST:
        found.skipped[path] = f"age {said['age']:g} is outside 0–{OLDEST}"
        return
    part = next((p for p in Path(path).parts[:-1] if p in ("train", "test")), "")
    found.faces.append(Face(path, part=part, **said))


def _megaage(source: Path, paths: list[str]) -> dict[str, dict]:
    """MegaAge-Asian: list/train_age.txt has one age a line for train/1.jpg, train/2.jpg, …"""
    ages: dict[str, dict] = {}
    for part, name in MEGAAGE_LISTS.items():
        for listing in (p for p in paths if Path(p).name == name):
            if source.is_dir():
                text = (source / listing).read_text()
            else:
                with zipfile.ZipFile(source) as archive:
                    text = archive.read(listing).decode()
            root = Path(listing).parent.parent
            for i, line in enumerate(text.split(), start=1):
                ages[str(root / part / f"{i}.jpg")] = {"age": float(line)}
    return ages


def is_validation(face: Face) -> bool:
    """Whether a training face is kept apart to choose by: one in twenty, by a hash of its subject.

    The hash keeps all pictures of a subject, and one photograph in two resolutions, on the same side.
    """
    return hashlib.sha1((face.subject or face.path).encode()).digest()[0] % 20 == 0
