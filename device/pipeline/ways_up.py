"""Which way up a new face is looked at: looks at faces on their heads put the keypoints anyhow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from device.faces.detector import quarters_to_upright
from device.tracks.tracker import Track

KEPT = 0.5  # score of a close look by which a followed face is found
CLEAR = 0.8  # score of a look from which it is the way up that its keypoints say
SURE = 0.8  # score of a close look by which a new one is confirmed at once


class Way(NamedTuple):
    """How a close look is taken: right angles by which the picture is turned, clockwise; sharpened."""

    quarters: int
    sharpen: bool


# One after the other, `quarters` from what the keypoints say; most faces that are refused are blurred
TRIED = (Way(0, False), Way(0, True), Way(2, False), Way(0, True), Way(1, False), Way(0, True), Way(3, False))


class WaysUp:
    """Remembers for each followed face the way that a close look proved it, or how many have failed."""

    def __init__(self) -> None:
        self._proven: dict[Track[Any], Way] = {}
        self._failed: dict[Track[Any], int] = {}

    def keep(self, tracks: Iterable[Track[Any]]) -> None:
        """Forget all tracks but these."""
        self._proven = {track: self._proven[track] for track in tracks if track in self._proven}
        self._failed = {track: self._failed[track] for track in tracks if track in self._failed}

    def next(self, track: Track[Any]) -> Way:
        """How the next close look at a face is to be taken."""
        if track in self._proven:
            return self._proven[track]
        quarters, sharpen = self._try(track)
        return Way((quarters_to_upright(track.keypoints) + quarters) % 4, sharpen)

    def own_way(self, track: Track[Any]) -> bool:
        """Whether the next close look is taken as the keypoints say, or as one has proven the face.

        Only then a look that shows none speaks against a new face: one that came in, at first half seen, was
        doubted for what it did not look like on its head.
        """
        return track in self._proven or self._try(track).quarters == 0

    def _try(self, track: Track[Any]) -> Way:
        """The way to try next, its quarters counted from what the keypoints say."""
        way = TRIED[self._failed.get(track, 0) % len(TRIED)]
        return way._replace(quarters=0) if track.score >= CLEAR else way

    def learn(self, track: Track[Any], score: float) -> None:
        """Hear the score, 0 to 1, of the close look that was taken so; 0 where it showed no face.

        A middling one leaves it open for a new face, which may be on its head, but not for a confirmed one.
        """
        if score >= SURE:
            self._proven[track] = self.next(track)
            self._failed.pop(track, None)
        elif score < KEPT or not track.confirmed:
            self._failed[track] = 0 if track in self._proven else self._failed.get(track, 0) + 1
            self._proven.pop(track, None)
