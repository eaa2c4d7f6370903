"""Metrics of the displayed ages: error, convergence time, stability, coverage of the interval."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from device.age.bands import Bands
from models.tracks.identity_metrics import match
from models.tracks.replay import OURS, DisplayedTrack
from models.tracks.simulator import Recording

CHECKED_AT_S = (0.5, 1.0, 2.0, 5.0)  # after the first detection of a face: when the error is taken
WINDOW_S = 0.2  # before and after such a time, over which the error is averaged
CONVERGED_WITHIN = 1.0  # years from its own final value
ASSUMED_SETTLED_S = 1.0  # other filters do not say when they have settled; from then on they are measured


class Series(NamedTuple):
    """What was displayed of one person: one entry a frame, from their first detection on.

    `ages` maps each filter to float (frames,), NaN where no age is displayed; `tracks` is int (frames,), -1
    for none; `low` and `high` (its 80 % interval, years) and `settled` bool (frames,) are the device's own.
    """

    kind: str
    replacement: bool  # whether this person took another's place
    age: float
    t: np.ndarray  # seconds since the first detection
    ages: dict[str, np.ndarray]
    tracks: np.ndarray
    low: np.ndarray
    high: np.ndarray
    settled: np.ndarray
    bands: list[str | None]


def series(recording: Recording, displayed: list[list[DisplayedTrack]]) -> list[Series]:
    """One series for each person of a scene that the detector ever found."""
    matches = match(recording, displayed)
    filters = {name for shown in displayed for one in shown for name in one.ages}
    out = []
    for person, age in enumerate(recording.ages):
        observed = (
            i
            for i, frame in enumerate(recording.frames)
            if any(one.person == person for one in frame.observations)
        )
        first = next(observed, None)
        if first is None:
            continue
        present = [i for i in range(first, len(displayed)) if person in recording.frames[i].ground_truth]
        tracks = np.array([matches[i].get(person, -1) for i in present])
        ones = [
            next((one for one in displayed[i] if one.id == track), None)
            for i, track in zip(present, tracks, strict=True)
        ]

        def values(pick: Callable[[DisplayedTrack], float | None], ones=ones) -> np.ndarray:
            return np.array([np.nan if one is None or (v := pick(one)) is None else v for one in ones], float)

        out.append(
            Series(
                recording.scene.kind,
                recording.scene.kind == "replaced" and person > 0,
                age,
                np.array([recording.frames[i].t - recording.frames[first].t for i in present]),
                {name: values(partial(_age_by, name)) for name in filters},
                tracks,
                values(lambda one: one.interval and one.interval[0]),
                values(lambda one: one.interval and one.interval[1]),
                np.array([one is not None and one.state == "settled" for one in ones]),
                [one.band if one else None for one in ones],
            )
        )
    return out


def _age_by(name: str, one: DisplayedTrack) -> float | None:
    return one.ages.get(name)


def error_at(people: list[Series], name: str, second: float) -> tuple[float, float]:
    """Mean absolute error of filter `name` at a time, over people of whom the device displays an age by then.

    Returns it, and the share of people, 0 to 1, of whom it does.
    """
    errors, present_count = [], 0
    for one in people:
        window = np.abs(one.t - second) <= WINDOW_S
        if one.t[-1] < second or not (one.tracks[window] >= 0).any():
            continue
        present_count += 1
        shown = window & ~np.isnan(one.ages[OURS])
        if shown.any():
            errors.append(float(np.abs(one.ages[name][shown] - one.age).mean()))
    return (float(np.mean(errors)) if errors else np.nan), len(errors) / max(present_count, 1)


def convergence_time(one: Series, name: str) -> float:
    """Seconds until the age stays within `CONVERGED_WITHIN` of its last value; infinite if there is none."""
    values = one.ages[name]
    shown = np.flatnonzero(~np.isnan(values))
    if not len(shown):
        return np.inf
    away = shown[np.abs(values[shown] - values[shown[-1]]) > CONVERGED_WITHIN]
    after = shown[shown > away[-1]] if len(away) else shown
    return float(one.t[after[0]])


def settled_values(one: Series, name: str) -> np.ndarray:
    """The values of filter `name` once settled, without NaN."""
    values = one.ages[name]
    if name == OURS:
        begin = int(np.argmax(one.settled)) if one.settled.any() else len(values)
    else:
        begin = int(np.searchsorted(one.t, ASSUMED_SETTLED_S))
    return values[begin:][~np.isnan(values[begin:])]


def settled_deviation(one: Series, name: str) -> float:
    """Standard deviation in years of the displayed age once settled; NaN where it never is."""
    values = settled_values(one, name)
    return float(np.std(values)) if len(values) > 1 else np.nan


def changes(people: list[Series], name: str, what: Callable[[float], object]) -> float:
    """Changes a minute of `what` of the displayed age, of settled tracks."""
    count, seconds = 0, 0.0
    for one in people:
        values = settled_values(one, name)
        count += sum(what(a) != what(b) for a, b in pairwise(values))
        seconds += len(values) * float(np.median(np.diff(one.t))) if len(one.t) > 1 else 0.0
    return 60 * count / max(seconds, 1e-9)


def band_changes(people: list[Series], name: str, bands: Bands) -> float:
    """Changes a minute of the displayed band, of settled tracks; the device's own bands have hysteresis."""
    if name != OURS:
        return changes(people, name, bands.index)
    count, seconds = 0, 0.0
    for one in people:
        begin = int(np.argmax(one.settled)) if one.settled.any() else len(one.bands)
        shown = [band for band in one.bands[begin:] if band]
        count += sum(a != b for a, b in pairwise(shown))
        seconds += len(shown) * float(np.median(np.diff(one.t))) if len(one.t) > 1 else 0.0
    return 60 * count / max(seconds, 1e-9)


def interval_coverage(people: list[Series]) -> float:
    """Share of the settled frames, 0 to 1, whose interval covers the true age; each person counts once."""
    shares = []
    for one in people:
        inside = (one.low <= one.age) & (one.age <= one.high)
        if one.settled.any():
            shares.append(float(inside[one.settled].mean()))
    return float(np.mean(shares)) if shares else np.nan


def share_with_age(people: list[Series]) -> float:
    """Share of the frames of all people, 0 to 1, in which the device displays an age."""
    shown = sum(int((~np.isnan(one.ages[OURS])).sum()) for one in people)
    return shown / max(sum(len(one.t) for one in people), 1)
