"""What other cameras, lights and mountings make of a good picture: the benchmark of finding's cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.frame import Image

Map = NDArray[np.float64]  # (2, 3): from pixels of the clean picture to those of the disturbed one
Rng = np.random.Generator
SAME: Map = np.array([[1.0, 0, 0], [0, 1, 0]])
CLIP_M = 1.75  # metres at which the people of the kiosk clips stand, about
READ_NOISE = 2.0  # grey levels, the deviation of a cheap sensor's noise in the dark
SHOT_NOISE = 0.4  # of the square root of the grey level


class Disturbed(NamedTuple):
    """A picture, and where the clean one's pixels are in it."""

    image: Image
    to: Map


Change = Callable[[Image, Box, Rng], Disturbed]  # the box is of the person in the middle of things


def _pixels(change: Callable[[Image, Box, Rng], NDArray[Any]]) -> Change:
    """A change that leaves everything where it is."""

    def run(image: Image, face: Box, rng: Rng) -> Disturbed:
        return Disturbed(np.clip(np.rint(change(image, face, rng)), 0, 255).astype(np.uint8), SAME)

    return run


def _grey(image: Image, _face: Box, _rng: Rng) -> NDArray[Any]:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def _infrared(image: Image, _face: Box, rng: Rng) -> NDArray[Any]:
    """Lit by lamps beside the lens: skin and cloth alike, dark corners, one bright spot."""
    rows, columns = image.shape[:2]
    grey = cv2.transform(image, np.array([[0.1, 0.2, 0.7]])).astype(np.float32)
    y = (np.arange(rows, dtype=np.float32)[:, None] - rows / 2) / rows  # in heights of the picture
    x = (np.arange(columns, dtype=np.float32)[None] - columns / 2) / rows
    light = 1.15 - 0.9 * (y**2 + x**2)
    spot = 120 * np.exp(-((x - 0.25) ** 2 + (y + 0.2) ** 2) / 0.02)
    noise = rng.standard_normal(grey.shape, np.float32) * READ_NOISE
    return np.repeat(((60 + 0.6 * grey) * light + spot + noise)[..., None], 3, axis=2)


def _dark(share: float, image: Image, _face: Box, rng: Rng) -> NDArray[Any]:
    light = image.astype(np.float32) * share
    noise = rng.standard_normal(image.shape, np.float32)
    return np.asarray(light + noise * (READ_NOISE + SHOT_NOISE * np.sqrt(light)))


def _cast(gains: tuple[float, float, float], image: Image, _face: Box, _rng: Rng) -> NDArray[Any]:
    return np.asarray(image * np.array(gains, np.float32))


def _swapped(image: Image, _face: Box, _rng: Rng) -> NDArray[Any]:
    return image[..., ::-1]


def _backlit(image: Image, face: Box, _rng: Rng) -> NDArray[Any]:
    """A window behind the person: what stands before it is dark, the rest is white, and veils it."""
    rows, columns = image.shape[:2]
    (x, y), w = face.centre, face.w
    mask = np.zeros((rows, columns), np.float32)
    cv2.ellipse(mask, (int(x), int(y)), (int(0.8 * w), int(1.0 * w)), 0, 0, 360, (1.0,), -1)
    cv2.rectangle(mask, (int(x - 1.8 * w), int(y + w)), (int(x + 1.8 * w), rows), (1.0,), -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.12 * w), np.float32)[..., None]
    return mask * (0.3 * image + 18) + (1 - mask) * (1.5 * image + 70)


def _blurred(image: Image, face: Box, _rng: Rng) -> NDArray[Any]:
    """Moved by a sixth of the face while the shutter was open."""
    length = max(3, round(face.w / 6))
    return cv2.blur(image, (length, 1))


def _jpeg(image: Image, _face: Box, _rng: Rng) -> NDArray[Any]:
    return cv2.imdecode(cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, 20))[1], cv2.IMREAD_COLOR)


def _quarters(turns: int, image: Image, _face: Box, _rng: Rng) -> Disturbed:
    """Turned by so many right angles, clockwise."""
    rows, columns = image.shape[:2]
    to = {
        1: [[0, -1, rows - 1], [1, 0, 0]],
        2: [[-1, 0, columns - 1], [0, -1, rows - 1]],
        3: [[0, 1, 0], [-1, 0, columns - 1]],
    }[turns]
    return Disturbed(np.ascontiguousarray(np.rot90(image, -turns)), np.array(to, float))


def _turned(degrees: float, image: Image, face: Box, _rng: Rng) -> Disturbed:
    return _warped(image, cv2.getRotationMatrix2D(face.centre, -degrees, 1.0))


def _at_distance(metres: float, image: Image, face: Box, _rng: Rng) -> Disturbed:
    """The picture about the face as large as from there; the nearest pixel is repeated around it."""
    return _warped(image, cv2.getRotationMatrix2D(face.centre, 0.0, CLIP_M / metres))


def _warped(image: Image, to: Any) -> Disturbed:
    rows, columns = image.shape[:2]
    shrunk = math.hypot(to[0, 0], to[0, 1])
    soft = cv2.GaussianBlur(image, (0, 0), 0.45 / shrunk) if shrunk < 1 else image
    warped = cv2.warpAffine(soft, to, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    return Disturbed(np.asarray(warped, np.uint8), np.asarray(to, float))


CLEAN = "clean"
CASES: dict[str, Change] = {
    CLEAN: _pixels(lambda image, _face, _rng: image),
    "grey": _pixels(_grey),
    "infrared": _pixels(_infrared),
    "dark, 1/4": _pixels(partial(_dark, 1 / 4)),
    "dark, 1/10": _pixels(partial(_dark, 1 / 10)),
    "tungsten": _pixels(partial(_cast, (0.4, 0.75, 1.0))),
    "green": _pixels(partial(_cast, (0.65, 1.0, 0.65))),
    "violet": _pixels(partial(_cast, (1.0, 0.55, 0.9))),
    "swapped": _pixels(_swapped),
    "backlit": _pixels(_backlit),
    "motion": _pixels(_blurred),
    "JPEG 20": _pixels(_jpeg),
    "turned 15°": partial(_turned, 15.0),
    "turned 30°": partial(_turned, 30.0),
    "turned 90°": partial(_quarters, 1),
    "turned 180°": partial(_quarters, 2),
    "turned 270°": partial(_quarters, 3),
    "1 m": partial(_at_distance, 1.0),
    "2 m": partial(_at_distance, 2.0),
    "3 m": partial(_at_distance, 3.0),
    "5 m": partial(_at_distance, 5.0),
}
"""Each case by its name."""
