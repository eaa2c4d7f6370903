"""Follows faces from frame to frame: which detection is whom, who is new, who is gone.

Where the numbers come from, and what half and double of each does, is in this room's README.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.config.schema import Settings
from device.faces.detector import Detection
from device.tracks.assignment import assign
from device.tracks.kalman import Floats, KalmanFilters

# Matching: squared Mahalanobis distance, plus keypoint cost, plus log variance
MAX_MATCH_COST = 12.0  # above, a detection is rather a new face than this track's
GATE_DISTANCE = 20.0  # squared Mahalanobis distance above which a detection cannot be this track's
OUTLIER_STD = np.array([0.12, 0.12])  # face sizes, of centre and extent; detections are so far off at times
LOG_VARIANCE_WEIGHTS = np.array([2.0, 1.0])  # of centre and extent in the likelihood: the centre has two axes
KEYPOINT_STD = 0.06  # face sizes, of a keypoint about its usual place in the face
MAX_KEYPOINT_COST = 14.0  # what a changed pose may cost at most
KEYPOINT_LEARNING_RATE = 0.3  # weight of the newest detection in a track's keypoint layout
TENTATIVE_COST = 2.0  # a confirmed track goes before a tentative one
# Life of a track
TENTATIVE_MAX_LOST_S = 0.25  # a face not yet confirmed may be missed for so long
SHORT_OCCLUSION_S = 0.15  # unseen for longer, a face may come back as somebody else's
LOST_S = 0.25  # a face missed for longer is said to be lost
MATURE_HITS = 8  # after so many detections a track has earned the whole of `coast_s`
DUPLICATE_IOU = 0.4  # a detection that overlaps a followed face so much is no other face
# Confirmation by close-ups
NEUTRAL_SCORE = 0.7  # of a close-up that speaks neither for a face nor against it
CONFIRMATION_SCORE = 0.1  # sum of what close-ups exceed NEUTRAL_SCORE by, to confirm a track
MIN_CONFIRMATION_SCORE = -0.5  # the sum's floor, so that a face once misjudged is not lost for good
MAX_PENDING_CLOSE_UPS = 4  # a face unconfirmed after so many no longer keeps the detector busy


class Companion:
    """What a track carries along of its person; the tracker tells and asks these three things, no more.

    This one knows nothing of anybody. Others override it, and whoever gave the factory knows what they hold.
    """

    __slots__ = ()

    def missed(self) -> None:
        """Hear that the detector ran on a frame and did not find the face."""

    def unseen(self, seconds: float) -> None:
        """Hear that the face is found again, unseen for so long: it may be somebody else's now."""

    def somebody_else(self) -> bool:
        """Whether the face turned out to be somebody else's since this was last asked."""
        return False


C = TypeVar("C", bound=Companion)


class Track(Generic[C]):
    """One face followed over time.

    `box` in pixels of the picture, at the time of the last update; `keypoints` float32 (6, 2) likewise;
    `velocity` of the centre, pixels a second; `score` of the last detection, 0 to 1; `hits` detections so
    far, `misses` runs of the detector without one since the last; `unseen` seconds since it; `absence`
    seconds, the longest that the face was out of view since it has its identity. `last_frame` is the
    tracker's update of the last detection, counted from 0. `companion` is what the tracker's factory made
    for it.
    """

    __slots__ = (
        "_slot",
        "absence",
        "box",
        "close_up_count",
        "companion",
        "confirmation_score",
        "confirmed",
        "hits",
        "id",
        "keypoints",
        "last_frame",
        "misses",
        "next_close_up",
        "score",
        "unseen",
        "velocity",
    )

    def __init__(self, slot: int, detection: Detection, frame: int, companion: C):
        self.id = 0  # given when confirmed
        self.companion = companion
        self.confirmed = False
        self.hits, self.misses, self.unseen, self.absence = 1, 0, 0.0, 0.0
        self.last_frame = frame
        self.confirmation_score, self.close_up_count, self.next_close_up = 0.0, 0, frame
        self.velocity = (0.0, 0.0)
        self.box, self.score, self.keypoints = detection.box, detection.score, detection.keypoints
        self._slot = slot

    def hit(self, detection: Detection, frame: int) -> None:
        """Take the detection that was found to be this face's, in the tracker's update `frame`."""
        if self.unseen > SHORT_OCCLUSION_S:
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


