"""Boxes in pixels of the main picture: x to the right, y downwards, origin at the top left."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """An axis-aligned rectangle: left, top, width and height, in pixels (floats)."""

    x: float
    y: float
    w: float
    h: float

    @property
    def area(self) -> float:
        """Area in square pixels; 0 for a box without extent."""
        return max(self.w, 0.0) * max(self.h, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return self.x + self.w / 2, self.y + self.h / 2

    def scaled(self, factor: float) -> Box:
        """The box grown (factor > 1) or shrunk about its own centre."""
        w, h = self.w * factor, self.h * factor
        return Box(self.x - (w - self.w) / 2, self.y - (h - self.h) / 2, w, h)

    def shifted(self, dx: float, dy: float) -> Box:
        """The box moved by (dx, dy) pixels."""
        return Box(self.x + dx, self.y + dy, self.w, self.h)

    def clipped(self, width: float, height: float) -> Box:
        """The part of the box inside a picture of this size; its extent is 0 where there is none."""
        left, top = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        right, bottom = min(max(self.x + self.w, 0.0), width), min(max(self.y + self.h, 0.0), height)
        return Box(left, top, right - left, bottom - top)

    def intersection(self, other: Box) -> float:
        """Area shared with the other box, in square pixels."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return w * h if w > 0 and h > 0 else 0.0

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1; 0 when both are without extent."""
        one, two = self.area, other.area
        shared = min(self.intersection(other), one, two)  # rounding lets a tiny box share more than it has
        union = one + two - shared
        return shared / union if union > 0 else 0.0
