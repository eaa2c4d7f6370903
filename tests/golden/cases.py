"""Every golden value: where it is stored, how it is computed, and how far it may move."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.__main__ import main
from device.age.network import AgeNet
from device.faces.alignment import face_crop
from device.faces.detector import Detection, FaceDetector
from device.inference.interpreter import PACKAGES, available
from device.inference.model_files import MODELS, pinned
from tests.golden import scripted
from tests.golden.comparison import Tree
from tests.golden.scenes import HERE, SCENES, read

FACES = MODELS.parent / "calibration" / "faces"
CHOSEN = range(0, 400, 10)
GRID = slice(3, None, 8)  # rows and columns of a crop whose pixels are stored

# eyes in the pictures, the left one first: level, tilted, and large enough that the crop is averaged down
CROPS = {
    "level": ("square", 1, ((96.7, 88.1), (125.6, 88.4))),
    "tilted": ("wide", 1, ((50.4, 68.5), (76.6, 63.2))),
    "large": ("square", 3, ((290.0, 264.3), (376.8, 265.2))),
    "at the edge": ("tall", 1, ((-12.0, 61.3), (41.0, 63.4))),
}

# Tolerances by field; whatever is not named here must be equal. In brackets: the most that was seen to move
# on emulated Cortex-A72 and A76 against the x86-64 that the values were written on.
NETWORK = {  # int8 kernels of ai_edge_litert give the same integers everywhere, tflite_runtime's do not
    "ai_edge_litert": {"age": 0.01},  # (0)
    "tflite_runtime": {"age": 2.0, "tensors": 24},  # (1.4 years, 17 steps; half of the faces not at all)
}
DETECTED = {"box": 0.3, "keypoints": 0.3, "score": 0.01}  # pixels (0)
PHOTO = {"box": 0.3, "score": 0.01, "age": 0.3}  # (0.1 years)
CROPPED = {"pixels": 2}  # grey levels (0)
# One step of grey in a pixel of a hundred moves an age of the demo by up to 0.7 years, in all pixels by 1.9.
# (0.1 pixels, 0.7 years)
RAN = {"box": 1.0, "age": 1.0, "spread": 0.3, "interval": 1.0, "frames": 2, "first": 1}
FILMED = {"colours": 10}  # grey levels: the coder chooses otherwise, too (6)


class Case(NamedTuple):
    """One entry `name` of a JSON file `file`; `compute` gives its value now, `tolerance` is by field."""

    file: Path
    name: str
    compute: Callable[[], Tree]
    tolerance: dict[str, float]
    native: bool = False  # takes minutes under emulation

    @property
    def title(self) -> str:
        """How the table and the tests call it."""
        return f"{self.file.name.removesuffix('.json').removesuffix('.golden')}: {self.name}"


def read_face(index: int) -> np.ndarray:
    """A committed calibration face, uint8 RGB (64, 64, 3)."""
    return cv2.cvtColor(cv2.imread(str(FACES / f"{index:03}.png")), cv2.COLOR_BGR2RGB)


def ages(network: str, interpreter: str) -> Tree:
    """For each chosen face the age in years and all values of the nine int8 tensors."""
    net = AgeNet(network, interpreter)
    rows = {}
    for index in CHOSEN:
        face = read_face(index)
        tensors = np.concatenate([tensor.ravel() for tensor in net.outputs(face)])
        rows[f"{index:03}"] = {"age": round(net.estimate(face), 3), "tensors": tensors.tolist()}
    return rows


def detections(kind: str, interpreter: str) -> Tree:
    """What one detector finds in the pictures, one after the other, and in the first one again."""
    detector = FaceDetector(kind, interpreter)
    names = [*SCENES, next(iter(SCENES))]
    return [
        {"picture": name, "faces": [as_dict(face) for face in detector.detect(read(name))]} for name in names
    ]


def as_dict(face: Detection) -> dict[str, Tree]:
    """A detection's numbers, rounded: pixels to hundredths."""
    return {
        "box": np.round(face.box, 2).tolist(),
        "score": round(float(face.score), 4),
        "keypoints": face.keypoints.astype(float).round(2).tolist(),
    }


def photo(interpreter: str) -> Tree:
    """What `python -m device photo` prints of the wide picture, without its path."""
    said = StringIO()
    with redirect_stdout(said):
        status = main(["photo", "--json", "--interpreter", interpreter, str(HERE / "wide.png")])
    assert status == 0
    return json.loads(said.getvalue())["faces"]


def crop(name: str) -> Tree:
    """Every eighth pixel of every eighth row of a crop: eight rows of eight R, G, B."""
    picture, enlarged, eyes = CROPS[name]
    image = read(picture).repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    pixels = face_crop(image, np.float32(eyes))[GRID, GRID]
    return {f"row {row}": {"pixels": pixels[row].ravel().tolist()} for row in range(len(pixels))}


def _cases() -> list[Case]:
    pictures, runs = HERE / "pictures.json", HERE / "runs.json"
    cases = [Case(pictures, f"crop {name}", partial(crop, name), CROPPED) for name in CROPS]
    for package in available():
        for network in (name for name in pinned() if name.startswith("age")):
            file = MODELS / f"{network}.golden.json"
            cases.append(Case(file, package, partial(ages, network, package), NETWORK[package]))
        for kind in ("short", "full"):
            found = partial(detections, kind, package)
            cases.append(Case(pictures, f"detector {kind} {package}", found, DETECTED))
        cases.append(Case(pictures, f"photo {package}", partial(photo, package), PHOTO))
    if "ai_edge_litert" in available():
        found = partial(detections, "short-int8", "ai_edge_litert")
        cases.append(Case(pictures, "detector short-int8 ai_edge_litert", found, DETECTED))
        cases += [
            Case(runs, "film", lambda: scripted.two_people().film, FILMED),
            Case(runs, "events of two people", lambda: scripted.events(scripted.two_people()), RAN),
            Case(runs, "tracks of two people", lambda: scripted.tracks(scripted.two_people(), 15), RAN),
            Case(runs, "events of the play", lambda: scripted.events(scripted.play()), RAN, native=True),
            Case(runs, "tracks of the play", lambda: scripted.tracks(scripted.play(), 10), RAN, native=True),
        ]
    return cases


CASES = _cases()
ABSENT = [package for package in PACKAGES if package not in available()]
