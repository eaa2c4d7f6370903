"""Decides what each frame's milliseconds are spent on: whether to detect, and whose age is estimated.

A face waits the more urgently the longer its last estimate is ago, measured by how
soon it is due again: at once when it is new, soon while its age is uncertain, seldom
once it is settled. Because urgency grows without end while a face waits, nobody starves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from device.box import Box
from device.config.schema import Settings

# Where these come from, and what half and double of each does, is in this room's README
DUE_NEW = 0.05  # seconds until a face without any estimate is due
NEW_URGENCY = 10.0  # of a new face: as much as of an uncertain one that waited a second
DUE_UNCERTAIN = 0.1  # seconds until one whose age is not settled is due again
YOUNG_S = 2.0  # as long as a track is younger, the detector runs on every frame
FAST_MOTION = 0.15  # of the face's width between two detections: for faster ones it runs on every frame
MAX_DETECTION_GAP_S = 0.2  # between two detections at most, so that slow cameras keep their tracks
DETECTION_SHARE = 0.6  # of the frame budget: a slower detector is run on fewer frames
PLANNED_SHARE = 0.92  # of the frame budget: the rest is for costs above the running means
COST_LEARNING_RATE = 0.1  # weight of the newest measurement in the running costs


class Companion(Protocol):
    """What the scheduler wants to know of the person behind a track."""

    @property
    def settled(self) -> bool:
        """Whether the age is as good as it will be."""


class Trackable(Protocol):
    """What the scheduler wants to know of a track."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def box(self) -> Box: ...  # noqa: D102
    @property
    def velocity(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def misses(self) -> int: ...  # noqa: D102
    @property
    def companion(self) -> Companion: ...  # noqa: D102


T = TypeVar("T", bound=Trackable)


def _never(track: Trackable) -> bool:
    return False


class Scheduler:
    """Spends `budget` seconds a frame. `level` is the load level of the machine, 0 to 4
    (`device/budget/load_shedding.py`).

    Unless `realtime`, as for a clip taken frame by frame, only a budget that the settings name counts: what
    is seen then depends on the clip alone, not on the machine. Times are those of the frames, in seconds.
    """

    def __init__(self, settings: Settings, fps: float, realtime: bool = True):
        chosen = settings.schedule.frame_budget_ms / 1000
        self.interval = 1 / fps
        self.budget = chosen or (self.interval if realtime else math.inf)
        self.level = 0
        self._every = settings.schedule.detect_every
        self._settled = settings.schedule.settled_every_s
        self._since_detection = 1_000_000  # frames; on the first one the detector runs
        self._born: dict[int, float] = {}
        self._estimated: dict[int, float] = {}
        self.detection_cost = 0.0  # running means, in seconds
        self.inference_cost = 0.0  # of one inference of the age network, without a close-up
        self.close_up_cost = 0.0
        self.render_cost = 0.0

    # --- detecting faces

    def should_detect(self, tracks: Sequence[Trackable], has_tentative: bool, now: float) -> bool:
        """Whether the detector runs on the frame of time `now`; `has_tentative`: a face is unconfirmed."""
        if len(self._born) > len(tracks):
            self._forget_all_but(tracks)
        self._since_detection += 1
        due = self._since_detection >= self._stride(tracks, has_tentative, now)
        if due:
            self._since_detection = 0
        return due

    def _stride(self, tracks: Sequence[Trackable], has_tentative: bool, now: float) -> int:
        """Run the detector on every so many frames."""
        affordable = -int(-self.detection_cost // (DETECTION_SHARE * self.budget)) or 1
        longest = min(self._every, max(1, int(MAX_DETECTION_GAP_S / self.interval)))
        steady = not has_tentative and self._steady(tracks, now, longest * self.interval)
        stride = longest if steady else 1
        return max(stride * (2 if self.level >= 2 else 1), affordable)

    def _steady(self, tracks: Sequence[Trackable], now: float, gap: float) -> bool:
        for track in tracks:
            if track.misses or now - self._born.setdefault(track.id, now) < YOUNG_S:
                return False
            vx, vy = track.velocity
            if (abs(vx) + abs(vy)) * gap > FAST_MOTION * track.box.w:
                return False
        return True

    # --- estimating ages

    def choose(
        self,
        tracks: Sequence[T],
        detected: bool,
        spent: float,
        now: float,
        needs_refresh: Callable[[T], bool] = _never,
    ) -> list[T]:
        """The tracks whose age is estimated on this frame, the most urgent first.

        `detected` tells whether the boxes are of this frame's detection: only then are faces estimated
        again, while a face without any age takes a predicted box too. `spent` is what the frame has
        cost so far, in seconds; `needs_refresh` tells whether a track's estimate takes a close-up, too. One
        face is served even when nothing is left, so that all get their turn.
        """
        urgencies = [(self._urgency(track, detected, now), track) for track in tracks]
        waiting = [pair for pair in urgencies if pair[0] >= 1]
        if not waiting:
            return []
        waiting.sort(key=lambda pair: -pair[0])
        left = PLANNED_SHARE * self.budget - spent - self.render_cost
        most = len(waiting) if self.inference_cost and self.level < 4 else 1
        chosen: list[T] = []
        for _, track in waiting[:most]:
            left -= self.inference_cost * inference_count(track) + self.close_up_cost * needs_refresh(track)
            if chosen and left < 0:
                break
            chosen.append(track)
            self._estimated[track.id] = now
        return chosen

    def _urgency(self, track: Trackable, detected: bool, now: float) -> float:
        """How long the track has waited, in units of how soon it is due; from 1 on it is due."""
        last = self._estimated.get(track.id)
        if track.misses or (last is not None and not detected):
            return 0.0
        if last is None:
            return NEW_URGENCY + (now - self._born.setdefault(track.id, now)) / DUE_NEW
        due = min(DUE_UNCERTAIN, self._settled)
        if track.companion.settled:
            due = self._settled * (4 if self.level >= 1 else 1)
        return (now - last + self.interval / 2) / due if due else 1.0

    def _forget_all_but(self, tracks: Sequence[Trackable]) -> None:
        """Drop what is known of tracks that are gone."""
        present = {track.id for track in tracks}
        for known in (self._born, self._estimated):
            for number in known.keys() - present:
                del known[number]

    # --- learning costs

    def on_detection_cost(self, seconds: float) -> None:
        """Learn what one run of the detector costs."""
        self.detection_cost = _mean(self.detection_cost, seconds)

    def on_age_cost(self, seconds: float, inferences: int) -> None:
        """Learn what one inference of an age costs beside close-ups, from a frame with so many."""
        self.inference_cost = _mean(self.inference_cost, seconds / inferences)

    def on_close_up_cost(self, seconds: float) -> None:
        """Learn what one close-up costs."""
        self.close_up_cost = _mean(self.close_up_cost, seconds)

    def on_render_cost(self, seconds: float) -> None:
        """Learn what drawing the picture and handing it to the outputs costs."""
        self.render_cost = _mean(self.render_cost, seconds)


def inference_count(track: Trackable) -> int:
    """Inferences for one estimate: of crop and mirror image, or of a settled face of either in turn."""
    return 1 if track.companion.settled else 2


def _mean(old: float, new: float) -> float:
    return old + COST_LEARNING_RATE * (new - old) if old else new
