"""One further look a frame: at a followed face that the whole picture does not show, or for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from device.box import Box
from device.faces.close_up import as_in_first_look
from device.faces.detector import Detection, quarters_to_upright
from device.frame import Image
from device.pipeline.search_order import SearchOrder
from device.pipeline.ways_up import KEPT, WaysUp
from device.tracks.tracker import NEUTRAL_SCORE, Track

FOUND_IOU = 0.3  # of a look with a followed face's box, from which the face is found
FAIR = 0.3  # score of a weak look from which its own box and keypoints are kept, once a close look proves it
PROVEN_S = 0.5  # seconds that weak looks are believed for at a face that was there, and that it is looked for
LOOK_IOU = 0.37  # of a look with what it would be by its close-up, below which it is at another face
ELSEWHERE_EVERY = 4  # searched frames on which somebody is there: so often others are looked for


@runtime_checkable
class PartDetector(Protocol):
    """What also finds faces in parts of a picture, as `FaceDetector` does."""

    def detect_in(self, image: Image, part: Box, quarters: int = 0) -> list[Detection]:
        """As `FaceDetector.detect_in`."""

    def close_up(self, image: Image, box: Box, quarters: int = 0, sharpen: bool = False) -> Detection | None:
        """As `FaceDetector.close_up`."""


class SecondLooks:
    """Remembers when each followed face was last proven, and where new ones were last looked for.

    `size`: the pictures' width and height. `strong`: score of a look, 0 to 1, from which it needs no proof
    where a face is followed, and which new faces need elsewhere.
    """

    def __init__(self, detector: PartDetector, size: tuple[int, int], strong: float):
        self._detector = detector
        self._strong = strong
        self._order = SearchOrder(*size)
        self._proven: dict[Track[Any], float] = {}
        self.ways = WaysUp()
        self._referred: Detection | None = None  # a face that a close-up showed beside a look
        self._looked_closer = False  # on the last frame
        self._calm = 0  # frames since others than those who are there were looked for

    def refers(self, track: Track[Any], close: Detection, longer: int) -> bool:
        """Whether a new face's look shows another than its close-up: somewhere else, or upside down.

        It may be of head and shoulders, or of a face on its head. The face itself is looked at on the next
        frame, then. `longer`: the longer side of the picture.
        """
        ways = quarters_to_upright(close.keypoints), quarters_to_upright(track.keypoints)
        other = abs(ways[0] - ways[1]) == 2 or as_in_first_look(close.box, longer).iou(track.box) < LOOK_IOU
        if other and close.score >= NEUTRAL_SCORE:
            self._referred = close
        return other

    def complete(
        self, found: list[Detection], image: Image, tracks: Sequence[Track[Any]], now: float
    ) -> list[Detection]:
        """What was found in the whole picture `image` at frame time `now`, and what one further look adds.

        At a followed face, also one that is not yet confirmed, weak looks count where there is no strong one,
        for `PROVEN_S` after it, or where a close look proves them; that finds what no look shows, too. Where
        nobody is followed, and now and then where somebody is, the next of several places is searched.
        """
        self._proven = {track: self._proven.get(track, now) for track in tracks}
        self.ways.keep(tracks)
        present = [track for track in tracks if _there(track) and _hopeful(track)]
        doubted = [track for track in tracks if not _hopeful(track)]
        strong = [face for face in found if face.score >= self._strong]
        missed = []
        for track in present:
            if any(_shows(face, track.box) for face in strong):
                self._proven[track] = now
            else:
                missed.append(track)
        settled = [track for track in present if track not in missed or now - self._proven[track] > PROVEN_S]
        believed = [face for face in found if face.score >= self._strong or not _is_at(face, settled)]
        if self._referred is not None and not self._looked_closer:
            return self._look_closer(believed, image)
        self._looked_closer = False
        new = [face for face in strong if not _is_at(face, doubted)]
        self._calm = self._calm + 1 if present or new else ELSEWHERE_EVERY
        if self._calm >= ELSEWHERE_EVERY and all(track.confirmed for track in present):
            return self._look_elsewhere(believed, image, present)
        if not missed:
            return believed
        track = min(missed, key=lambda track: self._proven[track])
        close = self._detector.close_up(image, track.box, *self.ways.next(track))
        self.ways.learn(track, close.score if close else 0.0)
        if close is None or close.score < KEPT:
            return believed
        self._proven[track] = now
        look = _proven_look(close, found, track.box, max(image.shape))
        others = (face for face in found if face.box.iou(track.box) <= FOUND_IOU and face is not look)
        return [*others, look]

    def _look_closer(self, found: list[Detection], image: Image) -> list[Detection]:
        """At the face that the last frame's close-up of a new look showed beside it."""
        known, self._referred, self._looked_closer = self._referred, None, True
        assert known is not None
        close = self._detector.close_up(image, known.box, quarters_to_upright(known.keypoints))
        if close is None or close.score < KEPT:
            return found
        return _instead(found, [close._replace(box=as_in_first_look(close.box, max(image.shape)))])

    def _look_elsewhere(
        self, found: list[Detection], image: Image, present: list[Track[Any]]
    ) -> list[Detection]:
        """At the next place, for others than those who are `present`."""
        self._calm = 0
        part, quarters = self._order.next(image, [track.box for track in present])
        longer = max(image.shape)
        new = [
            face if quarters else face._replace(box=as_in_first_look(face.box, longer))
            for face in self._detector.detect_in(image, part, quarters)
            if face.score >= self._strong
        ]
        new = [face for face in new if not _is_at(face, present) and not _shown_better(face, found)]
        return _instead(found, new)


def _proven_look(close: Detection, found: list[Detection], followed: Box, longer: int) -> Detection:
    """The weak look that a close one proves, or about what it would be where that is more like the track's.

    First looks' boxes are 1.1 to 2.2 times as wide as close ones, and have other keypoints in them: a track
    that is given the one in place of the other loses its face to the next, which may be a new one's.
    `followed`: the track's box.
    """
    box = as_in_first_look(close.box, longer)
    upright = quarters_to_upright(close.keypoints)
    alike = (face for face in found if quarters_to_upright(face.keypoints) == upright)
    weak = max(alike, key=lambda face: face.box.iou(box), default=None)
    fair = weak is not None and weak.score >= FAIR and weak.box.iou(box) > FOUND_IOU
    if weak and fair and weak.box.iou(followed) >= box.iou(followed):
        return weak
    return Detection(box, close.score, close.keypoints)


def _instead(found: list[Detection], new: list[Detection]) -> list[Detection]:
    return [*(face for face in found if all(face.box.iou(n.box) <= FOUND_IOU for n in new)), *new]


def _shown_better(face: Detection, found: list[Detection]) -> bool:
    """Whether the first look shows it better. Turned looks at upright faces kept a track from its own."""
    return any(other.score >= face.score and face.box.iou(other.box) > FOUND_IOU for other in found)


def _shows(face: Detection, box: Box) -> bool:
    return face.box.iou(box) > LOOK_IOU


def _is_at(face: Detection, tracks: list[Track[Any]]) -> bool:
    return any(face.box.iou(track.box) > FOUND_IOU for track in tracks)


def _there(track: Track[Any]) -> bool:
    return track.unseen <= PROVEN_S if track.confirmed else not track.misses


def _hopeful(track: Track[Any]) -> bool:
    return track.confirmed or track.confirmation_score >= KEPT - NEUTRAL_SCORE  # by one close look
