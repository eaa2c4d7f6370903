"""Identity metrics of tracks: id switches, fragments and IDF1.

Switches and fragments as in CLEAR MOT (Bernardin and Stiefelhagen, 2008), IDF1 as in Ristani et al. (2016);
a track and a person match in a frame where the IoU of their boxes is at least `MIN_IOU`.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from device.tracks.assignment import assign
from models.tracks.replay import DisplayedTrack
from models.tracks.simulator import Recording

MIN_IOU = 0.5


class IdentityCounts(NamedTuple):
    """Counts over one or more scenes; add them up with `total`."""

    switches: int = 0
    fragments: int = 0
    matched_frames: int = 0  # IDTP: frames in which a person and the track assigned to them match
    person_frames: int = 0  # IDTP + IDFN
    track_frames: int = 0  # IDTP + IDFP

    @property
    def idf1(self) -> float:
        """Twice the matched frames over all frames of persons and of tracks, 0 to 1."""
        return 2 * self.matched_frames / max(self.person_frames + self.track_frames, 1)


def total(parts: list[IdentityCounts]) -> IdentityCounts:
    """The sum of the counts."""
    return IdentityCounts(*map(sum, zip(*parts, strict=True)))


def match(recording: Recording, displayed: list[list[DisplayedTrack]]) -> list[dict[int, int]]:
    """For each frame, the track id of each person; pairs are kept while they overlap enough."""
    last: dict[int, int] = {}
    matches = []
    for frame, shown in zip(recording.frames, displayed, strict=True):
        boxes = {one.id: one.box for one in shown}
        truth = frame.ground_truth
        pairs = {
            person: track
            for person, track in last.items()
            if person in truth and track in boxes and truth[person].iou(boxes[track]) >= MIN_IOU
        }
        tracks = [track for track in boxes if track not in pairs.values()]
        people = [person for person in truth if person not in pairs]
        cost = np.array([[1 - truth[person].iou(boxes[track]) for track in tracks] for person in people])
        for row, column in assign(cost.reshape(len(people), len(tracks)), 1 - MIN_IOU + 1e-9):
            pairs[people[row]] = tracks[column]
        last = {**last, **pairs}
        matches.append(pairs)
    return matches


def identity(recording: Recording, displayed: list[list[DisplayedTrack]]) -> IdentityCounts:
    """The counts of one scene."""
    matches = match(recording, displayed)
    switches = fragments = 0
    track_of: dict[int, int] = {}
    followed: dict[int, bool] = {}
    for frame, pairs in zip(recording.frames, matches, strict=True):
        for person in frame.ground_truth:
            if person in pairs:
                switches += track_of.get(person, pairs[person]) != pairs[person]
                fragments += followed.get(person) is False
                track_of[person] = pairs[person]
                followed[person] = True
            elif followed.get(person):
                followed[person] = False
    overlapping_frames = Counter(
        (person, one.id)
        for frame, shown in zip(recording.frames, displayed, strict=True)
        for person, box in frame.ground_truth.items()
        for one in shown
        if box.iou(one.box) >= MIN_IOU
    )
    people = sorted({person for person, _ in overlapping_frames})
    tracks = sorted({track for _, track in overlapping_frames})
    cost = np.array([[-float(overlapping_frames[person, track]) for track in tracks] for person in people])
    matched_frames = -sum(cost[i, j] for i, j in assign(cost, 0.0)) if people else 0
    return IdentityCounts(
        switches,
        fragments,
        int(matched_frames),
        sum(len(frame.ground_truth) for frame in recording.frames),
        sum(len(shown) for shown in displayed),
    )
