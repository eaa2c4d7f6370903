"""How the overlay's parts look: the badge with an age, the ring of one not yet settled, the bracket.

All sizes are given for a picture of 480 lines and follow the picture's own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from device.overlay.sprites import Canvas, Colour, Sprite, arc, badge, corner, glow, grid, solid
from device.overlay.text import Typesetter

WHITE: Colour = (255, 255, 255)
SOFT: Colour = (208, 202, 196)  # what is said beside the main thing
GROUND: Colour = (26, 21, 18)
MINT: Colour = (196, 226, 118)  # still working on it
AMBER: Colour = (84, 196, 255)  # somebody should look

ARMS = (4, 6, 9, 13, 18, 24, 32, 44, 60)  # lengths of a bracket's arms, in pixels at 480 lines
RING_STEPS = 12  # places of a turning ring
LABELS, LINES, STRENGTHS = 48, 4, 3  # kept ready: badges with ages, status lines; degrees of fading
LABEL_PIXELS, BRACKET_PIXELS = 150 * 46, 4 * 76 * 76  # at 480 lines, the largest


class Label(NamedTuple):
    """A badge: its sprite stands `margin` pixels out of `width` x `height`; `ring` is a ring's centre."""

    sprite: Sprite
    width: int
    height: int
    margin: int
    ring: tuple[float, float] | None


class Shapes:
    """Makes sprites when they are first asked for, and keeps the last ones used."""

    def __init__(self, unit: float) -> None:
        """`unit` is the picture's height over 480."""
        self.unit = unit
        self._typesetter = Typesetter()
        self.label = lru_cache(LABELS)(self._label)
        self.line = lru_cache(LINES)(self._line)
        self.ring = lru_cache(2 * RING_STEPS * STRENGTHS)(self._ring)
        self.bracket = lru_cache(len(ARMS) * STRENGTHS)(self._bracket)

    def _px(self, length: float, least: int = 1) -> int:
        return max(least, round(length * self.unit))

    def _label(self, word: str, detail: str, ring: bool, strength: float) -> Label:
        """A large word and a smaller detail, with room for a ring before them if `ring`."""
        cap, small = self._px(13, 8), self._px(9.5, 7)
        texts = []
        if word:
            texts.append((self._typesetter.line(word, cap, "strong"), cap, WHITE))
        if detail:
            texts.append((self._typesetter.line(detail, small), small, SOFT))
        return self._badge(texts, self._px(29, 18), self._px(13, 8) if ring else 0, None, strength)

    def _line(self, text: str, urgent: bool) -> Label:
        """A small badge of plain text, with an amber dot before it if somebody should look."""
        cap = self._px(8, 7)
        texts = [(self._typesetter.line(text, cap), cap, WHITE if urgent else SOFT)]
        return self._badge(texts, self._px(21, 16), self._px(7, 5) if urgent else 0, AMBER, 0.9)

    def _badge(
        self,
        texts: list[tuple[NDArray[np.uint8], int, Colour]],
        height: int,
        dot: int,
        colour: Colour | None,
        strength: float,
    ) -> Label:
        """`texts` are (mask, cap height, colour); `dot` pixels before them are filled with `colour`."""
        margin, space, end = self._px(5, 3), self._px(4, 2), round(0.4 * height)
        inner = sum(mask.shape[1] for mask, _, _ in texts) + space * (len(texts) - 1)
        width = inner + 2 * end + (dot + space if dot else 0)
        size = width + 2 * margin, height + 2 * margin
        canvas, (x, y) = Canvas(*size), grid(*size)
        shape = badge(x, y, margin, margin, width, height)
        canvas.fill(glow(shape, margin), GROUND, 0.3)
        canvas.fill(solid(shape), GROUND, 0.68)
        pen, base = margin + end, margin + round((height + texts[0][1]) / 2)
        centre = (pen + dot / 2, margin + height / 2)
        if dot:
            pen += dot + space
            if colour:
                canvas.fill(solid(np.hypot(x - centre[0], y - centre[1]) - dot / 2), colour)
        for mask, cap, ink in texts:
            canvas.write(mask, pen, base - 2 * cap, ink)
            pen += mask.shape[1] + space
        return Label(canvas.sprite(strength), width, height, margin, None if colour or not dot else centre)

    def _ring(self, step: int, turn: float, strength: float) -> Sprite:
        """A ring of which `turn` (0 to 1) is lit, from `step` of RING_STEPS clockwise."""
        radius, stroke = self._px(13, 8) / 2, max(1.5, 2.2 * self.unit)
        size = 2 * round(radius) + 4
        centre = size / 2
        canvas, (x, y) = Canvas(size, size), grid(size, size)
        middle = radius - stroke / 2
        canvas.fill(solid(np.abs(np.hypot(x - centre, y - centre) - middle) - stroke / 2), WHITE, 0.22)
        canvas.fill(solid(arc(x, y, centre, centre, middle, step / RING_STEPS, turn, stroke)), MINT)
        return canvas.sprite(strength)

    def _bracket(self, arm: int, strength: float) -> tuple[tuple[Sprite, ...], int]:
        """The corners (left top, right top, left bottom, right bottom), and how far they stand outside."""
        stroke, length = max(1.5, 2.4 * self.unit), arm * self.unit
        outside, radius = self._px(5, 3), min(0.6 * length, 12 * self.unit)
        size = outside + round(length + stroke) + self._px(4, 2)
        x, y = grid(size, size)
        shape = corner(x, y, outside, radius, length, stroke)
        canvas = Canvas(size, size)
        canvas.fill(glow(shape, 5 * self.unit), GROUND, 0.45)
        canvas.fill(solid(shape), WHITE, 0.96)
        first = canvas.sprite(strength)
        sprites = tuple(first.flipped(across, down) for down in (False, True) for across in (False, True))
        return sprites, outside


def declared_bytes(unit: float) -> int:
    """The most that the letters and the kept sprites hold, each at its largest."""
    pixels = (LABELS + LINES) * LABEL_PIXELS + len(ARMS) * BRACKET_PIXELS
    return int(400_000 + 6 * pixels * unit * unit)  # three bytes of colour, three of opacity
