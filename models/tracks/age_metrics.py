"""How soon, how right and how steady the shown ages are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from device.age.bands import Bands
from models.tracks.identity_metrics import match
from models.tracks.replay import OURS, Shown
from models.tracks.simulator import Film

AT = (0.5, 1.0, 2.0, 5.0)  # seconds after a face was first found, at which the error is taken
NEAR = 1.0  # years: as near to its own final value, an age has arrived
AROUND_S = 0.2  # seconds before and after such a time, over which the error is averaged
SETTLED_S = 1.0  # other filters have no word for settled; they are judged from then on


class Series(NamedTuple):
    """What was shown of one person: one entry a frame, from the first in which the detector found them.

    `ages` maps each filter to float (frames,), NaN where nothing is shown; `tracks` is int (frames,), -1 for
    none; `spread` float and `settled` bool (frames,) are the device's own.
    """

    kind: str
    later: bool  # whether this person took the place of another
    age: float
    t: np.ndarray  # seconds since the first detection
    ages: dict[str, np.ndarray]
    tracks: np.ndarray
    spread: np.ndarray
    settled: np.ndarray
    bands: list[str | None]


def series(film: Film, frames: list[list[Shown]]) -> list[Series]:
    """One series for each person of a scene that the detector ever found."""
    matches = match(film, frames)
    filters = {name for shown in frames for one in shown for name in one.ages}
    out = []
    for person, age in enumerate(film.ages):
        seen = (i for i, m in enumerate(film.moments) if any(one.person == person for one in m.sightings))
        first = next(seen, None)
        if first is None:
            continue
        present = [i for i in range(first, len(frames)) if person in film.moments[i].truth]
        tracks = np.array([matches[i].get(person, -1) for i in present])
        ones = [
            next((one for one in frames[i] if one.id == track), None)
            for i, track in zip(present, tracks, strict=True)
        ]

        def values(pick: Callable[[Shown], float | None], ones=ones) -> np.ndarray:
            return np.array([np.nan if one is None or (v := pick(one)) is None else v for one in ones], float)

        out.append(
            Series(
                film.scene.kind,
                film.scene.kind == "replaced" and person > 0,
                age,
                np.array([film.moments[i].t - film.moments[first].t for i in present]),
                {name: values(partial(_age_by, name)) for name in filters},
                tracks,
                values(lambda one: one.spread),
                np.array([one is not None and one.state == "settled" for one in ones]),
                [one.band if one else None for one in ones],
            )
        )
    return out


def _age_by(name: str, one: Shown) -> float | None:
    return one.ages.get(name)


def error_at(people: list[Series], name: str, second: float) -> tuple[float, float]:
    """Mean absolute error of filter `name` at a time, over people of whom the device shows an age by then.

    Returns it with the share of people, 0 to 1, that the device shows one of.
    """
    errors, asked = [], 0
    for one in people:
        about = np.abs(one.t - second) <= AROUND_S
        if one.t[-1] < second or not (one.tracks[about] >= 0).any():
            continue
        asked += 1
        shown = about & ~np.isnan(one.ages[OURS])
        if shown.any():
            errors.append(float(np.abs(one.ages[name][shown] - one.age).mean()))
    return (float(np.mean(errors)) if errors else np.nan), len(errors) / max(asked, 1)


def arrival(one: Series, name: str) -> float:
    """Seconds until the shown age stays within a year of its own last value; infinite if none is shown."""
    values = one.ages[name]
    shown = np.flatnonzero(~np.isnan(values))
    if not len(shown):
        return np.inf
    away = shown[np.abs(values[shown] - values[shown[-1]]) > NEAR]
    after = shown[shown > away[-1]] if len(away) else shown
    return float(one.t[after[0]])


def settled_part(one: Series, name: str) -> np.ndarray:
    """The values of filter `name` once settled, without NaN."""
    values = one.ages[name]
    if name == OURS:
        begin = int(np.argmax(one.settled)) if one.settled.any() else len(values)
    else:
        begin = int(np.searchsorted(one.t, SETTLED_S))
    return values[begin:][~np.isnan(values[begin:])]


def wander(one: Series, name: str) -> float:
    """Standard deviation in years of the shown age once settled; NaN where it never is."""
    values = settled_part(one, name)
    return float(np.std(values)) if len(values) > 1 else np.nan


def changes(people: list[Series], name: str, what: Callable[[float], object]) -> float:
    """Changes a minute of `what` is shown, of settled tracks, within the life of one track."""
    count, seconds = 0, 0.0
    for one in people:
        values = settled_part(one, name)
        count += sum(what(a) != what(b) for a, b in pairwise(values))
        seconds += len(values) * float(np.median(np.diff(one.t))) if len(one.t) > 1 else 0.0
    return 60 * count / max(seconds, 1e-9)


def band_changes(people: list[Series], name: str, bands: Bands) -> float:
    """Changes a minute of the shown band of settled tracks; the device's own bands have hysteresis."""
    if name != OURS:
        return changes(people, name, bands.index)
    count, seconds = 0, 0.0
    for one in people:
        begin = int(np.argmax(one.settled)) if one.settled.any() else len(one.bands)
        shown = [band for band in one.bands[begin:] if band]
        count += sum(a != b for a, b in pairwise(shown))
        seconds += len(shown) * float(np.median(np.diff(one.t))) if len(one.t) > 1 else 0.0
    return 60 * count / max(seconds, 1e-9)


def holds_truth(people: list[Series]) -> float:
    """Share of settled people, 0 to 1, whose interval holds the true age; each counts once."""
    shares = []
    for one in people:
        inside = np.abs(one.ages[OURS] - one.age) <= one.spread
        if one.settled.any():
            shares.append(float(inside[one.settled].mean()))
    return float(np.mean(shares)) if shares else np.nan


def share_shown(people: list[Series]) -> float:
    """Share of the frames of all people, 0 to 1, in which the device shows an age."""
    shown = sum(int((~np.isnan(one.ages[OURS])).sum()) for one in people)
    return shown / max(sum(len(one.t) for one in people), 1)
