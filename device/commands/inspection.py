"""What `doctor --picture FILE` draws: the faces in the camera's picture, and which of them are left out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.box import Box
from device.errors import ConfigError
from device.faces.detector import Detection
from device.files import replacing
from device.frame import Image
from device.tracks.still import StillFaces
from device.tracks.zones import Zones

GREEN, AMBER, RED = (80, 200, 80), (60, 180, 255), (60, 60, 230)  # blue green red
ENDINGS = (".png", ".jpg", ".jpeg")
FONT = cv2.FONT_HERSHEY_SIMPLEX


class _Glimpse(NamedTuple):
    """A face of one frame, as `StillFaces` takes tracks; it knows those of a frame before by their place."""

    id: int
    box: Box
    misses: int = 0


class Stillness:
    """Which faces have not moved at all for `seconds`, as far as some seconds can tell."""

    def __init__(self, seconds: float):
        self._faces = StillFaces(seconds / 60, 32)
        self._number = 0
        self.boxes: list[Box] = []

    def observe(self, found: list[Detection], now: float) -> None:
        """Hear of a frame's faces, at its time in seconds."""
        glimpses = [_Glimpse(self._number + place, face.box) for place, face in enumerate(found)]
        self._number += len(found)
        self.boxes += self._faces.observe(glimpses, now)


def check(path: str) -> None:
    """Raise ConfigError when no picture can be written under this name: best asked first."""
    if not path.lower().endswith(ENDINGS):
        raise ConfigError(f"--picture {path}: cannot be written; give a name that ends in .png or .jpg.")


def write(path: str, image: Image, faces: list[Detection], zones: Zones, still: list[Box]) -> None:
    """Write the picture, uint8 BGR, with zones in red, faces in green and those that do not move in amber.

    Raises ConfigError when it cannot be written.
    """
    drawn = drawing(image, faces, zones, still)
    try:
        with replacing(Path(path)) as part:
            part.write_bytes(cv2.imencode(Path(path).suffix, drawn)[1].tobytes())
    except OSError as error:
        raise ConfigError(f"--picture {path}: cannot be written ({error.strerror}).") from None


def drawing(image: Image, faces: list[Detection], zones: Zones, still: list[Box]) -> Image:
    """The picture that `write` writes."""
    drawn = image.copy()
    height, width = image.shape[:2]
    size = np.array((width, height))
    for polygon in zones.polygons:
        points = np.rint(np.array(polygon) * (size - 1)).astype(np.int32)
        veil = drawn.copy()
        cv2.fillPoly(veil, [points], RED)
        cv2.addWeighted(veil, 0.25, drawn, 0.75, 0, dst=drawn)
        cv2.polylines(drawn, [points], True, RED, 2, cv2.LINE_AA)
    for face in faces:
        x, y = face.box.centre
        if zones.covers(x / width, y / height):
            _mark(drawn, face.box, RED, "ignored")
        elif any(face.box.iou(box) > 0.5 for box in still):
            _mark(drawn, face.box, AMBER, "does not move")
        else:
            _mark(drawn, face.box, GREEN, f"{face.score:.2f}")
            for point in face.keypoints[:2]:
                cv2.circle(drawn, (round(float(point[0])), round(float(point[1]))), 2, GREEN, -1, cv2.LINE_AA)
    return drawn


def _mark(drawn: Image, box: Box, colour: tuple[int, int, int], text: str) -> None:
    x, y, w, h = (round(value) for value in box)
    cv2.rectangle(drawn, (x, y), (x + w, y + h), colour, 2, cv2.LINE_AA)
    cv2.putText(drawn, text, (x, max(y - 5, 10)), FONT, 0.45, colour, 1, cv2.LINE_AA)
