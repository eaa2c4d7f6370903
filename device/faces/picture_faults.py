"""What is wrong with a camera's picture as a whole, by name and with the remedy; with or without a face."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from device.faces.alignment import Cropper
from device.faces.detector import Detector
from device.faces.exposure_check import measure
from device.faces.mounting import SURE, close_ups, uprightness
from device.frame import Image

# Each lies between the clean pictures of thirteen clips and those that `bench --faces` disturbs so:
GREY = 2.0  # grey levels between the colours of a pixel; clean from 14, of a grey camera 0
DARK_CORNERS = 0.78  # corners over middle of a grey picture; 0.9 by daylight, at most 0.74 by infrared lamps
DARK = 0.2  # mean, 0 to 1; clean from 0.43, a quarter of the light at most 0.14
CAST = 0.3  # logarithm of one colour's mean over green's; clean at most 0.14, coloured lamps from 0.38
CLIPPED = 0.2  # share of the pixels that are white; clean 0, before a window from 0.34
SHADE, IN_SHADE = 0.25, 0.1  # a darker pixel is dark; their share from which a picture is backlit
BLURRED = 0.03  # second differences over the deviation; clean from 0.07, moved by a sixth of the face 0.02
BLUE_SKIN = 0.1  # of a face, blue's logarithm over red's; of people in any light below 0
WHITE = 250
WIDTH = 640  # pixels, at which sharpness is measured


class Look(NamedTuple):
    """What the picture as a whole is like."""

    colour: float  # mean difference between the colours of a pixel, grey levels
    corners: float  # brightness of the corners over the middle's
    brightness: float  # mean, 0 to 1
    red: float  # logarithm of red's mean over green's
    blue: float  # of blue's over green's
    clipped: float  # share of white pixels, 0 to 1
    shade: float  # share of dark pixels, 0 to 1
    sharpness: float  # second differences over the deviation, in the blunter direction


def look(image: Image) -> Look:
    """The measures of a picture, uint8 BGR (height, width, 3)."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    blue, green, red = (image[..., channel].astype(np.int16) for channel in range(3))
    coarse = cv2.resize(grey, (8, 6), interpolation=cv2.INTER_AREA).astype(float)
    means = [max(float(channel.mean()), 1.0) for channel in (blue, green, red)]
    fine = grey
    if grey.shape[1] > WIDTH:  # more pixels are no more detail
        fine = cv2.resize(grey, (WIDTH, grey.shape[0] * WIDTH // grey.shape[1]), interpolation=cv2.INTER_AREA)
    detail = min(
        float(cv2.meanStdDev(cv2.Sobel(fine, cv2.CV_16S, *order, ksize=1))[1][0, 0])
        for order in ((2, 0), (0, 2))
    )
    return Look(
        colour=float(np.abs(blue - green).mean() + np.abs(red - green).mean()),
        corners=float(coarse[[0, 0, -1, -1], [0, -1, 0, -1]].mean() / max(coarse[2:4, 3:5].mean(), 1.0)),
        brightness=float(grey.mean()) / 255,
        red=float(np.log(means[2] / means[1])),
        blue=float(np.log(means[0] / means[1])),
        clipped=float((grey >= WHITE).mean()),
        shade=float((grey < 255 * SHADE).mean()),
        sharpness=detail / max(float(grey.std()), 1.0),
    )


def faults(image: Image, detector: Detector) -> list[str]:
    """A name with its remedy for each thing that is wrong with a picture, uint8 BGR; none when it is good."""
    seen = look(image)
    checks = (
        (seen.colour < GREY and seen.corners < DARK_CORNERS,
         "infrared: ages are judged by colour pictures; give visible light, and switch off the camera's night"
         " mode and its lamps"),
        (seen.colour < GREY and seen.corners >= DARK_CORNERS,
         "grey: ages are judged by colour pictures; switch the camera to colour (day mode)"),
        (seen.brightness < DARK,
         "dark: give the faces more light, or raise the camera's exposure or gain"),
        (seen.brightness >= DARK and max(abs(seen.red), abs(seen.blue)) > CAST,
         f"cast, {_tint(seen)}: set the camera's white balance to the place's light, or use white lamps"),
        (seen.clipped > CLIPPED and seen.shade > IN_SHADE,
         "backlit: a window or lamp behind the people; turn the camera away from it, or light the faces"),
        (seen.sharpness < BLURRED,
         "blurred: focus the camera at the people, clean its lens, or shorten the exposure"),
        (seen.colour >= GREY and _swapped(image, detector),
         "swapped: red and blue have changed places; set the camera's format to BGR, or mend its driver"),
    )  # fmt: skip
    return [text for wrong, text in checks if wrong]


def _tint(seen: Look) -> str:
    if seen.red < -CAST / 2 and seen.blue < -CAST / 2:
        return "green"
    if seen.red > CAST / 2 and seen.blue > CAST / 2:
        return "violet"
    if abs(seen.red) > abs(seen.blue):
        return "red" if seen.red > 0 else "cyan"
    return "blue" if seen.blue > 0 else "yellow"


def _swapped(image: Image, detector: Detector) -> bool:
    """Whether the skin of the face in the picture, or in the one with red and blue swapped, is blue."""
    found = [
        face for part in (image, image[..., ::-1]) for face in close_ups(np.ascontiguousarray(part), detector)
    ]
    if not found:
        return False
    best = max(found, key=uprightness)
    skin = measure(Cropper().cut(image, best.keypoints[:2]))
    return uprightness(best) >= SURE and skin.blue - skin.red > BLUE_SKIN
