"""The refiner: a tiny int8 network that places the keypoints of a face whose box is known (models/README.md).

It takes a twentieth of a close-up's time and is as exact, so that every estimate of an age has a place of its
own. It follows faces; whether a new one is a face, a close-up says.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.errors import ModelError
from device.faces.close_up import as_in_close_up
from device.faces.downscale import Downscaler
from device.frame import Image
from device.inference.interpreter import Model
from device.inference.model_files import model_path

SIDE = 48  # pixels, the network's input
WINDOW = 1.6  # of the width of a face's box in a close-up: what the network is shown
EYES, REST, FACE, COVER = 4, 8, 1, 2  # values of each output, by which it is known


class Refined(NamedTuple):
    """A face: keypoints as `Detection.keypoints`, in pixels of the picture. The others are 0 to 1."""

    keypoints: NDArray[np.float32]
    score: float  # how sure it is that this is a face
    upper: float  # how much of its upper half is covered: dark glasses, a hand
    lower: float  # and of its lower half: a mask, a hand


class FaceRefiner(Protocol):
    """What places keypoints: `Refiner`, or whatever stands in for it."""

    def refine(self, image: Image, box: Box) -> Refined:
        """As `Refiner.refine`."""


class Refiner:
    """The shipped network, or any of the same form as bytes. Raises ModelError."""

    def __init__(self, interpreter: str = "auto", graph: bytes | None = None):
        self._model = Model(graph or model_path("refiner"), interpreter)
        sizes = [int(detail["shape"][-1]) for detail in self._model.outputs]
        if self._model.input_shape != (1, SIDE, SIDE, 3) or sorted(sizes) != [FACE, COVER, EYES, REST]:
            raise ModelError("this model: not a refiner (it must have a 48×48×3 input and four outputs)")
        self._order = [sizes.index(size) for size in (EYES, REST, FACE, COVER)]
        self._scales = [self._model.outputs[place]["quantization"] for place in self._order]
        self._input = np.empty((1, SIDE, SIDE, 3), np.int8)
        self._bytes = self._input.view(np.uint8)[0]
        self._window: Image = np.empty((SIDE, SIDE, 3), np.uint8)
        self._rgb = np.empty_like(self._window)
        self._downscaler = Downscaler()

    def refine(self, image: Image, box: Box) -> Refined:
        """Where the keypoints of the face at `box` are, a first look's in pixels of `image` (uint8 BGR)."""
        x, y, side = window(box)
        self._cut(image, x, y, side)
        cv2.cvtColor(self._window, cv2.COLOR_BGR2RGB, dst=self._rgb)
        np.bitwise_xor(self._rgb, 0x80, out=self._bytes)  # byte − 128 in two's complement
        tensors = self._model.run(self._input)
        eyes, rest, face, cover = (
            [(value - zero) * scale for value in tensors[place][0].tolist()]
            for place, (scale, zero) in zip(self._order, self._scales, strict=True)
        )
        points = np.array(eyes + rest, np.float32).reshape(6, 2) * side
        points += (x + side / 2 - 0.5, y + side / 2 - 0.5)  # pixel centres are integers
        return Refined(points, _chance(face[0]), _chance(cover[0]), _chance(cover[1]))

    def _cut(self, image: Image, x: int, y: int, side: int) -> None:
        """The square of the picture in the network's size; outside the picture its edge is repeated."""
        part = image[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)]
        if part.shape[:2] != (side, side):
            left, top = max(-x, 0), max(-y, 0)
            if not part.size:  # altogether outside
                self._window.fill(0)
                return
            right, bottom = side - left - part.shape[1], side - top - part.shape[0]
            part = np.asarray(
                cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_REPLICATE), np.uint8
            )
        self._downscaler.scale(part, self._window)


def window(box: Box) -> tuple[int, int, int]:
    """What the network is shown of a face whose first look has `box`: left, top and side of a square."""
    face = as_in_close_up(box)
    (x, y), side = face.centre, max(round(WINDOW * (face.w + face.h) / 2), 2)
    return round(x - side / 2), round(y - side / 2), side


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))
