"""Tells a picture from what a broken camera sends: one flat colour, or the same picture for ever."""

from __future__ import annotations

import numpy as np

from device.frame import Image

# None of these is tuned: they are far from both what cameras send and what broken ones do.
GRID = 16  # rows and columns of the pixels that are compared: 10 µs a frame
FLAT_SPREAD = 2  # grey levels: less than the noise of any sensor that sees light
SECONDS = 3.0  # a shutter, a cut to black or a dropped frame is over by then


class FrameCheck:
    """Looks at a sparse grid of each frame's pixels; costs some 10 µs and no memory a frame."""

    def __init__(self, size: tuple[int, int], fps: float):
        """For frames of `size` (width, height) pixels at `fps` frames a second."""
        width, height = size
        self._rows = slice(None, None, max(1, height // GRID))
        self._columns = slice(None, None, max(1, width // GRID))
        picture = np.zeros((height, width, 3), bool)  # only for the shape of its grid
        self._now = np.zeros(picture[self._rows, self._columns].shape, np.uint8)
        self._before = np.zeros_like(self._now)
        self._limit = max(2, round(SECONDS * fps))
        self.reset()

    def reset(self) -> None:
        """Begin anew, after the camera was opened again."""
        self._flat = 0
        self._same = 0

    @property
    def suspicious(self) -> bool:
        """The last frame was flat, or the same as the one before."""
        return bool(self._flat or self._same)

    def wrong(self, image: Image) -> str | None:
        """What is wrong with the last seconds of frames, or None; `image` (HxWx3 uint8) is the newest."""
        self._now, self._before = self._before, self._now
        np.copyto(self._now, image[self._rows, self._columns])
        self._flat = self._flat + 1 if self._is_flat() else 0
        self._same = self._same + 1 if np.array_equal(self._now, self._before) else 0
        if self._flat >= self._limit:
            return f"one flat colour for {self._flat} frames"
        if self._same >= self._limit:
            return f"the very same picture for {self._same} frames"
        return None

    def _is_flat(self) -> bool:
        pixels = self._now.reshape(-1, 3)
        return int((pixels.max(axis=0) - pixels.min(axis=0)).max()) <= FLAT_SPREAD
