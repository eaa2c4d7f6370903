"""Follows faces from frame to frame: which detection is whom, who is new, who is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from device.box import Box
from device.config.schema import Settings
from device.faces.detector import Detection
from device.tracks.assignment import assign
from device.tracks.kalman import Motion

MATCH_LIMIT = 12.0  # cost above which a detection is rather a new face than this track's
LEAP = np.array([0.12, 0.12])  # face sizes that a detection's centre and extent are off by now and then
GATE = 20.0  # squared Mahalanobis distance above which a detection cannot be this track's
LOG_WEIGHTS = np.array([2.0, 1.0])  # of centre and extent in the likelihood: one counts in x and in y
SHAPE_SPREAD = 0.06  # of a keypoint about its usual place in the face, in face sizes
SHAPE_MOST = 14.0  # what a changed pose may cost at most
TENTATIVE_COST = 2.0  # a confirmed track goes before a tentative one
SHAPE_MEMORY = 0.3  # weight of the newest detection in a track's keypoint layout
TENTATIVE_S = 0.25  # a face not yet confirmed may be missed for so long
BRIEF_S = 0.15  # unseen for longer, a face may come back as somebody else's
LOST_S = 0.25  # a face missed for longer is said to be lost
OLD_HITS = 8  # after so many detections a track has earned the whole of `coast_s`
LOOK_WANTED = 0.7  # score of a close-up that speaks neither for a face nor against it
LOOK_PROOF = 0.1  # sum of what close-ups exceed LOOK_WANTED by, to confirm a track
FRESH_LOOKS = 4  # after so many close-ups in vain it is no news
LOOK_LEAST = -0.5  # what they may fall short by, so that a face once misjudged is not lost for good
TWIN_IOU = 0.4  # a detection that overlaps a followed face so much is no other face


class Companion:
    """What a track carries along of its person; the tracker tells and asks these three things, no more.

    This one knows nothing of anybody. Others override it, and whoever gave the factory knows what they hold.
    """

    __slots__ = ()

    def missed(self) -> None:
        """Hear that the face was looked for in a frame and not found."""

    def unseen(self, seconds: float) -> None:
        """Hear that the face is found again, unseen for so long: it may be somebody else's now."""

    def somebody_else(self) -> bool:
        """Whether the face turned out to be somebody else's since this was last asked."""
        return False


class Track:
    """One face followed over time.

    `box` in pixels of the picture, at the time of the last update; `keypoints` float32 (6, 2) likewise;
    `velocity` of the centre, pixels a second; `score` of the last detection; `hits` detections so far,
    `misses` looks without one since the last; `unseen` seconds since it; `absence` seconds, the longest that
    the face was out of view since it has its identity. `last_frame` is the tracker's update of the last
    detection, counted from 0. `companion` is what the tracker's factory made for it.
    """

    __slots__ = (
        "_slot",
        "absence",
        "box",
        "companion",
        "confirmed",
        "hits",
        "id",
        "keypoints",
        "last_frame",
        "looks",
        "misses",
        "next_look",
        "proof",
        "score",
        "unseen",
        "velocity",
    )

    def __init__(self, slot: int, detection: Detection, frame: int, companion: Companion):
        self.id = 0  # given when confirmed
        self.companion: Any = companion
        self.confirmed = False
        self.hits, self.misses, self.unseen, self.absence = 1, 0, 0.0, 0.0
        self.last_frame = frame
        self.proof, self.looks, self.next_look = 0.0, 0, frame
        self.velocity = (0.0, 0.0)
        self.box, self.score, self.keypoints = detection.box, detection.score, detection.keypoints
        self._slot = slot

    def hit(self, detection: Detection, frame: int) -> None:
        """Take the detection that was found to be this face's, in the tracker's update `frame`."""
        if self.unseen > BRIEF_S:
            self.companion.unseen(self.unseen)
            self.absence = max(self.absence, self.unseen)
        self.hits += 1
        self.misses, self.unseen = 0, 0.0
        self.last_frame = frame
        self.score, self.keypoints = detection.score, detection.keypoints

    @property
    def state(self) -> str:
        """Of the following: tentative until it is confirmed, then tracked, or lost while it is not seen."""
        if self.unseen > LOST_S and self.misses:
            return "lost"
        return "tracked" if self.confirmed else "tentative"


