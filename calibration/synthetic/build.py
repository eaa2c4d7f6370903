"""The shipped set, and its files: crops, manifest, contact sheet; the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from calibration.synthetic import camera_model, occlusions, stored_png
from calibration.synthetic.face_model import WEIGHTS, Conditions, FaceModel
from calibration.synthetic.random_ints import RandomInts

HERE = Path(__file__).parents[1]
FACES, MANIFEST, SHEET = HERE / "faces", HERE / "manifest.json", HERE / "contact-sheet.png"
SEED = 2018
AGES = ((0, 4), (5, 12), (13, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 90))
GROUPS = ("white", "black", "asian", "indian")
REPEATS = 5  # faces of each age, group and gender: one in each light
WITHOUT_OCCLUSION = 4  # as many times the faces without any as those with one kind of occlusion
VARIETY = 230  # of 256: people differ a little less than in life, and no face is implausible
COLUMNS = 25


class Plan(NamedTuple):
    """One face of the set: every condition that is chosen rather than sampled."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs of a plan
    age: int
    gender: str
    group: str
    light: str
    sharpness: str
    occlusion: str

    def entry(self) -> dict[str, int | str]:
        """The conditions under the manifest's keys."""
        entry = self._asdict()
        entry["covering"] = entry.pop("occlusion")
        return entry


def plan(repeats: int = REPEATS, seed: int = SEED) -> list[Plan]:
    """The set's conditions: every age, group and gender in every light; sharpness and occlusion shuffled."""
    rng = RandomInts(seed)
    kinds = [(age, group, gender) for age in AGES for group in GROUPS for gender in ("female", "male")]
    total = len(kinds) * repeats
    kinds_of_occlusion = occlusions.KINDS[:1] * WITHOUT_OCCLUSION + occlusions.KINDS[1:]
    sharpness, occlusion = (
        rng.shuffled([options[i % len(options)] for i in range(total)])
        for options in (camera_model.SHARPNESS, kinds_of_occlusion)
    )
    faces = []
    for index in range(total):
        (low, high), group, gender = kinds[index // repeats]
        light = camera_model.LIGHTS[(index + index // repeats) % len(camera_model.LIGHTS)]
        age = rng.between(low, high)
        faces.append(Plan(index, age, gender, group, light, sharpness[index], occlusion[index]))
    return faces


def make(model: FaceModel, face: Plan, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """The crop (64, 64, 3) of a planned face, and its chip (128, 128, 3) without occlusion; uint8 RGB."""
    rng = RandomInts(seed, face.index)
    yaw = int(rng.normal(1)[0])
    wanted = Conditions(face.age, face.gender == "male", face.group, yaw)
    latent = model.latent(wanted, rng, VARIETY)
    bare, points = model.chip(latent, face.age, rng), model.points(latent)
    chip = occlusions.replace_background(bare, points, rng)
    chip = occlusions.occlude(chip, points, face.occlusion, rng)
    return camera_model.simulate(chip, face.light, face.sharpness, rng), bare


def tone(chip: np.ndarray) -> int:
    """The skin's tone as individual typology angle (Chardon et al., 1991), degrees.

    Light skin is above 41, dark below 10. It is computed from the median colour of cheeks and forehead, which
    the light on the face changes too: a measure of the finished face, not a condition.
    """
    patches = (chip[14:24, 44:84], chip[58:78, 26:40], chip[58:78, 88:102])
    rgb = np.median(np.concatenate([p.reshape(-1, 3) for p in patches]), axis=0) / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    y, z = linear @ (0.2126, 0.7152, 0.0722), linear @ (0.0193, 0.1192, 0.9505)
    lightness, yellow = 116 * np.cbrt(y) - 16, 200 * (np.cbrt(y) - np.cbrt(z / 1.089))
    return round(float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1.0)))))


def build(folder: Path = HERE) -> dict:
    """Write the whole set into `folder`, and return its manifest."""
    faces_folder = folder / FACES.name
    faces_folder.mkdir(parents=True, exist_ok=True)
    model, entries, crops, paths = FaceModel(), [], [], set()
    for face in plan():
        crop, bare = make(model, face)
        data = stored_png.encode(crop)
        path = faces_folder / f"{face.index:03}.png"
        path.write_bytes(data)
        file = {"file": f"{FACES.name}/{path.name}", "sha256": hashlib.sha256(data).hexdigest()}
        entries.append({**file, **face.entry(), "tone": tone(bare)})
        crops.append(crop)
        paths.add(path)
    for old in set(faces_folder.glob("*.png")) - paths:
        old.unlink()
    manifest = {"generator": generator(folder / MANIFEST.name), "faces": entries}
    lines = ",\n".join("  " + json.dumps(entry) for entry in entries)
    head = json.dumps(manifest["generator"])
    (folder / MANIFEST.name).write_text(f'{{"generator": {head},\n "faces": [\n{lines}\n]}}\n')
    write_sheet(crops, folder / SHEET.name)
    return manifest


def differing(folder: Path = HERE) -> list[str]:
    """File names of the committed faces that are missing or differ from what the generator makes."""
    entries = json.loads((folder / MANIFEST.name).read_text())["faces"]
    listed = {entry["file"]: entry["sha256"] for entry in entries}
    model, wrong = FaceModel(), []
    for face in plan():
        name = f"{FACES.name}/{face.index:03}.png"
        data = stored_png.encode(make(model, face)[0])
        path = folder / name
        equal = path.is_file() and path.read_bytes() == data
        if not equal or listed.get(name) != hashlib.sha256(data).hexdigest():
            wrong.append(name)
    return wrong


def generator(manifest: Path) -> dict:
    """Seed, SHA-256 of the sources and commit of the generator; the commit stays until the sources change."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    known = {"seed": SEED, "sources_sha256": digest.hexdigest()}
    before = json.loads(manifest.read_text())["generator"] if manifest.is_file() else {}
    if before.get("sources_sha256") == known["sources_sha256"]:
        return {**known, "commit": before["commit"]}
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return {**known, "commit": done.stdout.strip() or "unknown"}


def sources() -> list[Path]:
    """The files that determine the set's bytes."""
    names = ("random_ints", "face_model", "occlusions", "camera_model", "stored_png", "build")
    return [*(Path(__file__).with_name(f"{name}.py") for name in names), WEIGHTS]


def add_options(parser: ArgumentParser) -> None:
    """The options of `build`."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if the committed faces are not what the generator makes",
    )


def main(args: Namespace) -> int:
    """Make the set, or with `--check` compare it."""
    if args.check:
        wrong = differing()
        for name in wrong:
            print(f"{name}: differs from what the generator makes; `make calibrate` makes the set anew")
        if not wrong:
            print("all faces are equal to what the generator makes")
        return 1 if wrong else 0
    manifest = build()
    print(f"{len(manifest['faces'])} faces in {FACES}, listed in {MANIFEST.name}, shown in {SHEET.name}")
    return 0


def write_sheet(crops: list[np.ndarray], path: Path, columns: int = COLUMNS) -> None:
    """The contact sheet: all crops, uint8 RGB of one size, in rows on one image."""
    import cv2

    rows = -(-len(crops) // columns)
    height, width = crops[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for index, crop in enumerate(crops):
        y, x = index // columns * height, index % columns * width
        sheet[y : y + height, x : x + width] = crop
    if not cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise OSError(f"{path}: the contact sheet cannot be written; is the disk full or read-only?")
