"""What the models answer on this processor: `python -m tests.arm64.answers INTERPRETER FACES OUT.npz`.

The same program runs on the machine at hand and inside the emulator; the tests compare the two files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from device.age.network import AgeNet
from device.faces.alignment import SIDE
from device.faces.detector import KINDS, FaceDetector
from device.inference.model_files import pinned

FACES = 200
SEARCHED = 10  # so many of them are given to the detectors too


def read_faces(folder: Path) -> np.ndarray:
    """The first faces of `folder`, uint8 (n, 64, 64, 3) RGB; drawn at random where there are none."""
    files = sorted(folder.glob("*.png"))[:FACES]
    if len(files) == FACES:
        return np.stack([cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files])
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (FACES, 8, 8, 3), np.uint8)
    return np.stack([cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for picture in coarse])


def ages(name: str, interpreter: str, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The age network's raw int8 outputs (n, outputs) and its ages in years (n,)."""
    net = AgeNet(name, interpreter)
    raw = [np.concatenate([output.ravel() for output in net.outputs(face)]) for face in faces]
    return np.stack(raw), np.array([net.estimate(face) for face in faces])


def detections(kind: str, interpreter: str, faces: np.ndarray) -> np.ndarray:
    """The best detection in a picture of each face: (n, 17) box, score, keypoints; NaN for none."""
    detector = FaceDetector(kind, interpreter)
    rows = np.full((len(faces), 17), np.nan)
    for row, face in zip(rows, faces, strict=True):
        picture = cv2.copyMakeBorder(
            face[..., ::-1], SIDE // 2, SIDE // 2, SIDE // 2, SIDE // 2, cv2.BORDER_REPLICATE
        )
        for found in detector.detect(cv2.resize(picture, (4 * SIDE, 4 * SIDE)))[:1]:
            row[:] = *found.box, found.score, *found.keypoints.ravel()
    return rows


def main(interpreter: str, folder: str, out: str) -> None:
    """Writes all answers to `out`."""
    faces = read_faces(Path(folder))
    answers = {kind: detections(kind, interpreter, faces[:SEARCHED]) for kind in KINDS}
    for name in pinned():
        if name.startswith("age"):
            answers[f"{name} raw"], answers[f"{name} years"] = ages(name, interpreter, faces)
    np.savez(out, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
