"""Runs a tracker and age filters over a played scene, and keeps what they would have shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np

from device.box import Box
from device.config.schema import Settings
from device.pipeline.person_state import person_of, person_states
from device.pipeline.scheduler import DUE_UNCERTAIN, inference_count
from device.tracks.tracker import Track, Tracker
from models.tracks.simulator import CloseUp, Film, Moment, Sighting

# Scores of close-ups of faces and of what only resembles them, measured on clips: mean and spread
CLOSE_UP_FACE, CLOSE_UP_OTHER = (0.91, 0.04), (0.45, 0.12)


class Shown(NamedTuple):
    """A track in a frame as a viewer sees it; `ages` holds what each filter shows, by its name."""

    id: int
    box: Box
    ages: dict[str, float | None]
    spread: float | None = None
    band: str | None = None
    state: str = ""


class SingleFrame:
    """Today's usual way: each frame's own estimate."""

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


# The usual ways on the detector's own crops; and a single frame as the device takes it, twice of a close-up
OTHERS: dict[str, tuple[type, Callable[[Sighting], float | None]]] = {
    "single frame": (SingleFrame, lambda one: one.single),
    "EMA 0.05": (Ema, lambda one: one.single),
    "median of 10": (MedianOfTen, lambda one: one.single),
    "close single": (SingleFrame, lambda one: one.close and one.close.raw),
    "close EMA": (Ema, lambda one: one.close and one.close.raw),
    "close median": (MedianOfTen, lambda one: one.close and one.close.raw),
}
OURS = "device"


def replay(film: Film, settings: Settings) -> list[list[Shown]]:
    """What the device shows in every frame, and beside it what the other filters would show on its tracks.

    The others hear of every frame; the device estimates as often as its scheduler lets it.
    """
    tracker = Tracker(settings, person_states(settings))
    others: dict[Track, dict] = {}  # by track, not by its number: they do not notice another person
    due: dict[Track, float] = {}
    rng = np.random.default_rng(film.scene.seed)
    frames = []
    for before, moment in zip([None, *film.moments], film.moments, strict=False):
        seen = {id(one.detection.keypoints): one for one in moment.sightings}
        step = moment.t - before.t if before else 0.0
        tracks = tracker.update([one.detection for one in moment.sightings], step, close_up(moment, rng))
        for track in tracks:
            one = seen.get(id(track.keypoints))
            if one is None or one.single is None:
                continue
            filters = others.setdefault(track, {name: make() for name, (make, _) in OTHERS.items()})
            for name, (_, pick) in OTHERS.items():
                if (estimate := pick(one)) is not None:
                    filters[name].update(estimate)
            if one.close and moment.t >= due.get(track, 0.0):
                track.companion.update(_estimate(track, one.close), one.close.quality, moment.t)
                wait = settings.schedule.settled_every_s if track.companion.settled else DUE_UNCERTAIN
                due[track] = moment.t + wait - 1e-6
        frames.append([_shown(track, others.get(track, {})) for track in tracks])
    return frames


def _shown(track: Track, others: dict) -> Shown:
    person = person_of(track)
    ages = {name: other.age for name, other in others.items()} | {OURS: person.age}
    return Shown(person.id, person.box, ages, person.spread, person.band, person.state)


def _estimate(track: Track, close: CloseUp) -> float:
    """Years, both ways round or, of a settled face, either way in turn: as `device.pipeline` does it."""
    if inference_count(track) == 2:
        return close.raw
    return close.mirrored if track.companion.next_is_flipped() else close.single


def close_up(moment: Moment, rng: np.random.Generator):
    """The second look at a track that the tracker asks for: what the detector would score it."""

    def look(track: Track) -> float:
        real = any(truth.iou(track.box) > 0.3 for truth in moment.truth.values())
        mean, spread = CLOSE_UP_FACE if real else CLOSE_UP_OTHER
        return float(np.clip(rng.normal(mean, spread), 0, 1))

    return look


def replay_norfair(film: Film) -> list[list[Shown]]:
    """What norfair's tracker makes of the same detections: its defaults, by the corners of the boxes."""
    import norfair

    tracker = norfair.Tracker(
        "iou", distance_threshold=0.7, hit_counter_max=round(0.7 * film.scene.fps), initialization_delay=2
    )
    frames = []
    for moment in film.moments:
        found = [_corners(one) for one in moment.sightings]
        tracks = tracker.update([norfair.Detection(points=points) for points in found])
        frames.append([Shown(track.id, _box(track.estimate), {}) for track in tracks])
    return frames


def _corners(one: Sighting) -> np.ndarray:
    x, y, w, h = one.detection.box
    return np.array([[x, y], [x + w, y + h]])


def _box(corners: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = corners.tolist()
    return Box(x0, y0, x1 - x0, y1 - y0)
