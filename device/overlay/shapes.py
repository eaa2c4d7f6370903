"""How the overlay's parts look: the badge with an age, the ring of one not yet settled, the bracket.

All sizes are given for a picture of 480 lines and follow the picture's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from device.overlay.sprite_cache import SpriteCache
from device.overlay.sprites import Canvas, Colour, Sprite, arc, badge, corner, glow, grid, solid
from device.overlay.text import Typesetter

# Looked at on black, grey and white, and as the colour-blind see them: tests/device/overlay/test_colours.py
WHITE: Colour = (255, 255, 255)
SOFT: Colour = (208, 202, 196)  # what is said beside the main thing
GROUND: Colour = (26, 21, 18)
SKY: Colour = (240, 186, 86)  # still working on it
AMBER: Colour = (84, 196, 255)  # somebody should look
BADGE_OPACITY, CASING_OPACITY = 0.82, 0.85  # of the ground under text, and of the dark line about a bracket

ARMS = (4, 6, 9, 13, 18, 24, 32, 44, 60)  # lengths of a bracket's arms, in pixels at 480 lines
RING_STEPS = 12  # places of a turning ring
BYTES = 6  # of a sprite's pixel: three of colour, three of opacity
# What is kept ready, in pixels at 480 lines: 48 badges with ages, 4 status lines, a title, two kinds of ring
# in three sizes, and brackets in three strengths
LABELS, LINES, TITLE = 48 * 150 * 46, 4 * 150 * 46, 500 * 80
RINGS = 2 * RING_STEPS * (18**2 + 22**2 + 28**2)
BRACKETS = 3 * sum(4 * (arm + 16) ** 2 for arm in ARMS)


class Label(NamedTuple):
    """A badge: its sprite stands `margin` pixels out of `width` x `height`; `ring` is a ring's centre.

    All is measured upright; the sprite's pixels are turned as the screen is.
    """

    sprite: Sprite
    width: int
    height: int
    margin: int
    ring: tuple[float, float] | None

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return self.sprite.nbytes


class Bracket(NamedTuple):
    """Its corners: left top, right top, left bottom, right bottom. Each is a square of `side` pixels, of
    which `outside` stand out of what the bracket is drawn around.
    """

    corners: tuple[Sprite, ...]
    side: int
    outside: int

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return sum(sprite.nbytes for sprite in self.corners)


class Shapes:
    """Makes sprites when they are first asked for, and keeps the last ones used."""

    def __init__(self, unit: float, rotate: int = 0, japanese: bool = False) -> None:
        """`unit` is the picture's height over 480; the sprites are turned by `rotate` degrees, clockwise."""
        self.unit = unit
        self._rotate = rotate
        self._typesetter = Typesetter(japanese)
        area = BYTES * unit * unit
        self.label = SpriteCache(int(LABELS * area), self._label)
        self.line = SpriteCache(int(LINES * area), self._line)
        self.title = SpriteCache(int(TITLE * area), self._title)
        self.ring = SpriteCache(int(RINGS * area), self._ring)
        self.bracket = SpriteCache(int(BRACKETS * area), self._bracket)

    def _px(self, length: float, least: int = 1) -> int:
        return max(least, round(length * self.unit))

    def _label(self, word: str, detail: str, ring: bool, faint: bool, scale: float) -> Label:
        """A large word and a smaller detail, with room for a ring before them if `ring`; `faint`: of somebody
        who is no longer seen.
        """
        cap, small = self._px(13 * scale, 8), self._px(9.5 * scale, 7)
        texts = []
        if word:
            texts.append((self._typesetter.line(word, cap, "strong"), cap, SOFT if faint else WHITE))
        if detail:
            texts.append((self._typesetter.line(detail, small), small, SOFT))
        return self._badge(texts, self._px(29 * scale, 18), self._px(13 * scale, 8) if ring else 0, None)

    def _line(self, text: str, urgent: bool) -> Label:
        """A small badge of plain text, with an amber dot before it if somebody should look."""
        cap = self._px(8, 7)
        texts = [(self._typesetter.line(text, cap), cap, WHITE if urgent else SOFT)]
        return self._badge(texts, self._px(21, 16), self._px(7, 5) if urgent else 0, AMBER)

    def _title(self, text: str, cap: float, colour: Colour) -> Label:
        """A large line of plain text, as for those who pass by; `cap` at 480 lines."""
        height = self._px(cap, 8)
        return self._badge(
            [(self._typesetter.line(text, height), height, colour)], self._px(2.4 * cap), 0, None
        )

    def _badge(
        self,
        texts: list[tuple[NDArray[np.uint8], int, Colour]],
        height: int,
        dot: int,
        colour: Colour | None,
    ) -> Label:
        """`texts` are (mask, cap height, colour); `dot` pixels before them are filled with `colour`."""
        margin, space, end = self._px(5, 3), round(0.14 * height), round(0.4 * height)
        inner = sum(mask.shape[1] for mask, _, _ in texts) + space * (len(texts) - 1)
        width = inner + 2 * end + (dot + space if dot else 0)
        size = width + 2 * margin, height + 2 * margin
        canvas, (x, y) = Canvas(*size), grid(*size)
        shape = badge(x, y, margin, margin, width, height)
        canvas.fill(glow(shape, margin), GROUND, 0.3)
        canvas.fill(solid(shape), GROUND, BADGE_OPACITY)
        pen, base = margin + end, margin + round((height + texts[0][1]) / 2)
        centre = (pen + dot / 2, margin + height / 2)
        if dot:
            pen += dot + space
            if colour:
                canvas.fill(solid(np.hypot(x - centre[0], y - centre[1]) - dot / 2), colour)
        for mask, cap, ink in texts:
            canvas.write(mask, pen, base - 2 * cap, ink)
            pen += mask.shape[1] + space
        ring = None if colour or not dot else centre
        return Label(self._sprite(canvas), width, height, margin, ring)

    def _sprite(self, canvas: Canvas, strength: float = 1.0) -> Sprite:
        return canvas.sprite(strength).turned(self._rotate)

    def _ring(self, step: int, turn: float, scale: float) -> Sprite:
        """A ring of which `turn` (0 to 1) is lit, from `step` of RING_STEPS clockwise."""
        radius, stroke = self._px(13 * scale, 8) / 2, max(1.5, 2.2 * scale * self.unit)
        size = 2 * round(radius) + 4
        centre = size / 2
        canvas, (x, y) = Canvas(size, size), grid(size, size)
        middle = radius - stroke / 2
        canvas.fill(solid(np.abs(np.hypot(x - centre, y - centre) - middle) - stroke / 2), WHITE, 0.22)
        canvas.fill(solid(arc(x, y, centre, centre, middle, step / RING_STEPS, turn, stroke)), SKY)
        return self._sprite(canvas)

    def _bracket(self, arm: int, strength: float) -> Bracket:
        """White in a dark casing, so that it stands out on white, too."""
        stroke, length = max(1.5, 2.4 * self.unit), arm * self.unit
        outside, radius = self._px(5, 3), min(0.6 * length, 12 * self.unit)
        side = outside + round(length + stroke) + self._px(4, 2)
        x, y = grid(side, side)
        shape = corner(x, y, outside, radius, length, stroke)
        canvas = Canvas(side, side)
        canvas.fill(glow(shape, 5 * self.unit), GROUND, 0.4)
        canvas.fill(solid(shape - max(1.0, 1.2 * self.unit)), GROUND, CASING_OPACITY)
        canvas.fill(solid(shape), WHITE, 0.96)
        first = canvas.sprite(strength)
        corners = (first.flipped(across, down) for down in (False, True) for across in (False, True))
        return Bracket(tuple(sprite.turned(self._rotate) for sprite in corners), side, outside)


def declared_bytes(unit: float) -> int:
    """The most that the letters and the kept sprites hold, each at its largest."""
    pixels = LABELS + LINES + TITLE + RINGS + BRACKETS
    return int(900_000 + BYTES * pixels * unit * unit)
