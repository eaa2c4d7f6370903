"""Small pictures with soft edges, drawn once and laid over frames many times.

Shapes are given by signed distances (negative inside, in pixels): coverage is one
clip of the distance, which anti-aliases lines, arcs and corners of any size alike.
A sprite keeps its colour already weighted by its opacity, so that laying it down is
one multiplication and one addition on its own few pixels of the frame.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from device.frame import Image

Colour = tuple[int, int, int]  # blue, green, red, 0 to 255
Plane = NDArray[np.float32]  # (height, width), or one row or column that is spread over it


class Sprite(NamedTuple):
    """`colour` is (h, w, 3) uint8 BGR times opacity; `keep` is (h, w, 3) uint8, 255 less opacity."""

    colour: Image
    keep: Image

    def lay(self, image: Image, x: int, y: int) -> None:
        """Blend onto the BGR image in place, left top corner at (x, y); what lies outside is cut off."""
        height, width = image.shape[:2]
        h, w = self.colour.shape[:2]
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if left >= right or top >= bottom:
            return
        under = image[top:bottom, left:right]
        part = slice(top - y, bottom - y), slice(left - x, right - x)
        cv2.multiply(under, self.keep[part], under, 1 / 255)
        cv2.add(under, self.colour[part], under)

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""
        return self.colour.nbytes + self.keep.nbytes

    def turned(self, degrees: int) -> Sprite:
        """The sprite turned clockwise by 0, 90, 180 or 270 degrees."""
        quarters = -degrees // 90
        return Sprite(*(np.ascontiguousarray(np.rot90(part, quarters)) for part in self)) if degrees else self

    def flipped(self, across: bool, down: bool) -> Sprite:
        """The sprite mirrored left to right, upside down, or both."""
        columns, rows = (slice(None, None, -1 if flip else 1) for flip in (across, down))
        return Sprite(*(np.ascontiguousarray(part[rows, columns]) for part in self))


class Canvas:
    """Where a sprite is put together, layer upon layer."""

    def __init__(self, width: int, height: int) -> None:
        self._colour = np.zeros((height, width, 3), np.float32)
        self._opacity = np.zeros((height, width, 1), np.float32)

    def fill(self, coverage: Plane, colour: Colour, opacity: float = 1.0) -> None:
        """Lay `colour` over what is there; `coverage` is (h, w), 0 to 1, as large as the canvas."""
        alpha = (coverage * opacity)[..., None].astype(np.float32)
        self._colour *= 1 - alpha
        self._colour += alpha * np.array(colour, np.float32)
        self._opacity += alpha * (1 - self._opacity)

    def write(self, mask: NDArray[np.uint8], x: int, y: int, colour: Colour) -> None:
        """Lay a line of text (uint8 mask, see text.py) at (x, y), cut to the canvas."""
        coverage = np.zeros(self._opacity.shape[:2], np.float32)
        top, bottom = max(-y, 0), min(mask.shape[0], coverage.shape[0] - y)
        right = min(mask.shape[1], coverage.shape[1] - x)
        coverage[y + top : y + bottom, x : x + right] = mask[top:bottom, :right] / np.float32(255)
        self.fill(coverage, colour)

    def sprite(self, fade: float = 1.0) -> Sprite:
        """The finished sprite, its opacity multiplied by `fade` (0 to 1)."""
        colour = np.rint(self._colour * fade).astype(np.uint8)
        keep = np.rint(255 - 255 * fade * self._opacity).astype(np.uint8)
        return Sprite(colour, np.ascontiguousarray(np.repeat(keep, 3, axis=2)))


def grid(width: int, height: int) -> tuple[Plane, Plane]:
    """Centres of the pixels: x (1, width) and y (height, 1), float32."""
    x = np.arange(width, dtype=np.float32)[None] + np.float32(0.5)
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    return x, y


def solid(distance: Plane) -> Plane:
    """Coverage 0 to 1 of the shape whose signed distance is given."""
    coverage: Plane = np.clip(0.5 - distance, 0, 1)
    return coverage


def glow(distance: Plane, reach: float) -> Plane:
    """A shadow about the shape: 1 inside, falling to nothing over `reach` pixels."""
    strength: Plane = np.exp(-np.square(np.maximum(distance, 0) * (2 / reach)))
    return strength


def badge(x: Plane, y: Plane, left: float, top: float, width: float, height: float) -> Plane:
    """Signed distance to a bar with round ends."""
    radius = height / 2
    dx = np.abs(x - left - width / 2) - (width / 2 - radius)
    return np.hypot(np.maximum(dx, 0), y - top - radius) - radius


def arc(
    x: Plane, y: Plane, cx: float, cy: float, radius: float, start: float, turn: float, stroke: float
) -> Plane:
    """Signed distance to an arc with round ends; angles in turns, clockwise from twelve o'clock."""
    angle = np.arctan2(x - cx, cy - y) / (2 * np.pi)
    on_arc = np.abs(np.hypot(x - cx, y - cy) - radius)
    ends = np.full_like(on_arc, np.inf)
    for end in (start, start + turn):
        ex, ey = cx + radius * np.sin(2 * np.pi * end), cy - radius * np.cos(2 * np.pi * end)
        ends = np.minimum(ends, np.hypot(x - ex, y - ey))
    return np.where((angle - start) % 1.0 <= turn, on_arc, ends) - stroke / 2


def corner(x: Plane, y: Plane, inset: float, radius: float, arm: float, stroke: float) -> Plane:
    """Signed distance to a left top bracket: its corner at (inset, inset), both arms `arm` long."""
    bend = inset + radius
    level = np.hypot(x - np.clip(x, bend, inset + max(arm, radius)), y - inset)
    upright = np.hypot(x - inset, y - np.clip(y, bend, inset + max(arm, radius)))
    curve = arc(x, y, bend, bend, radius, 0.75, 0.25, 0.0)
    return np.minimum(np.minimum(level, upright), curve) - stroke / 2