class Tracker(Generic[C]):
    """Constant-velocity Kalman filters, optimal assignment, tracks confirmed and dropped by evidence.

    `settings` holds the section `tracker`. `new_companion` is called for each new track's companion, also of
    one that will never be confirmed; `Companion` itself does where nothing is to be carried along.
    """

    def __init__(self, settings: Settings, new_companion: Callable[[], C]):
        self._settings = settings.tracker
        self._new_companion = new_companion
        self._filters = KalmanFilters(self._settings.max_tracks)
        self._free = list(range(self._settings.max_tracks))[::-1]
        self._unseen = np.zeros(self._settings.max_tracks, bool)
        self._layouts: Floats = np.zeros((self._settings.max_tracks, 6, 2))  # of each slot, see `_layouts`
        self._tracks: list[Track[C]] = []
        self.growing = True  # False: no new faces are taken up
        self._frame = -1
        self._last_id = 0

    @property
    def has_tentative(self) -> bool:
        """Whether there is a new face in view that the next detections will confirm, or not."""
        return any(
            not (track.confirmed or track.misses) and track.close_up_count < MAX_PENDING_CLOSE_UPS
            for track in self._tracks
        )

    @property
    def all_tracks(self) -> tuple[Track[C], ...]:
        """Every track, also those not confirmed yet and those that are not in view now."""
        return tuple(self._tracks)

    def update(
        self,
        detections: list[Detection] | None,
        dt: float,
        verify: Callable[[Track[C]], float | None] | None = None,
    ) -> list[Track[C]]:
        """Advance by `dt` seconds (≥ 0) to the frame of `detections`; None: the detector did not run.

        `verify` gives the score, 0 to 1, of a face in a close-up of its track. It is asked about each new
        face until that is confirmed, and keeps out what resembles a face in the small picture only; None says
        that there is no time now. Returns the confirmed tracks that are in view, or were within the last
        `coast_s` seconds; they live on.
        """
        self._frame += 1
        for track in self._tracks:
            if track.companion.somebody_else() and track.absence:  # who never went is the same person
                self._assign_id(track)
        self._filters.predict(max(dt, 0.0), self._unseen)
        if detections is None:
            missed = self._tracks
            for track in missed:
                track.unseen += dt
        else:
            missed = self._associate(detections, dt, 0.0 if verify else self._settings.init_score)
            self._prune()
        self._write_states(missed)
        self._confirm(verify)
        return [track for track in self._tracks if track.confirmed and self._in_view(track)]

    def _associate(self, detections: list[Detection], dt: float, init_score: float) -> list[Track[C]]:
        """Give each detection to its track or to a new one; returns the tracks left without."""
        measured = _measurements(detections)
        layouts = _layouts(detections, measured)
        pairs = self._match(measured, layouts) if self._tracks and detections else []
        for row, column in pairs:
            self._tracks[row].hit(detections[column], self._frame)
        if pairs:
            slots = np.array([self._tracks[row]._slot for row, _ in pairs])
            columns = np.array([column for _, column in pairs])
            self._filters.update(slots, measured[columns])
            usual = self._layouts[slots]
            self._layouts[slots] = usual + KEYPOINT_LEARNING_RATE * (layouts[columns] - usual)
        seen = {row for row, _ in pairs}
        missed = [track for row, track in enumerate(self._tracks) if row not in seen]
        for track in missed:
            track.misses += 1
            track.unseen += dt
            track.companion.missed()
        self._write_states([self._tracks[row] for row in seen], keypoints=False)
        used = {column for _, column in pairs}
        for column, detection in enumerate(detections):
            if column not in used and detection.score >= init_score:
                self._init_track(detection, measured[column], layouts[column])
        return missed

    def _match(self, measured: Floats, layouts: Floats) -> list[tuple[int, int]]:
        """(track, detection) pairs of greatest likelihood: of position, extent and keypoints' layout."""
        slots = np.array([track._slot for track in self._tracks])
        position = self._filters.position[slots]
        size = 0.5 * (position[:, 1, 0] + position[:, 1, 1])
        variance = self._filters.variance[0, slots] + self._filters.measurement_noise[slots] + OUTLIER_STD**2
        precision = 1 / (variance * np.square(size)[:, None])
        growth = 0.5 * (measured[:, 1, 0] + measured[:, 1, 1]) - size[:, None]
        innovation = measured[None, :, 0] - position[:, None, 0]
        distance = np.einsum("tdk,tdk->td", innovation, innovation) * precision[:, :1]
        distance += np.square(growth) * precision[:, 1:]
        turn = layouts.reshape(-1, 12) - self._layouts[slots].reshape(-1, 1, 12)
        pose = np.einsum("tdk,tdk->td", turn, turn) / (4 * KEYPOINT_STD**2)
        own = np.log(variance) @ LOG_VARIANCE_WEIGHTS
        own[[not track.confirmed for track in self._tracks]] += TENTATIVE_COST
        cost = distance + np.minimum(pose, MAX_KEYPOINT_COST) + own[:, None]
        cost[distance > GATE_DISTANCE] = np.inf
        return assign(cost, MAX_MATCH_COST)

    def _init_track(self, detection: Detection, measured: Floats, layout: Floats) -> None:
        """Start a tentative track, unless none may begin, the face is followed, or there is no room."""
        if not self.growing:
            return
        if any(track.misses == 0 and track.box.iou(detection.box) > DUPLICATE_IOU for track in self._tracks):
            return
        if not self._free and not self._make_room():
            return
        slot = self._free.pop()
        self._filters.init(slot, measured)
        self._layouts[slot] = layout
        self._tracks.append(Track(slot, detection, self._frame, self._new_companion()))

    def _make_room(self) -> bool:
        """Give up the track longest out of view, or else the one least like a face in its close-ups."""
        lost = [track for track in self._tracks if track.misses]
        tentative = [track for track in self._tracks if not track.confirmed and track.close_up_count > 1]
        if lost:
            self._drop(max(lost, key=lambda track: track.unseen))
        elif tentative:
            self._drop(min(tentative, key=lambda track: track.confirmation_score))
        return bool(lost or tentative)

    def _prune(self) -> None:
        """Drop tracks that were out of view for too long."""
        for track in [track for track in self._tracks if track.misses]:
            kept = self._settings.max_lost_s
            if not (track.confirmed or track.close_up_count):
                kept = TENTATIVE_MAX_LOST_S
            if track.unseen > kept:
                self._drop(track)
        self._unseen[:] = False
        self._unseen[[track._slot for track in self._tracks if track.misses]] = True

    def _drop(self, track: Track[C]) -> None:
        self._tracks.remove(track)
        self._free.append(track._slot)

    def _in_view(self, track: Track[C]) -> bool:
        """Whether a track still counts as present: the longer it was there, the longer it may be missed."""
        earned = min(track.hits / MATURE_HITS, 1.0)
        return track.misses == 0 or track.unseen <= self._settings.coast_s * earned

    def _write_states(self, tracks: list[Track[C]], keypoints: bool = True) -> None:
        """Copy the filters' state into the tracks; the keypoints too where no detection gave them."""
        if not tracks:
            return
        position, velocity = self._filters.position, self._filters.velocity
        points = None
        if keypoints:
            points = (self._layouts * position[:, 1:] + position[:, :1]).astype(np.float32)
        for track in tracks:
            (x, y), (w, h) = position[track._slot].tolist()
            track.box = Box(x - w / 2, y - h / 2, w, h)
            vx, vy = velocity[track._slot, 0].tolist()
            track.velocity = vx, vy
            if points is not None:
                track.keypoints = points[track._slot]

    def _confirm(self, verify: Callable[[Track[C]], float | None] | None) -> None:
        """Turn tentative tracks with evidence enough into confirmed ones, with an identity."""
        for track in self._tracks:
            if track.confirmed or track.misses or track.last_frame != self._frame:
                continue
            score = verify(track) if verify and self._frame >= track.next_close_up else None
            if score is not None:
                total = track.confirmation_score + score - NEUTRAL_SCORE
                track.confirmation_score = max(total, MIN_CONFIRMATION_SCORE)
                track.close_up_count += 1
                track.next_close_up = self._frame + track.close_up_count  # less and less often while in doubt
            proven = verify is None or track.confirmation_score >= CONFIRMATION_SCORE
            if track.hits >= self._settings.init_hits and proven:
                track.confirmed = True
                self._assign_id(track)

    def _assign_id(self, track: Track[C]) -> None:
        """Give a track the next number: it is confirmed, or the person behind it is another one now."""
        self._last_id += 1
        track.id = self._last_id
        track.absence = 0.0


def _measurements(detections: list[Detection]) -> Floats:
    """Centre and extent of each box, float64 (n, 2, 2)."""
    boxes = np.array([value for detection in detections for value in detection.box], float).reshape(-1, 2, 2)
    boxes[:, 0] += 0.5 * boxes[:, 1]
    return boxes


def _layouts(detections: list[Detection], measured: Floats) -> Floats:
    """Where the keypoints lie in their boxes, (n, 6, 2), in extents from the centre."""
    if not detections:
        return np.empty((0, 6, 2))
    points: NDArray[np.float32] = np.concatenate([detection.keypoints for detection in detections])
    layouts: Floats = (points.reshape(-1, 6, 2) - measured[:, :1]) / measured[:, 1:]
    return layouts
