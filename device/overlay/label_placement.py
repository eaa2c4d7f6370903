"""Finds a place for each face's label: near its face, inside the picture, clear of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from device.box import Box

ROWS = 16  # how far, in label heights, a label may move away from its face in a crowd
PATIENCE = 8  # places tried for one that covers no face either


class LabelPlacer:
    """Remembers on which side of its face each label stood, so that none hops to and fro."""

    def __init__(self, width: int, height: int, gap: float) -> None:
        """`gap` is the room, in pixels, between a label and its face, another label, and the border."""
        self._gap = gap
        self._left, self._top = gap, gap
        self._right, self._bottom = width - gap, height - gap
        self._sides: dict[int, int] = {}

    def place(self, faces: Sequence[tuple[int, Box, float, float]], taken: list[Box]) -> list[Box]:
        """One box a face, in order, for faces given as (track id, face box, label width, label height).

        Earlier faces choose first. `taken` are boxes that labels must not cover. A label
        stands where it covers nothing if it can, else where it covers no other label.
        """
        labels, sides = list(taken), {}
        boxes = [box for _, box, _, _ in faces]
        for track, face, width, height in faces:
            side, label = self._best(face, width, height, self._sides.get(track, 0), labels, boxes)
            sides[track] = side
            labels.append(label)
        self._sides = sides
        return labels[len(taken) :]

    def _best(
        self, face: Box, width: float, height: float, last: int, labels: list[Box], faces: list[Box]
    ) -> tuple[int, Box]:
        """The first place that is clear; to leave the last one for a better, that needs room to spare."""
        second_best = None
        for side, place in self._places(face, width, height):
            if second_best and side >= PATIENCE:
                break
            room = 0.9 * self._gap if side < last else 0.0
            if _clear(place, room, labels):
                if _clear(place, room, faces):
                    return side, place
                second_best = second_best or (side, place)
        return second_best or next(self._places(face, width, height))

    def _places(self, face: Box, width: float, height: float) -> Iterator[tuple[int, Box]]:
        """Numbered places, moved inside the picture: above, below, right, left, then ever further away."""
        step = height + self._gap
        left, right = self._left, self._right - width
        top, bottom = self._top, self._bottom - height
        middle = max(min(face.x + (face.w - width) / 2, right), left)
        above, below = face.y - step, face.y + face.h + self._gap
        yield 0, Box(middle, max(min(above, bottom), top), width, height)
        yield 1, Box(middle, max(min(below, bottom), top), width, height)
        level = max(min(face.y, bottom), top)
        yield 2, Box(max(min(face.x + face.w + self._gap, right), left), level, width, height)
        yield 3, Box(max(min(face.x - self._gap - width, right), left), level, width, height)
        for row in range(1, ROWS):
            yield 2 * row + 2, Box(middle, max(above - row * step, top), width, height)
            yield 2 * row + 3, Box(middle, min(below + row * step, bottom), width, height)


def _clear(place: Box, room: float, obstacles: list[Box]) -> bool:
    left, right = place.x - room, place.x + place.w + room
    top, bottom = place.y - room, place.y + place.h + room
    for x, y, w, h in obstacles:  # noqa: SIM110 (a crowded frame's innermost loop; all() costs twice as much)
        if left < x + w and x < right and top < y + h and y < bottom:
            return False
    return True
