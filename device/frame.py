"""Frames: buffers allocated once, lent out and given back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (height, width, 3), blue green red


class Frame:
    """One picture in a buffer that is used again after `release`.

    `index` counts from 0 all frames that were read, shown or dropped. `time` is
    the moment of capture in seconds: of `time.monotonic()` for cameras and clips
    in real time, of the clip itself (0.0 at its first frame) when it is read
    as fast as possible. `image` is (height, width, 3) uint8 BGR; `small` is the
    same picture scaled by the camera, or None where the camera cannot scale.
    """

    __slots__ = ("image", "index", "small", "time")

    def __init__(self, size: tuple[int, int], small_size: tuple[int, int] | None = None):
        self.index = 0
        self.time = 0.0
        self.image: Image = _picture(size)
        self.small: Image | None = _picture(small_size) if small_size else None


def frame_bytes(size: tuple[int, int], small_size: tuple[int, int] | None = None) -> int:
    """The memory of one frame's pixels, for sizes given as (width, height)."""
    return sum(width * height * 3 for width, height in (size, small_size or (0, 0)))


def _picture(size: tuple[int, int]) -> Image:
    """A black picture whose pages are in RAM already, so that no first frame is slow."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture.fill(0)
    return picture