class Tracker:
    """Constant-velocity motion, optimal assignment, births and deaths by evidence.

    `settings` holds the section `tracker`. `new_companion` is called for each new track's companion, also of
    one that will never be confirmed.
    """

    def __init__(self, settings: Settings, new_companion: Callable[[], Companion] = Companion):
        self._settings = settings.tracker
        self._new_companion = new_companion
        self._motion = Motion(self._settings.max_tracks)
        self._free = list(range(self._settings.max_tracks))[::-1]
        self._unseen = np.zeros(self._settings.max_tracks, bool)
        self._shapes = np.zeros((self._settings.max_tracks, 6, 2))  # of each slot, see `_shapes`
        self._tracks: list[Track] = []
        self.growing = True  # False: no new faces are taken up
        self._frame = -1
        self._last_id = 0

    @property
    def doubtful(self) -> bool:
        """Whether there is a new face that the next detections will confirm, or not."""
        return any(
            not (track.confirmed or track.misses) and track.looks < FRESH_LOOKS for track in self._tracks
        )

    def update(
        self,
        detections: list[Detection] | None,
        dt: float,
        look: Callable[[Track], float | None] | None = None,
    ) -> list[Track]:
        """Advance by `dt` seconds (≥ 0) to the frame of `detections`; None says that none were looked for.

        `look` gives the score, 0 to 1, of a face in a close-up of its track. It is asked about each new face
        until that is proven, and keeps out what resembles a face in the small picture only; None says that
        there is no time now. Returns the confirmed tracks that are in view, or were within the last
        `coast_s` seconds; they live on.
        """
        self._frame += 1
        for track in self._tracks:
            if track.companion.somebody_else() and track.absence:  # who never went is the same person
                self._name(track)
        self._motion.predict(max(dt, 0.0), self._unseen)
        if detections is None:
            missed = self._tracks
            for track in missed:
                track.unseen += dt
        else:
            missed = self._associate(detections, dt, 0.0 if look else self._settings.init_score)
            self._bury()
        self._place(missed)
        self._confirm(look)
        return [track for track in self._tracks if track.confirmed and self._in_view(track)]

    def _associate(self, detections: list[Detection], dt: float, init_score: float) -> list[Track]:
        """Give each detection to its track or to a new one; returns the tracks left without."""
        places = _places(detections)
        shapes = _shapes(detections, places)
        pairs = self._match(places, shapes) if self._tracks and detections else []
        for row, column in pairs:
            self._tracks[row].hit(detections[column], self._frame)
        if pairs:
            slots = np.array([self._tracks[row]._slot for row, _ in pairs])
            columns = np.array([column for _, column in pairs])
            self._motion.correct(slots, places[columns])
            usual = self._shapes[slots]
            self._shapes[slots] = usual + SHAPE_MEMORY * (shapes[columns] - usual)
        seen = {row for row, _ in pairs}
        missed = [track for row, track in enumerate(self._tracks) if row not in seen]
        for track in missed:
            track.misses += 1
            track.unseen += dt
            track.companion.missed()
        self._place([self._tracks[row] for row in seen], keypoints=False)
        used = {column for _, column in pairs}
        for column, detection in enumerate(detections):
            if column not in used and detection.score >= init_score:
                self._begin(detection, places[column], shapes[column])
        return missed

    def _match(self, places: np.ndarray, shapes: np.ndarray) -> list[tuple[int, int]]:
        """(track, detection) pairs of greatest likelihood: of place, extent and keypoints' layout."""
        slots = np.array([track._slot for track in self._tracks])
        place = self._motion.place[slots]
        size = 0.5 * (place[:, 1, 0] + place[:, 1, 1])
        variance = self._motion.variance[0, slots] + self._motion.noise[slots] + LEAP**2
        precision = 1 / (variance * np.square(size)[:, None])
        growth = 0.5 * (places[:, 1, 0] + places[:, 1, 1]) - size[:, None]
        away = places[None, :, 0] - place[:, None, 0]
        distance = np.einsum("tdk,tdk->td", away, away) * precision[:, :1]
        distance += np.square(growth) * precision[:, 1:]
        turn = shapes.reshape(-1, 12) - self._shapes[slots].reshape(-1, 1, 12)
        pose = np.einsum("tdk,tdk->td", turn, turn) / (4 * SHAPE_SPREAD**2)
        own = np.log(variance) @ LOG_WEIGHTS
        own[[not track.confirmed for track in self._tracks]] += TENTATIVE_COST
        cost = distance + np.minimum(pose, SHAPE_MOST) + own[:, None]
        cost[distance > GATE] = np.inf
        return assign(cost, MATCH_LIMIT)

    def _begin(self, detection: Detection, place: np.ndarray, shape: np.ndarray) -> None:
        """Start a tentative track, unless none may begin, the face is followed, or there is no room."""
        if not self.growing:
            return
        if any(track.misses == 0 and track.box.iou(detection.box) > TWIN_IOU for track in self._tracks):
            return
        if not self._free and not self._make_room():
            return
        slot = self._free.pop()
        self._motion.start(slot, place)
        self._shapes[slot] = shape
        self._tracks.append(Track(slot, detection, self._frame, self._new_companion()))

    def _make_room(self) -> bool:
        """Give up the track longest out of view, or else the one least like a face in its close-ups."""
        lost = [track for track in self._tracks if track.misses]
        doubtful = [track for track in self._tracks if not track.confirmed and track.looks > 1]
        if lost:
            self._drop(max(lost, key=lambda track: track.unseen))
        elif doubtful:
            self._drop(min(doubtful, key=lambda track: track.proof))
        return bool(lost or doubtful)

    def _bury(self) -> None:
        """Drop tracks that were out of view for too long."""
        for track in [track for track in self._tracks if track.misses]:
            kept = self._settings.max_lost_s if track.confirmed or track.looks else TENTATIVE_S
            if track.unseen > kept:
                self._drop(track)
        self._unseen[:] = False
        self._unseen[[track._slot for track in self._tracks if track.misses]] = True

    def _drop(self, track: Track) -> None:
        self._tracks.remove(track)
        self._free.append(track._slot)

    def _in_view(self, track: Track) -> bool:
        """Whether a track still counts as present: the longer it was there, the longer it may be missed."""
        earned = min(track.hits / OLD_HITS, 1.0)
        return track.misses == 0 or track.unseen <= self._settings.coast_s * earned

    def _place(self, tracks: list[Track], keypoints: bool = True) -> None:
        """Copy the filters' state into the tracks; the keypoints too where no detection gave them."""
        if not tracks:
            return
        place, speed = self._motion.place, self._motion.speed
        if keypoints:
            points = (self._shapes * place[:, 1:] + place[:, :1]).astype(np.float32)
        for track in tracks:
            (x, y), (w, h) = place[track._slot].tolist()
            track.box = Box(x - w / 2, y - h / 2, w, h)
            track.velocity = tuple(speed[track._slot, 0].tolist())
            if keypoints:
                track.keypoints = points[track._slot]

    def _confirm(self, look: Callable[[Track], float | None] | None) -> None:
        """Turn tentative tracks with evidence enough into confirmed ones, with an identity."""
        for track in self._tracks:
            if track.confirmed or track.misses or track.last_frame != self._frame:
                continue
            score = look(track) if look and self._frame >= track.next_look else None
            if score is not None:
                track.proof = max(track.proof + score - LOOK_WANTED, LOOK_LEAST)
                track.looks += 1
                track.next_look = self._frame + track.looks  # ever more seldom, for what stays doubtful
            if track.hits >= self._settings.init_hits and (look is None or track.proof >= LOOK_PROOF):
                track.confirmed = True
                self._name(track)

    def _name(self, track: Track) -> None:
        """Give a track the next number: it is confirmed, or the person behind it is another one now."""
        self._last_id += 1
        track.id = self._last_id
        track.absence = 0.0


def _places(detections: list[Detection]) -> np.ndarray:
    """Centre and extent of each box, float64 (n, 2, 2)."""
    boxes = np.array([value for detection in detections for value in detection.box], float).reshape(-1, 2, 2)
    boxes[:, 0] += 0.5 * boxes[:, 1]
    return boxes


def _shapes(detections: list[Detection], places: np.ndarray) -> np.ndarray:
    """Where the keypoints lie in their boxes, (n, 6, 2), in extents from the centre."""
    if not detections:
        return np.empty((0, 6, 2))
    points = np.concatenate([detection.keypoints for detection in detections]).reshape(-1, 6, 2)
    return (points - places[:, :1]) / places[:, 1:]
