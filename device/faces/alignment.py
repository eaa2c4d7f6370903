"""The face crop, the one function that cuts faces both for training and on the device.

It puts the eyes where UTKFace's aligned chips have them (0.39 of the side apart, 0.30 from the top):
measured with BlazeFace's keypoints on those chips. A crop that differs costs years of error.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.frame import Image

SIDE = 64  # pixels, the network's input
EYE_DISTANCE = 0.39  # of the side
EYE_HEIGHT = 0.30  # of the side, from the top
Points = NDArray[np.floating[Any]]  # (n, 2), x and y in pixels
_SHRUNK_SIDE = math.ceil(SIDE * 1.5 * math.sqrt(2)) + 4  # the rotated square at most, after shrinking


class Cropper:
    """Cuts aligned faces into one reused buffer; `face_crop` is its call for a single picture."""

    def __init__(self) -> None:
        self._shrunk: Image = np.empty((_SHRUNK_SIDE, _SHRUNK_SIDE, 3), np.uint8)
        self._bgr: Image = np.empty((SIDE, SIDE, 3), np.uint8)

    def cut(self, image: Image, eyes: Points, out: Image | None = None) -> Image:
        """The aligned face as uint8 RGB (64, 64, 3), written to `out` when given.

        `image` is uint8 BGR (height, width, 3); `eyes` is (2, 2), in its pixels: the eye on the left of the
        picture first. Outside the picture the nearest edge pixel is repeated. A face larger than the
        crop is first averaged down by the whole number nearest its scale, so that nothing aliases.
        """
        matrix = crop_transform(eyes)
        factor = max(1, min(round(math.hypot(matrix[0, 0], matrix[1, 0])), *image.shape[:2]))
        source = image
        if factor > 1:
            source, left, top = self._shrink(image, matrix, factor)
            # pixel i of the shrunk picture is centred on source pixel factor * i + (factor - 1) / 2
            middle = (factor - 1) / 2
            matrix = (matrix - ((0, 0, left + middle), (0, 0, top + middle))) / factor
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(source, matrix, (SIDE, SIDE), self._bgr, flags, cv2.BORDER_REPLICATE)
        crop: Image = np.empty((SIDE, SIDE, 3), np.uint8) if out is None else out
        cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB, dst=crop)
        return crop

    def _shrink(self, image: Image, matrix: NDArray[np.float64], factor: int) -> tuple[Image, int, int]:
        """The part of the picture around the crop, shrunk by `factor`, and its left and top there."""
        rows, columns = image.shape[:2]
        (xu, xv, x0), (yu, yv, y0) = matrix.tolist()
        left, width = _whole_blocks(x0, SIDE * xu, SIDE * xv, columns, factor)
        top, height = _whole_blocks(y0, SIDE * yu, SIDE * yv, rows, factor)
        part = image[top : top + height, left : left + width]
        size = (width // factor, height // factor)
        shrunk = self._shrunk[: size[1], : size[0]]
        cv2.resize(part, size, dst=shrunk, interpolation=cv2.INTER_AREA)
        return shrunk, left, top


def _whole_blocks(origin: float, across: float, down: float, limit: int, factor: int) -> tuple[int, int]:
    """Start and length of a crop's span inside 0…limit, the length a multiple of `factor`.

    On one axis of the picture the crop begins at `origin` and its sides reach `across` and `down` from there.
    Where it lies outside the picture altogether one block at the near edge remains.
    """
    low, high = min(across, 0.0) + min(down, 0.0), max(across, 0.0) + max(down, 0.0)
    start = min(max(int(origin + low) - factor, 0), max(limit - factor, 0))
    end = min(max(math.ceil(origin + high) + factor, start + factor), limit)
    return start, min((end - start) // factor, _SHRUNK_SIDE) * factor


def crop_transform(eyes: Points) -> NDArray[np.float64]:
    """The similarity that takes crop pixels to picture pixels, float64 (2, 3), for eyes as in `Cropper.cut`.

    Eyes closer than a pixel are taken as a pixel apart, so a broken detection gives a crop, not an error.
    """
    (x0, y0), (x1, y1) = np.asarray(eyes, float).tolist()
    dx, dy = x1 - x0, y1 - y0
    if math.hypot(dx, dy) < 1:
        dx, dy = 1.0, 0.0
    cos, sin = dx / (EYE_DISTANCE * SIDE), dy / (EYE_DISTANCE * SIDE)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    # where pixel centres are integers, the chip's middle is at (SIDE - 1) / 2
    u, v = (SIDE - 1) / 2, EYE_HEIGHT * SIDE - 0.5
    return np.array([[cos, -sin, middle[0] - cos * u + sin * v], [sin, cos, middle[1] - sin * u - cos * v]])


def face_crop(image: Image, eyes: Points, out: Image | None = None) -> Image:
    """`Cropper().cut` for one face of one picture."""
    return Cropper().cut(image, eyes, out)
