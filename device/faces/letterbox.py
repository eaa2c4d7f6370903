"""A picture of any size in the middle of the detector's square, light and colours mended where far off."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from device.faces.downscale import Downscaler
from device.faces.levels import Correction, correction
from device.frame import Image

SOFT = 7  # pixels: what a sharpened picture is more than itself averaged over so many


class Look(NamedTuple):
    """How a picture is shown to the network."""

    whole: bool = True  # a picture of its own, not a part of the last one that was
    quarters: int = 0  # right angles by which it is turned, clockwise
    sharpen: bool = False  # more contrast from pixel to pixel, as a blurred picture wants


PLAIN = Look()


class Letterbox:
    """`pixels` is what the network is to see: uint8 RGB (side, side, 3), black beside the picture."""

    def __init__(self, side: int):
        self.side = side
        self.pixels: Image = np.zeros((side, side, 3), np.uint8)
        self.levels: Correction | None = None  # of the last whole picture, for its close-ups too
        self._place: tuple[int, int, int, int] | None = None
        self._small: Image = np.empty((0, 0, 3), np.uint8)
        self._rgb: Image = self._small
        self._downscaler = Downscaler()

    def fill(self, image: Image, look: Look = PLAIN) -> tuple[int, int, int, int]:
        """Scale the image (uint8 BGR) in; returns its place in `pixels`: x, y, width, height."""
        rows, columns = image.shape[:2]
        scale = self.side / max(rows, columns)
        width, height = max(round(columns * scale), 1), max(round(rows * scale), 1)
        if self._small.shape != (height, width, 3):
            self._small = np.empty((height, width, 3), np.uint8)
            self._rgb = np.empty_like(self._small)
        if look.quarters % 2:
            width, height = height, width
        place = x, y, _, _ = ((self.side - width) // 2, (self.side - height) // 2, width, height)
        if place != self._place:
            self._place = place
            self.pixels.fill(0)
        self._downscaler.scale(image, self._small)
        if look.whole:
            self.levels = correction(self._small)
        if self.levels is not None:
            self.levels.apply(self._small)
        if look.sharpen:
            soft = cv2.blur(self._small, (SOFT, SOFT))
            cv2.addWeighted(self._small, 2, soft, -1, 0, dst=self._small)
        cv2.cvtColor(self._small, cv2.COLOR_BGR2RGB, dst=self._rgb)
        np.copyto(self.pixels[y : y + height, x : x + width], np.rot90(self._rgb, -look.quarters))
        return place
