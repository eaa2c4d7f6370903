"""How well tracks keep people apart: id switches, fragments and IDF1.

Switches and fragments as in CLEAR MOT (Bernardin and Stiefelhagen, 2008), IDF1 as in Ristani et al. (2016);
a track and a person belong together in a frame where their boxes overlap by half.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from device.tracks.assignment import assign
from models.tracks.replay import Shown
from models.tracks.simulator import Film

OVERLAP = 0.5


class Identity(NamedTuple):
    """Counts over one or more scenes; add them up with `total`."""

    switches: int = 0
    fragments: int = 0
    both: int = 0  # frames in which a person and their own track agree
    truths: int = 0  # frames of persons
    shown: int = 0  # frames of tracks

    @property
    def idf1(self) -> float:
        """Twice the agreeing frames over all frames of persons and of tracks, 0 to 1."""
        return 2 * self.both / max(self.truths + self.shown, 1)


def total(parts: list[Identity]) -> Identity:
    """The sum of counts."""
    return Identity(*(sum(values) for values in zip(*parts, strict=True))) if parts else Identity()


def match(film: Film, frames: list[list[Shown]]) -> list[dict[int, int]]:
    """For each frame, which track (by id) follows which person; pairs last while they overlap enough."""
    last: dict[int, int] = {}
    matches = []
    for moment, shown in zip(film.moments, frames, strict=True):
        boxes = {one.id: one.box for one in shown}
        truth = moment.truth
        pairs = {
            person: track
            for person, track in last.items()
            if person in truth and track in boxes and truth[person].iou(boxes[track]) >= OVERLAP
        }
        free = [track for track in boxes if track not in pairs.values()]
        left = [person for person in truth if person not in pairs]
        apart = np.array([[1 - truth[person].iou(boxes[track]) for track in free] for person in left])
        for row, column in assign(apart.reshape(len(left), len(free)), 1 - OVERLAP + 1e-9):
            pairs[left[row]] = free[column]
        last = {**last, **pairs}
        matches.append(pairs)
    return matches


def identity(film: Film, frames: list[list[Shown]]) -> Identity:
    """The counts of one scene."""
    matches = match(film, frames)
    switches = fragments = 0
    track_of: dict[int, int] = {}
    followed: dict[int, bool] = {}
    for moment, pairs in zip(film.moments, matches, strict=True):
        for person in moment.truth:
            if person in pairs:
                switches += track_of.get(person, pairs[person]) != pairs[person]
                fragments += followed.get(person) is False
                track_of[person] = pairs[person]
                followed[person] = True
            elif followed.get(person):
                followed[person] = False
    agree = Counter(
        (person, one.id)
        for moment, shown in zip(film.moments, frames, strict=True)
        for person, box in moment.truth.items()
        for one in shown
        if box.iou(one.box) >= OVERLAP
    )
    people = sorted({person for person, _ in agree})
    tracks = sorted({track for _, track in agree})
    cost = np.array([[-float(agree[person, track]) for track in tracks] for person in people])
    both = -sum(cost[i, j] for i, j in assign(cost, 0.0)) if people else 0
    return Identity(
        switches,
        fragments,
        int(both),
        sum(len(moment.truth) for moment in film.moments),
        sum(len(shown) for shown in frames),
    )
