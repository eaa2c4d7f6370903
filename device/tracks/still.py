"""Faces that never move: posters, mannequins. After minutes they are left out, until something else is there.

Nobody holds a head still for minutes to a tenth of its width, and a picture of somebody does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from device.box import Box

# Where these come from is in this room's README
STILL_SHIFT, STILL_PIXELS = 0.1, 1.0  # of the face's width, and pixels beside: more is a movement
REMEMBERED_S = 60.0  # a face found again after less, in its place, was not away
SAME_IOU = 0.5  # with a face that is left out: this is it
MOVING_LOOKS = 50  # so many looks in a row that see it elsewhere: there is somebody in its place


class Seen(Protocol):
    """What is wanted of a track."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def box(self) -> Box: ...  # noqa: D102
    @property
    def misses(self) -> int: ...  # noqa: D102


class _Place:
    """Where a face is, since when, and when it was last there; seconds."""

    __slots__ = ("box", "last", "moving", "since")

    def __init__(self, box: Box, now: float):
        self.box, self.since, self.last = box, now, now
        self.moving = 0  # looks in a row that saw it elsewhere

    def holds(self, box: Box) -> bool:
        """Whether a face at `box` has not moved."""
        (x, y), (x0, y0) = box.centre, self.box.centre
        far = max(abs(x - x0), abs(y - y0), abs(box.w - self.box.w))
        return far <= STILL_SHIFT * self.box.w + STILL_PIXELS


class StillFaces:
    """Learns which faces have not moved for `minutes` (0: none ever), `most` of them at once."""

    def __init__(self, minutes: float, most: int):
        self._after_s = 60 * minutes
        self._most = most
        self._places: dict[int, _Place] = {}  # by the number of the track
        self._left: list[_Place] = []  # by tracks that ended in their place
        self._still: list[_Place] = []

    def leaves_out(self, box: Box) -> bool:
        """Whether a face that was found at `box` is one that never moves."""
        place = next((place for place in self._still if place.box.iou(box) >= SAME_IOU), None)
        if place is None:
            return False
        place.moving = 0 if place.holds(box) else place.moving + 1
        if place.moving >= MOVING_LOOKS:
            self._still.remove(place)
            return False
        return True

    def observe(self, tracks: Iterable[Seen], now: float) -> list[Box]:
        """Hear of a frame's tracks, at its time in seconds; the boxes that are left out from now on."""
        if not self._after_s:
            return []
        before, self._places = self._places, {}
        for track in tracks:
            place = before.pop(track.id, None) or self._inherited(track.box, now)
            if not (track.misses or place.holds(track.box)):
                place = _Place(track.box, now)
            place.last = now
            self._places[track.id] = place
        self._left += before.values()
        self._left = [place for place in self._left if now - place.last < REMEMBERED_S][-self._most :]
        due = [n for n, place in self._places.items() if now - place.since >= self._after_s]
        found = [self._places.pop(number) for number in due]
        self._still = (self._still + found)[-self._most :]
        return [place.box for place in found]

    def _inherited(self, box: Box, now: float) -> _Place:
        """The place of a track that ended there a short while ago, or a new one."""
        place = next((place for place in self._left if place.holds(box)), None)
        if place is None:
            return _Place(box, now)
        self._left.remove(place)
        return place
