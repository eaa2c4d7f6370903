"""Where to look next for faces that the whole picture does not show: where something moves, and all over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.frame import Image

WINDOW, STEP = 0.4, 0.267  # sides of the picture's shorter side: of the windows, and between them
TURNS = (2, 1, 3)  # ways up, in right angles, in which the whole picture is searched
TURNED_EVERY = 3  # looks: so often the whole picture is searched another way up, else a window
CELL = 8  # pixels between those that motion is measured at
STILL = 8  # grey levels by which a still pixel may change


class Place(NamedTuple):
    """Where to look: a part of the picture, turned clockwise by so many right angles."""

    part: Box
    quarters: int


class SearchOrder:
    """Chooses places of pictures of one size, one at a time.

    A window comes the sooner the longer it was not looked at, and the more of what moves in the picture moves
    in it. Faces far away are large in windows; the whole picture is searched in the other ways up.
    """

    def __init__(self, width: int, height: int):
        self._whole = Box(0, 0, width, height)
        self._windows = windows(width, height)
        self._turns = cycle(TURNS)
        self._looks = 0
        self._looked = np.zeros(len(self._windows))  # number of the look at each window
        self._before: NDArray[np.int16] | None = None

    def next(self, image: Image, known: Sequence[Box] = ()) -> Place:
        """The next place of `image`, uint8 BGR, where the faces `known` are: theirs is the way up then.

        What moves in their boxes does not count.
        """
        self._looks += 1
        if self._looks % TURNED_EVERY == 0 and not known:
            return Place(self._whole, next(self._turns))
        waited = self._looks - self._looked
        chosen = int(np.argmax(waited * self._interest(image, known)))
        self._looked[chosen] = self._looks
        return Place(self._windows[chosen], 0)

    def _interest(self, image: Image, known: Sequence[Box]) -> NDArray[np.float64]:
        """Of each window: 1, and the number of windows times its share of all that moves in the picture."""
        now = image[::CELL, ::CELL, 1].astype(np.int16)
        before, self._before = self._before, now
        if before is None:
            return np.ones(len(self._windows))
        moved = np.maximum(np.abs(now - before) - STILL, 0)
        for box in known:
            moved[_cells(box)] = 0
        sums = np.array([moved[_cells(window)].sum() for window in self._windows], float)
        return 1 + len(sums) * sums / max(float(moved.sum()), 1.0)


def _cells(box: Box) -> tuple[slice, slice]:
    left, top = max(int(box.x / CELL), 0), max(int(box.y / CELL), 0)
    return slice(top, max(int((box.y + box.h) / CELL) + 1, 0)), slice(
        left, max(int((box.x + box.w) / CELL) + 1, 0)
    )


def windows(width: int, height: int, window: float = WINDOW, step: float = STEP) -> list[Box]:
    """Squares that overlap and cover a picture of this size, from the top; `window` and `step` as above."""
    side, step = window * min(width, height), step * min(width, height)
    across, down = (max(round((length - side) / step), 1) for length in (width, height))
    return [
        Box(column * (width - side) / across, row * (height - side) / down, side, side)
        for row in range(down + 1)
        for column in range(across + 1)
    ]
