"""Whether the camera's picture is one that the age network was calibrated for: light, focus and colour.

The limits are data: `calibrated_range.json`, which `python -m calibration bounds` writes from the
representative faces that fixed the network's int8 ranges.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import cv2

from device.faces.alignment import Cropper
from device.faces.detector import Detection
from device.faces.quality import INNER
from device.files import own_file
from device.frame import Image

RANGE = Path(__file__).with_name("calibrated_range.json")
BLACK, WHITE = 0.06, 0.94  # mean brightness beyond which a picture without a face is no picture either


class Measures(NamedTuple):
    """Of one face's crop: what light, focus and colour balance look like."""

    brightness: float  # mean of the face, 0 to 1
    sharpness: float  # natural logarithm of the second differences' deviation over the brightness's,
    # of the direction, across or down, in which the face is less sharp: movement blurs one only
    red: float  # natural logarithm of red over green, of the face's means
    blue: float  # the same of blue over green


# measure → what is wrong below and above its range, and the remedy
ADVICE = {
    "brightness": (
        "too dark: give the faces more light, or raise the camera's exposure or gain",
        "too bright: take away light that falls on the faces, or lower the camera's exposure",
    ),
    "sharpness": (
        "too blurred: focus the camera at the distance of the people, clean its lens, "
        "or shorten the exposure",
        "noisy or over-sharpened: give more light, or lower the camera's gain or its sharpening",
    ),
    "red": (
        "too green or blue: set the camera's white balance to the light of the place",
        "too red: set the camera's white balance to the light of the place",
    ),
    "blue": (
        "too yellow: set the camera's white balance to the light of the place",
        "too blue: set the camera's white balance to the light of the place",
    ),
}


def measure(crop: Image) -> Measures:
    """The measures of a face's crop, uint8 RGB (64, 64, 3)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    deviation = float(cv2.meanStdDev(grey)[1][0, 0])
    detail = min(
        float(cv2.meanStdDev(cv2.Sobel(grey, cv2.CV_16S, *order, ksize=1))[1][0, 0])
        for order in ((2, 0), (0, 2))
    )
    red, green, blue = (max(value, 1.0) for value in crop[INNER].mean(axis=(0, 1)))
    return Measures(
        brightness=float(grey[INNER].mean()) / 255,
        sharpness=math.log(max(detail, 0.5) / max(deviation, 1.0)),
        red=math.log(red / green),
        blue=math.log(blue / green),
    )


def calibrated_range(path: Path = RANGE) -> dict[str, tuple[float, float]]:
    """Lowest and highest value of each measure, by its name. Raises AssetError."""
    with own_file(path, "the limits of good pictures are"):
        said = json.loads(path.read_text())
        return {name: (float(said[name][0]), float(said[name][1])) for name in Measures._fields}


def complaints(found: Measures, allowed: dict[str, tuple[float, float]]) -> list[str]:
    """A sentence with its remedy for each measure outside its range; none when all is well."""
    said = []
    for name, value in found._asdict().items():
        low, high = allowed[name]
        if not low <= value <= high:
            limits = f"{name} {value:.2f}, calibrated for {low:.2f} to {high:.2f}"
            said.append(f"{ADVICE[name][value > high]} ({limits})")
    return said


def judge(image: Image, faces: list[Detection]) -> tuple[bool, str]:
    """Whether a frame, uint8 BGR, is fit, and why: by its largest face, else by its mean brightness alone.

    `faces` are the detector's, in the frame's pixels.
    """
    if not faces:
        level = float(image.mean()) / 255
        if level < BLACK:
            return False, "black: take off the lens cap, or give light"
        if level > WHITE:
            return False, "white: lower the camera's exposure"
        return True, "no face in it; stand before the camera to have light, focus and colour judged too"
    largest = max(faces, key=lambda face: face.box.area)
    said = complaints(measure(Cropper().cut(image, largest.keypoints[:2])), calibrated_range())
    if said:
        return False, "; ".join(said)
    return True, "light, focus and colour are as the network was calibrated for"
