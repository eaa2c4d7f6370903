"""Decides what each frame's milliseconds are spent on: a look for faces, and whose age is estimated.

A face waits the more urgently the longer its last estimate is ago, measured by how
soon it is due again: at once when it is new, soon while its age is uncertain, seldom
once it is settled. Because urgency grows without end while a face waits, nobody starves.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from device.config.schema import Settings

DUE_NEW = 0.05  # seconds until a face without any estimate is due
NEW_FIRST = 10.0  # urgency of a new face: as much as of an uncertain one that waited a second
DUE_UNCERTAIN = 0.1  # until one whose age is not settled is due again
YOUNG = 2.0  # seconds: as long as a track is younger, faces are looked for on every frame
FAST = 0.15  # of the face's width: moving further between two looks, it is looked for on every frame
LONGEST_BLIND = 0.2  # seconds between two looks at most, so that slow cameras keep their tracks
DETECTION_SHARE = 0.6  # of the frame budget: a slower detector is run on fewer frames
FORESEEN = 0.92  # of the frame budget: the rest is for costs above the running means
LEARNING = 0.1  # weight of the newest measurement in the running costs


class Scheduler:
    """Spends `budget` seconds a frame. `level` is how strained the machine is, 0 to 4
    (`device/budget/load_shedding.py`).

    Without `hurry`, as for a clip taken frame by frame, only a budget that the settings name counts: what
    is seen then depends on the clip alone, not on the machine.

    Tracks are anything with `id`, `box`, `velocity`, `misses` and a `companion` that knows whether its age is
    `settled`; times are those of the frames, in seconds.
    """

    def __init__(self, settings: Settings, fps: float, hurry: bool = True):
        chosen = settings.schedule.frame_budget_ms / 1000
        self.interval = 1 / fps
        self.budget = chosen or (self.interval if hurry else math.inf)
        self.level = 0
        self._every = settings.schedule.detect_every
        self._settled = settings.schedule.settled_every_s
        self._since_look = 1_000_000  # frames since the detector ran; the first frame is looked at
        self._born: dict[int, float] = {}
        self._estimated: dict[int, float] = {}
        self.detection_cost = 0.0  # running means, in seconds
        self.age_cost = 0.0  # of one reading, without a close-up
        self.close_up_cost = 0.0
        self.picture_cost = 0.0

    # --- looking for faces

    def look(self, tracks: list, doubtful: bool, now: float) -> bool:
        """Whether the detector runs on the frame of time `now`; `doubtful`: a face is not yet confirmed."""
        if len(self._born) > len(tracks):
            self._forget_all_but(tracks)
        self._since_look += 1
        due = self._since_look >= self._stride(tracks, doubtful, now)
        if due:
            self._since_look = 0
        return due

    def _stride(self, tracks: list, doubtful: bool, now: float) -> int:
        """Run the detector on every so many frames."""
        affordable = -int(-self.detection_cost // (DETECTION_SHARE * self.budget)) or 1
        calm = min(self._every, max(1, int(LONGEST_BLIND / self.interval)))
        steady = not doubtful and self._steady(tracks, now, calm * self.interval)
        stride = calm if steady else 1
        return max(stride * (2 if self.level >= 2 else 1), affordable)

    def _steady(self, tracks: list, now: float, blind: float) -> bool:
        for track in tracks:
            if track.misses or now - self._born.setdefault(track.id, now) < YOUNG:
                return False
            vx, vy = track.velocity
            if (abs(vx) + abs(vy)) * blind > FAST * track.box.w:
                return False
        return True

    # --- estimating ages

    def choose(
        self,
        tracks: list,
        looked: bool,
        spent: float,
        now: float,
        stale: Callable[..., bool] = lambda track: False,
    ) -> list:
        """The tracks whose age is estimated on this frame, the most urgent first.

        `looked` tells whether the boxes are of this frame's detection: only then are faces estimated
        again, while a face without any age takes a predicted box too. `spent` is what the frame has
        cost so far, in seconds; `stale` tells whether a track's estimate takes a close-up, too. One face is
        served even when nothing is left, so that all get their turn.
        """
        urgencies = [(self._urgency(track, looked, now), track) for track in tracks]
        waiting = [pair for pair in urgencies if pair[0] >= 1]
        if not waiting:
            return []
        waiting.sort(key=lambda pair: -pair[0])
        left = FORESEEN * self.budget - spent - self.picture_cost
        most = len(waiting) if self.age_cost and self.level < 4 else 1
        chosen = []
        for _, track in waiting[:most]:
            left -= self.age_cost * readings(track) + self.close_up_cost * stale(track)
            if chosen and left < 0:
                break
            chosen.append(track)
            self._estimated[track.id] = now
        return chosen

    def _urgency(self, track, looked: bool, now: float) -> float:
        """How long the track has waited, in units of how soon it is due; from 1 on it is due."""
        last = self._estimated.get(track.id)
        if track.misses or (last is not None and not looked):
            return 0.0
        if last is None:
            return NEW_FIRST + (now - self._born.setdefault(track.id, now)) / DUE_NEW
        due = min(DUE_UNCERTAIN, self._settled)
        if track.companion.settled:
            due = self._settled * (4 if self.level >= 1 else 1)
        return (now - last + self.interval / 2) / due if due else 1.0

    def _forget_all_but(self, tracks: list) -> None:
        """Drop what is known of tracks that are gone."""
        present = {track.id for track in tracks}
        for known in (self._born, self._estimated):
            for number in known.keys() - present:
                del known[number]

    # --- learning costs

    def detected(self, seconds: float) -> None:
        """Learn what one look for faces costs."""
        self.detection_cost = _mean(self.detection_cost, seconds)

    def aged(self, seconds: float, read: int) -> None:
        """Learn what one reading of an age costs beside close-ups, from a frame with so many."""
        self.age_cost = _mean(self.age_cost, seconds / read)

    def looked_closer(self, seconds: float) -> None:
        """Learn what one close-up costs."""
        self.close_up_cost = _mean(self.close_up_cost, seconds)

    def pictured(self, seconds: float) -> None:
        """Learn what drawing and handing out the picture costs."""
        self.picture_cost = _mean(self.picture_cost, seconds)


def readings(track) -> int:
    """How often an age is read for an estimate: both ways round, or of a settled face by either in turn."""
    return 1 if track.companion.settled else 2


def _mean(old: float, new: float) -> float:
    return old + LEARNING * (new - old) if old else new
