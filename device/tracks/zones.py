"""Parts of the picture in which faces are left out: a poster, a screen, the queue of the shop next door."""

from __future__ import annotations

from device.errors import ConfigError

Point = tuple[float, float]
FORM = (
    "zones are separated by ; and each is a box (left top right bottom) or a polygon (x y x y x y …), "
    "in fractions of the picture from its upper left corner, such as 0 0 0.25 1; 0.8 0 1 0 1 0.5"
)


class Zones:
    """Boxes and polygons in fractions of the picture, as `tracker.ignore` has them. Raises ConfigError."""

    def __init__(self, text: str):
        self.polygons = [_polygon(part) for part in text.split(";") if part.strip()]

    def covers(self, x: float, y: float) -> bool:
        """Whether a point of the picture, in fractions of its sides, lies in one of them."""
        return any(_inside(polygon, x, y) for polygon in self.polygons)


def _polygon(text: str) -> list[Point]:
    try:
        numbers = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        numbers = []
    if len(numbers) < 4 or len(numbers) % 2 or not all(0 <= number <= 1 for number in numbers):
        raise ConfigError(f"tracker.ignore: {text.strip()!r} is no zone; {FORM}.")
    if len(numbers) == 4:
        left, top, right, bottom = numbers
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _inside(polygon: list[Point], x: float, y: float) -> bool:
    """By the number of edges that a line from the point to the left crosses."""
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 > y) != (y1 > y) and x > x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
