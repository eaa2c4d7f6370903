"""Runs a tracker and age filters over a recording, and keeps what they would display."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np

from device.age.network import Reading
from device.box import Box
from device.config.schema import Settings
from device.person import Interval
from device.pipeline.person_state import person_of, person_states
from device.pipeline.scheduler import DUE_UNCERTAIN, inference_count
from device.tracks.tracker import Track, Tracker
from models.tracks.simulator import CloseUp, Frame, Observation, Recording

# Scores of close-ups of faces and of false positives, measured on clips: mean and standard deviation
CLOSE_UP_FACE, CLOSE_UP_OTHER = (0.91, 0.04), (0.45, 0.12)


class DisplayedTrack(NamedTuple):
    """A track in a frame as displayed; `ages` maps each filter's name to its age in years."""

    id: int
    box: Box
    ages: dict[str, float | None]
    interval: Interval | None = None
    band: str | None = None
    state: str = ""


class SingleFrame:
    """No filter: each frame's own estimate."""

    age: float | None = None

    def update(self, raw: float) -> None:
        """Take in one estimate, in years."""
        self.age = raw


class Ema:
    """Exponential moving average with the weight 0.05 for the newest."""

    age: float | None = None

    def update(self, raw: float) -> None:
        """Take in one estimate, in years."""
        self.age = raw if self.age is None else self.age + 0.05 * (raw - self.age)


class MedianOfTen:
    """The median of the last ten estimates."""

    age: float | None = None

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=10)

    def update(self, raw: float) -> None:
        """Take in one estimate, in years."""
        self._last.append(raw)
        self.age = median(self._last)


# The usual filters on the detector's own crops, and on flip-averaged close-ups, as the device makes them
OTHERS: dict[str, tuple[type, Callable[[Observation], float | None]]] = {
    "single frame": (SingleFrame, lambda one: one.single),
    "EMA 0.05": (Ema, lambda one: one.single),
    "median of 10": (MedianOfTen, lambda one: one.single),
    "close single": (SingleFrame, lambda one: one.close and one.close.both.age),
    "close EMA": (Ema, lambda one: one.close and one.close.both.age),
    "close median": (MedianOfTen, lambda one: one.close and one.close.both.age),
}
OURS = "device"


def replay(recording: Recording, settings: Settings) -> list[list[DisplayedTrack]]:
    """What the device displays in every frame, and the other filters' ages on its tracks.

    The others get every frame's estimate; the device's filter gets as many as its scheduler allows.
    """
    tracker = Tracker(settings, person_states(settings))
    others: dict[Track, dict] = {}  # by track, not by its id: they do not notice a change of person
    due: dict[Track, float] = {}
    rng = np.random.default_rng(recording.scene.seed)
    frames = []
    for before, frame in zip([None, *recording.frames], recording.frames, strict=False):
        seen = {id(one.detection.keypoints): one for one in frame.observations}
        step = frame.t - before.t if before else 0.0
        detections = [one.detection for one in frame.observations]
        tracks = tracker.update(detections, step, close_up_verifier(frame, rng))
        for track in tracks:
            one = seen.get(id(track.keypoints))
            if one is None or one.single is None:
                continue
            filters = others.setdefault(track, {name: make() for name, (make, _) in OTHERS.items()})
            for name, (_, pick) in OTHERS.items():
                if (estimate := pick(one)) is not None:
                    filters[name].update(estimate)
            if one.close and frame.t >= due.get(track, 0.0):
                track.companion.update(_reading(track, one.close), one.close.quality, frame.t)
                wait = settings.schedule.settled_every_s if track.companion.settled else DUE_UNCERTAIN
                due[track] = frame.t + wait - 1e-6
        frames.append([_shown(track, others.get(track, {})) for track in tracks])
    return frames


def _shown(track: Track, others: dict) -> DisplayedTrack:
    person = person_of(track)
    ages = {name: other.age for name, other in others.items()} | {OURS: person.age}
    return DisplayedTrack(person.id, person.box, ages, person.interval, person.band, person.state)


def _reading(track: Track, close: CloseUp) -> Reading:
    """Flip-averaged or, for a settled face, of either image in turn: as `device.pipeline` does it."""
    if inference_count(track) == 2:
        return close.both
    return close.flipped if track.companion.next_is_flipped() else close.single


def close_up_verifier(frame: Frame, rng: np.random.Generator) -> Callable[[Track], float]:
    """What the tracker calls to verify a track with a close-up: samples the detector's score, 0 to 1."""

    def verify(track: Track) -> float:
        is_face = any(box.iou(track.box) > 0.3 for box in frame.ground_truth.values())
        mean, deviation = CLOSE_UP_FACE if is_face else CLOSE_UP_OTHER
        return float(np.clip(rng.normal(mean, deviation), 0, 1))

    return verify


def replay_norfair(recording: Recording) -> list[list[DisplayedTrack]]:
    """The tracks of norfair on the same detections: its defaults, with the corners of the boxes."""
    import norfair

    tracker = norfair.Tracker(
        "iou",
        distance_threshold=0.7,
        hit_counter_max=round(0.7 * recording.scene.fps),
        initialization_delay=2,
    )
    frames = []
    for frame in recording.frames:
        found = [_corners(one) for one in frame.observations]
        tracks = tracker.update([norfair.Detection(points=points) for points in found])
        frames.append([DisplayedTrack(track.id, _box(track.estimate), {}) for track in tracks])
    return frames


def _corners(one: Observation) -> np.ndarray:
    x, y, w, h = one.detection.box
    return np.array([[x, y], [x + w, y + h]])


def _box(corners: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = corners.tolist()
    return Box(x0, y0, x1 - x0, y1 - y0)
