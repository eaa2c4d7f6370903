"""Face data sets: folders, zips and CSV manifests whose names or rows carry the ages."""

from __future__ import annotations

import csv
import hashlib
import io
import math
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
    """One picture and what its name or row says of it; `part` is "train", "test" or "".

    `age` is NaN where only another label is told: `score`, what a manifest's column says, or `expression`.
    """

    path: str
    age: float
    gender: str | None = None
    race: str | None = None
    subject: str | None = None
    part: str = ""
    score: float | None = None
    expression: str | None = None

    @property
    def value(self) -> float:
        """The scalar that is learnt: the score where there is one, else the age in years."""
        return self.age if self.score is None else self.score


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
        """SHA-256 over the paths and labels, in order: which data made a model."""
        lines = "".join(f"{face.path} {face.expression or f'{face.value:g}'}\n" for face in self.faces)
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
RAF_DB_LISTS = ("list_patition_label.txt", "list_partition_label.txt")  # the first is the set's own spelling
EXPRESSIONS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # RAF-DB's 1 to 7


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


def load(source: Path | str, label: str = "age") -> FaceSet:
    """The faces of a folder, a zip or a CSV file (`path,age[,subject]`, header or not).

    `label`: "age", "expression" (RAF-DB's), or another column of a CSV file with a header, whose numbers
    become the faces' scores. Raises DataError when the source is not there, is none of these, has no such
    label, or holds no usable face.
    """
    source = Path(source)
    if source.is_file() and source.suffix.lower() == ".csv":
        found = _from_csv(source, label)
    elif source.is_dir() or (source.is_file() and source.suffix == ".zip"):
        found = _from_names(source, label)
    else:
        raise DataError(f"{source}: no such folder, .zip or .csv of faces")
    if not found.faces:
        why = next(iter(found.skipped.items()), None)
        raise DataError(f"{source}: no usable face" + (f" (first: {why[0]}: {why[1]})" if why else ""))
    return found


def _from_names(source: Path, label: str) -> FaceSet:
    if label not in ("age", "expression"):
        raise DataError(f"{source}: {label!r} is told by CSV manifests alone, in a column of that name")
    if source.is_dir():
        paths = sorted(str(p.relative_to(source)) for p in source.rglob("*") if p.is_file())
    else:
        try:
            with zipfile.ZipFile(source) as archive:
                paths = sorted(name for name in archive.namelist() if not name.endswith("/"))
        except zipfile.BadZipFile as error:
            raise DataError(f"{source}: a damaged zip ({error}); fetch it again") from error
    listed = _megaage(source, paths) if label == "age" else _raf_db(source, paths)
    found = FaceSet(source)
    for path in (p for p in paths if Path(p).suffix.lower() in PICTURES):
        said = listed.get(path) or (read_name(path) if label == "age" else None)
        if said is None:
            found.skipped[path] = f"its name says no {label}"
        else:
            _keep(found, path, said)
    return found


def _from_csv(source: Path, label: str) -> FaceSet:
    found = FaceSet(source)
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(source.read_text())) if row]
    columns = [cell.lower() for cell in rows[0]] if rows and rows[0][0].lower() == "path" else []
    if label != "age" and label.lower() not in columns:
        raise DataError(f"{source}: no column {label!r} in its header; wanted: path,{label}[,subject]")
    place = columns.index(label.lower()) if label.lower() in columns else 1
    subject = columns.index("subject") if "subject" in columns else 2
    for row in rows[1:] if columns else rows:
        try:
            value = float(row[place])
        except (IndexError, ValueError):
            found.skipped[row[0]] = f"no {label} in its row; wanted: path,{label}[,subject]"
            continue
        said = {"age": value} if label == "age" else {"age": math.nan, "score": value}
        _keep(found, row[0], {**said, "subject": row[subject] if len(row) > subject else None})
    return found


def _keep(found: FaceSet, path: str, said: dict) -> None:
    if (score := said.get("score")) is not None:
        why = None if math.isfinite(score) else f"score {score:g} is no finite number"
    elif said.get("expression"):
        why = None
    else:
        why = None if 0 <= said["age"] <= OLDEST else f"age {said['age']:g} is outside 0–{OLDEST}"
    if why:
        found.skipped[path] = why
        return
    part = said.pop("part", None) or next((p for p in Path(path).parts[:-1] if p in ("train", "test")), "")
    found.faces.append(Face(path, part=part, **said))


def _megaage(source: Path, paths: list[str]) -> dict[str, dict]:
    """MegaAge-Asian: list/train_age.txt has one age a line for train/1.jpg, train/2.jpg, …"""
    ages: dict[str, dict] = {}
    for part, name in MEGAAGE_LISTS.items():
        for listing in (p for p in paths if Path(p).name == name):
            root = Path(listing).parent.parent
            for i, line in enumerate(_text(source, listing).split(), start=1):
                ages[str(root / part / f"{i}.jpg")] = {"age": float(line)}
    return ages


def _raf_db(source: Path, paths: list[str]) -> dict[str, dict]:
    """RAF-DB: a list has `train_00001.jpg 5` a line, for a picture of that name or …_aligned.jpg anywhere."""
    by_name = {}
    for listing in (p for p in paths if Path(p).name in RAF_DB_LISTS):
        for line in _text(source, listing).splitlines():
            name, _, number = line.strip().partition(" ")
            if number in ("1", "2", "3", "4", "5", "6", "7"):
                said = {"age": math.nan, "expression": EXPRESSIONS[int(number) - 1]}
                by_name[Path(name).stem] = {**said, "part": name.partition("_")[0]}
    stems = {path: Path(path).stem.removesuffix("_aligned") for path in paths}
    return {path: dict(by_name[stem]) for path, stem in stems.items() if stem in by_name}


def _text(source: Path, path: str) -> str:
    if source.is_dir():
        return (source / path).read_text()
    with zipfile.ZipFile(source) as archive:
        return archive.read(path).decode()


def is_validation(face: Face) -> bool:
    """Whether a training face is kept apart to choose by: one in twenty, by a hash of its subject.

    The hash keeps all pictures of a subject, and one photograph in two resolutions, on the same side.
    """
    return hashlib.sha1((face.subject or face.path).encode()).digest()[0] % 20 == 0
