"""A picture made as large as fits a screen, written once into the screen's memory in its own pixels."""

from __future__ import annotations

import cv2
import numpy as np

from device.frame import Image

FORMATS = {2: cv2.COLOR_BGR2BGR565, 4: cv2.COLOR_BGR2BGRA}  # by bytes of a pixel


class Fitter:
    """Puts pictures into the middle of buffers; holds one picture between, of the smaller of the two sizes.

    A screen's memory is slow to read and fast to write in order, so each pixel of it is written once, and
    around the picture nothing: the buffers come black, and all pictures of a run have one size.
    """

    def __init__(self) -> None:
        self._between: Image = np.empty((0, 0, 3), np.uint8)

    def put(self, image: Image, out: Image) -> None:
        """Write `image`, (height, width, 3) BGR, into `out`: (height, width, 2), BGR565, or 4, BGRX."""
        room = out.shape[1], out.shape[0]
        width, height = fitted((image.shape[1], image.shape[0]), room)
        left, top = (room[0] - width) // 2, (room[1] - height) // 2
        inner, code = out[top : top + height, left : left + width], FORMATS[out.shape[2]]
        if image.shape[:2] == (height, width):
            cv2.cvtColor(image, code, dst=inner)
        elif out.shape[2] == 4 and width > image.shape[1]:
            self._convert(image)
            cv2.resize(self._between, (width, height), dst=inner, interpolation=cv2.INTER_LINEAR)
        else:
            self._resize(image, width, height)
            cv2.cvtColor(self._between, code, dst=inner)

    def _convert(self, image: Image) -> None:
        if self._between.shape != (*image.shape[:2], 4):
            self._between = np.empty((*image.shape[:2], 4), np.uint8)
        cv2.cvtColor(image, cv2.COLOR_BGR2BGRA, dst=self._between)

    def _resize(self, image: Image, width: int, height: int) -> None:
        if self._between.shape != (height, width, 3):
            self._between = np.empty((height, width, 3), np.uint8)
        cv2.resize(image, (width, height), dst=self._between, interpolation=cv2.INTER_LINEAR)


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) of the shape of `size` in `room`; at least one pixel."""
    scale = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
