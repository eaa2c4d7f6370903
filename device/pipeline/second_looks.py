"""One further look a frame: at a followed face that the whole picture does not show, or for new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple, Protocol, runtime_checkable

from device.box import Box
from device.faces.close_up import as_in_first_look
from device.faces.detector import Detection, quarters_to_upright
from device.frame import Image
from device.tracks.tracker import Track

FOUND_IOU = 0.3  # of a look with a followed face's box, from which the face is found
STRONG = 0.4  # score of a look from which it needs no proof where a face is followed
FAIR = 0.3  # score of a weak look from which its own box and keypoints are kept, once a close look proves it
KEPT = 0.5  # score of a close look by which a followed face is found
PROVEN_S = 0.5  # seconds that weak looks are believed for, at a face that was there
ELSEWHERE = 0.4  # score that looks for new faces need, as nobody is there for whom there is evidence
WINDOW, STEP = 0.667, 0.333  # sides of the picture's shorter side: of the windows, and between them


@runtime_checkable
class PartDetector(Protocol):
    """What also finds faces in parts of a picture, as `FaceDetector` does."""

    def detect_in(self, image: Image, part: Box, quarters: int = 0) -> list[Detection]:
        """As `FaceDetector.detect_in`."""

    def close_up(self, image: Image, box: Box, quarters: int = 0) -> Detection | None:
        """As `FaceDetector.close_up`."""


class SecondLooks:
    """Remembers when each followed face was last proven, and where new ones were last looked for."""

    def __init__(self, detector: PartDetector, size: tuple[int, int]):
        self._detector = detector
        self._elsewhere = cycle(places(*size))
        self._proven: dict[Track[Any], float] = {}

    def complete(
        self, found: list[Detection], image: Image, tracks: Sequence[Track[Any]], now: float
    ) -> list[Detection]:
        """What was found in the whole picture `image` at frame time `now`, and what one further look adds.

        At a followed face, also one that is not yet confirmed, weak looks count for `PROVEN_S` after a strong
        one, or where a close look proves them; that finds what no look shows, too. Where nobody is followed
        and nothing is found, the next of several places is searched.
        """
        self._proven = {track: self._proven.get(track, now) for track in tracks}
        present = [track for track in tracks if not track.misses and _hopeful(track)]
        strong = [face for face in found if face.score >= STRONG]
        if not present and not strong:
            return [*found, *self._look_elsewhere(image)]
        missed = []
        for track in present:
            if any(face.box.iou(track.box) > FOUND_IOU for face in strong):
                self._proven[track] = now
            else:
                missed.append(track)
        if not missed:
            return found
        track = min(missed, key=lambda track: self._proven[track])
        close = self._detector.close_up(image, track.box, quarters_to_upright(track.keypoints))
        if close is not None and close.score >= KEPT:
            self._proven[track] = now
            look = _proven_look(close, found, max(image.shape))
            others = (face for face in found if face.box.iou(track.box) <= FOUND_IOU and face is not look)
            return [*others, look]
        if now - self._proven[track] > PROVEN_S:
            return [face for face in found if face.box.iou(track.box) <= FOUND_IOU]
        return found

    def _look_elsewhere(self, image: Image) -> list[Detection]:
        part, quarters = next(self._elsewhere)
        faces = self._detector.detect_in(image, part, quarters)
        longer = max(image.shape)
        return [
            Detection(
                as_in_first_look(face.box, longer) if quarters == 0 else face.box, face.score, face.keypoints
            )
            for face in faces
            if face.score >= ELSEWHERE
        ]


def _proven_look(close: Detection, found: list[Detection], longer: int) -> Detection:
    """The weak look that a close one proves, or about what it would be where there is none.

    First looks' boxes are 1.1 to 2.2 times as wide as close ones, and have other keypoints in them: a track
    that is given the one in place of the other loses its face to the next.
    """
    box = as_in_first_look(close.box, longer)
    weak = max(found, key=lambda face: face.box.iou(box), default=None)
    if weak is not None and weak.score >= FAIR and weak.box.iou(box) > FOUND_IOU:
        return weak
    return Detection(box, close.score, close.keypoints)


def _hopeful(track: Track[Any]) -> bool:
    return track.confirmed or track.confirmation_score >= 0


class Place(NamedTuple):
    """Where to look: a part of the picture, turned clockwise by so many right angles."""

    part: Box
    quarters: int


def places(width: int, height: int) -> Iterator[Place]:
    """Where to look for faces that the whole picture of this size does not show.

    Windows, from the top, in which far faces are larger; between them the whole, turned.
    """
    side, step = WINDOW * min(width, height), STEP * min(width, height)
    across = round((width - side) / step) + 1
    down = round((height - side) / step) + 1
    whole = Box(0, 0, width, height)
    turns: list[tuple[int, ...]] = [(1, 3), (2,), *[()] * down]
    for row in range(down):
        y = row * (height - side) / max(down - 1, 1)
        for column in range(across):
            yield Place(Box(column * (width - side) / max(across - 1, 1), y, side, side), 0)
        yield from (Place(whole, quarters) for quarters in turns.pop(0))
