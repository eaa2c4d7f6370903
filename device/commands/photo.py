"""`python -m device photo IMAGE…`: the ages of all faces in still photographs."""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser, Namespace
from typing import TypedDict

import cv2

from device.age.network import AgeNet, flip_averaged
from device.camera.picture_file import FORMATS, PictureError, read_picture
from device.config.options import add_settings, settings_from
from device.config.schema import Settings
from device.faces.alignment import Cropper
from device.faces.border import detect_with_border
from device.faces.detector import Detection, FaceDetector
from device.frame import Image
from device.media import shown

log = logging.getLogger(__name__)
BORDER = 1 / 3  # of the picture's longer side, for faces that fill the picture
NARROW = 32  # sides that differ by more hold no face, and would be less than 4 pixels in the detector's 128


class Face(TypedDict):
    """A face in a photograph: box [x, y, w, h] in pixels, score 0 to 1, age in years."""

    box: list[float]
    score: float
    age: float


class Photographer:
    """The networks, set up once, and what they say of one picture after the other."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._detector = self._open_detector(settings.detector.range)
        self._other: FaceDetector | None = None
        self._net = AgeNet(settings.age.model, settings.age.interpreter)
        self._cropper = Cropper()

    def _open_detector(self, kind: str) -> FaceDetector:
        wanted = self._settings.detector
        return FaceDetector(kind, self._settings.age.interpreter, wanted.threads, wanted.min_score)

    def faces(self, image: Image) -> list[Face]:
        """Faces of a BGR picture of any size, best first."""
        if max(image.shape[:2]) > NARROW * min(image.shape[:2]):
            return []
        return [
            {
                "box": [round(value, 1) for value in found.box],
                "score": round(float(found.score), 3),
                "age": round(self._age(image, found), 1),
            }
            for found in self._find(image)
        ]

    def _find(self, image: Image) -> list[Detection]:
        """Faces by the chosen detector; where it finds none, with a border around, then by the other one."""
        return (
            self._detector.detect(image) or self._find_with_border(image) or self._other_range().detect(image)
        )

    def _find_with_border(self, image: Image) -> list[Detection]:
        return detect_with_border(self._detector, image, round(max(image.shape[:2]) * BORDER))

    def _other_range(self) -> FaceDetector:
        if self._other is None:
            self._other = self._open_detector("full" if self._settings.detector.range == "short" else "short")
        return self._other

    def _age(self, image: Image, found: Detection) -> float:
        """As the running device estimates it: where a close-up has the eyes, both ways round."""
        near = self._settings.detector.range == "short"  # the full range detector sees no better in one
        face = (self._detector.close_up(image, found.box) if near else None) or found
        return flip_averaged(self._net, self._cropper.cut(image, face.keypoints[:2])).age


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device photo`."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help=FORMATS)
    parser.add_argument("--json", action="store_true", help="one JSON object a line and image")
    add_settings(parser, ("detector", "age"))


def main(args: Namespace) -> int:
    """Print each image's faces; 0, or 2 when an image could not be read."""
    cv2.setNumThreads(1)
    photographer = Photographer(settings_from(args))
    status = 0
    for path in args.images:
        try:
            faces = photographer.faces(read_picture(path))
        except PictureError as error:
            log.error("%s", error)
            status = 2
            continue
        name = shown(path)
        _print(json.dumps({"path": name, "faces": faces}) if args.json else _text(name, faces))
    return status


def _print(text: str) -> None:
    """To standard output; letters that it cannot show become question marks."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def _text(path: str, faces: list[Face]) -> str:
    lines = [f"{path}: {len(faces)} face{'' if len(faces) == 1 else 's'}"]
    for face in faces:
        x, y, w, h = face["box"]
        where = f"{w:.0f}×{h:.0f} pixels at {x:.0f}, {y:.0f}"
        lines.append(f"  about {face['age']:.0f} years ({where}, score {face['score']:.2f})")
    return "\n".join(lines)
