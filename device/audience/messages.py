"""The messages of all interfaces, as dictionaries for JSON; their schemas are in `device/events/schema/v1/`.

What may not leave is held back here, for all interfaces alike: exact ages where only bands are shown, boxes
unless they were asked for, and the numbers of fewer than `api.min_people`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import device
from device.audience.audience import Audience, Snapshot
from device.audience.totals import (
    BINS,
    Mark,
    attention_bins,
    bands,
    between,
    counted_words,
    dwell_bins,
    scalar,
    weighted_bands,
)
from device.audience.utc import utc
from device.audience.visits import TrackView, VisitView, band_weights
from device.config.schema import Settings
from device.person import ATTRIBUTE_WORDS, UNSURE, ages_row

VERSION = 1
Message = dict[str, Any]


class Messages:
    """Makes the messages about `audience`. May be called from any thread."""

    def __init__(self, audience: Audience, settings: Settings) -> None:
        """`settings` has the sections api, overlay, smoother and age."""
        self._audience = audience
        self._exact = settings.overlay.show == "age"
        self._boxes = settings.api.boxes
        self._min_people = settings.api.min_people
        self._starts = settings.smoother.bands
        self._source = {"model": settings.age.model, "release": device.__version__}

    @property
    def single_visits(self) -> bool:
        """Whether a message about one person may leave at all."""
        return self._min_people <= 1

    def holds_back(self, people: int) -> bool:
        """Whether the numbers of so many people are too small to leave."""
        return 0 < people < self._min_people

    def now(self, snapshot: Snapshot) -> Message:
        """Who is in view, and the last hour."""
        people = [track for track in snapshot.tracks if track.is_person]
        held = self.holds_back(len(people))
        counts = self._counts_now(people)
        first = self._audience.minutes[0]
        return {
            **self.head(snapshot.wall),
            "well": snapshot.well,
            "held_back": held,
            **(dict.fromkeys(counts) if held else counts),
            "tracks": [self._track(track) for track in snapshot.tracks] if self.single_visits else [],
            "hour": self.window(first.wall, first.mark, snapshot.wall, snapshot.mark),
        }

    def _counts_now(self, people: Sequence[TrackView]) -> Message:
        labels = self._audience.labels
        counted, weighted = [0] * len(labels), [0.0] * len(labels)
        for track in people:
            if track.counted_band is None or track.age is None or track.band == UNSURE:
                counted[-1] += 1
                weighted[-1] += 1
                continue
            counted[labels.index(track.band) if track.band in labels else -1] += 1
            for place, weight in enumerate(band_weights(track.age, track.interval, self._starts)):
                weighted[place] += weight
        return {
            "people": len(people),
            "watchers": sum(track.is_watcher for track in people),
            "looking": sum(track.looking for track in people),
            "bands": dict(zip(labels, counted, strict=True)),
            "bands_weighted": _rounded(labels, weighted),
            **{name: self._words_now(people, name) for name in self._audience.attributes},
        }

    def _words_now(self, people: Sequence[TrackView], attribute: str) -> dict[str, int]:
        words = [track.words[attribute] for track in people]
        return {word: words.count(word) for word in ATTRIBUTE_WORDS[attribute]}

    def _track(self, track: TrackView) -> Message:
        row = {
            "id": track.name,
            "state": track.state,
            **self._age(track),
            "dwell_s": round(track.dwell_s, 1),
            "attention_s": round(track.attention_s, 1),
            "looking": track.looking,
            **track.words,
        }
        return row | {"box": [round(value) for value in track.box]} if self._boxes else row

    def _age(self, of: TrackView | VisitView) -> Message:
        exact = self._exact and of.interval is not None
        return {**(ages_row(of.age, of.interval, 1) if exact else ages_row(None, None)), "band": of.band}

    def visit(self, visit: VisitView) -> Message:
        """One person's visit, which is over. Not to be sent unless `single_visits`."""
        return {
            **self.head(time.time()),
            "id": visit.name,
            "from": utc(visit.began),
            "to": utc(visit.ended),
            "dwell_s": round(visit.dwell_s, 2),
            "attention_s": round(visit.attention_s, 2),
            "watcher": visit.is_watcher,
            **self._age(visit),
            **visit.words,
        }

    def minute(self, number: int) -> Message | None:
        """The window of the `number`-th minute since the start; None when it is not, or no longer, kept."""
        minutes = self._audience.minutes
        for before, after in pairwise(minutes):
            if after.number == number:
                return self.head(after.wall) | self.window(before.wall, before.mark, after.wall, after.mark)
        return None

    def window(self, since: float, earlier: Mark, until: float, later: Mark) -> Message:
        """The audience between two marks, made at `since` and `until`, in seconds since 1970."""
        window = between(earlier, later)
        people, seconds = round(scalar(window, "people")), scalar(window, "seconds")
        numbers: Message = {
            "people": people,
            "watchers": round(scalar(window, "watchers")),
            "left": round(scalar(window, "left")),
            "dwell_s": _seconds(window, "dwell_s", "left", "left_dwell_s", dwell_bins(window)),
            "attention_s": _seconds(
                window, "attention_s", "left_watchers", "left_attention_s", attention_bins(window)
            ),
            "bands": {label: round(n) for label, n in zip(self._audience.labels, bands(window), strict=True)},
            "bands_weighted": _rounded(self._audience.labels, weighted_bands(window)),
            **{name: counted_words(window, name) for name in self._audience.attributes},
        }
        held = self.holds_back(people)
        return {
            "from": utc(since),
            "to": utc(until),
            "seconds": round(seconds, 1),
            "coverage": round(scalar(window, "covered_s") / seconds, 3) if seconds else None,
            "held_back": held,
            **(dict.fromkeys(numbers) if held else numbers),
        }

    def head(self, wall: float) -> Message:
        """What every message begins with."""
        return {"v": VERSION, "time": utc(wall), **self._source}


def _seconds(window: Mark, total: str, count: str, of_those: str, counted: Mark) -> Message:
    """Seconds in the window, and of the visits that ended in it their mean and their bins."""
    ended = scalar(window, count)
    return {
        "sum": round(scalar(window, total), 2),
        "mean": round(scalar(window, of_those) / ended, 2) if round(ended) else None,
        "bins": {name: round(n) for name, n in zip(BINS, counted, strict=True)},
    }


def _rounded(labels: Sequence[str], weights: Sequence[float]) -> Message:
    return {label: round(weight, 3) for label, weight in zip(labels, weights, strict=True)}
