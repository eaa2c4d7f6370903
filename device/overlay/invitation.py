"""What passers-by see while nobody is in view: the picture, dimmed, with a place for a face and a sentence.

Nothing in it moves: a sign that nobody watches should not tug at people who want to pass.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2

from device.frame import Image
from device.overlay.shapes import ARMS, SOFT, WHITE, Shapes
from device.overlay.sprites import Sprite
from device.overlay.words import Words

DIM = 0.45  # of the picture's brightness that is left
FRAME = 0.34  # the side of the place for a face, of the picture's shorter side
TITLE_CAP, LINE_CAP = 20.0, 11.0  # heights of capitals at 480 lines


class Invitation:
    """Due once nobody was there for `after_s` seconds (0: never), and gone with the first face."""

    def __init__(self, size: tuple[int, int], after_s: float, shapes: Shapes, words: Words) -> None:
        """`size` is the viewer's (width, height) in pixels."""
        self.due = False
        self._size, self._after = size, after_s
        self._shapes, self._words = shapes, words
        self._since: float | None = None

    def watch(self, busy: bool, t: float) -> None:
        """Hear whether there is anything else to show at the time `t`, in seconds."""
        if busy or self._since is None or t < self._since:
            self._since = None if busy else t
        self.due = self._since is not None and self._after > 0 and t - self._since >= self._after

    @staticmethod
    def dim(image: Image) -> None:
        """Darken the picture, in place, to what the sentence is laid on."""
        cv2.convertScaleAbs(image, dst=image, alpha=DIM)

    def parts(self) -> Iterator[tuple[Sprite, int, int]]:
        """Sprites and where their left top corners go, upright."""
        width, height = self._size
        side = round(FRAME * min(self._size))
        left, top = (width - side) // 2, round(0.16 * height)
        corners, corner, outside = self._shapes.bracket(ARMS[-3], 1.0)
        for number, sprite in enumerate(corners):
            x = left + side + outside - corner if number % 2 else left - outside
            y = top + side + outside - corner if number > 1 else top - outside
            yield sprite, x, y
        y = top + side + round(0.08 * height)
        for name, cap, colour in (("invitation", TITLE_CAP, WHITE), ("explanation", LINE_CAP, SOFT)):
            label = self._shapes.title(self._words.say(name), cap, colour)
            yield label.sprite, (width - label.width) // 2 - label.margin, y - label.margin
            y += label.height + round(0.02 * height)
