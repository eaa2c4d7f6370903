"""Counts the audience while the loop runs, and hands out snapshots that other threads may keep.

The definitions of the numbers stand in this room's README. The loop's thread alone calls `record` and `poll`;
what they publish, `snapshot`, `minutes` and `visits`, is immutable and may be read by any thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from device.age.attributes import wanted
from device.age.bands import Bands
from device.audience.totals import Mark, Totals
from device.audience.visits import (
    PERSON_S,
    WATCHER_S,
    TrackView,
    Visit,
    VisitView,
    band_weights,
    view,
    words_of,
)
from device.config.schema import Settings
from device.person import UNSURE, Person

GAP_S = 1.0  # between two frames: beyond, nobody is known to have been there
RETURN_S = 0.5  # beyond tracker.max_lost_s, after which no track returns
EVERY_S = 0.2  # between two snapshots
MINUTE_S = 60.0
MINUTES = 60  # marks kept
VISITS = 256  # ended visits kept


class Snapshot(NamedTuple):
    """The audience at one moment: the `number`-th snapshot, `wall` in seconds since 1970.

    `changes` grows whenever somebody comes, goes, begins or ceases to look, or changes band; `well` tells
    whether the camera is; `tracks` are those in view; `mark` are the totals since the start.
    """

    number: int
    changes: int
    wall: float
    well: bool
    tracks: tuple[TrackView, ...]
    mark: Mark


class Minute(NamedTuple):
    """The totals at the end of the `number`-th minute since the start; number 0 is the start itself."""

    number: int
    wall: float
    mark: Mark


class Audience:
    """Hears of every frame's persons. Memory is bounded: open visits, 60 minutes, 256 ended visits.

    `well()` tells whether the frames are those of the source that was asked for; `clock` is monotonic and
    `wall` counts from 1970, both in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        well: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        bands = Bands(settings.smoother.bands)
        self.labels = (*bands.labels, "unknown")
        self.attributes = wanted(settings.age)  # those that are told, by their names
        self._starts = bands.starts
        self._index = {label: place for place, label in enumerate(bands.labels)}
        self._return_s = settings.tracker.max_lost_s + RETURN_S
        self._well, self._clock, self._wall = well, clock, wall
        self._totals = Totals(len(bands.labels))
        self._open: dict[int, Visit] = {}  # by the track's number
        self._now = 0.0  # the audience's clock: the source's time, and our own while it is silent
        self._frame = 0
        self._t: float | None = None  # of the last frame
        self._heard = self._published = clock()
        self._silent_s = 0.0  # since the last frame, as far as counted already
        self._changes = 0
        self._seen: tuple[object, ...] = ()  # what the last change was to
        self.visits: tuple[VisitView, ...] = ()
        self.minutes: tuple[Minute, ...] = (Minute(0, wall(), self._totals.mark()),)
        self.snapshot = Snapshot(0, 0, wall(), False, (), self._totals.mark())

    def record(self, _index: int, t: float, persons: list[Person]) -> None:
        """Hear of a finished frame: its time in seconds since the first one, and who is in it."""
        now = self._clock()
        if self._t is None and not self._silent_s:  # what came before the first frame is no window's
            self.minutes = (self.minutes[0]._replace(wall=self._wall()),)
        step = 0.0 if self._t is None else max(t - self._t, 0.0)
        self._t, self._heard = t, now
        self._frame += 1
        well = self._well()
        self._advance(max(step - self._silent_s, 0.0), well and step <= GAP_S)
        self._silent_s = 0.0
        if not well:
            persons = []  # of a demo that stands in for the camera
        for person in persons:
            self._see(person, step)
        if len(self._open) > len(persons):
            self._end_visits()
        self._publish(now, well)

    def poll(self, now: float) -> None:
        """Called by the loop between frames: time passes without them, too. `now` is the clock's time."""
        silent = now - self._heard
        if silent <= GAP_S:
            return
        self._advance(silent - self._silent_s, False)
        self._silent_s = silent
        self._end_visits()
        self._publish(now, False)

    def _advance(self, seconds: float, covered: bool) -> None:
        self._now += seconds
        self._totals.add("seconds", seconds)
        if covered:
            self._totals.add("covered_s", seconds)

    def _see(self, person: Person, step: float) -> None:
        visit = self._open.get(person.id)
        if visit is None:
            self._open[person.id] = Visit(person, self._now, self._frame)
            return
        unbroken = visit.frame == self._frame - 1 and step <= GAP_S
        seconds = step if unbroken else 0.0
        attention = visit.seen(person, self._now, self._frame, seconds)
        totals = self._totals
        if visit.is_person:
            totals.add("dwell_s", seconds)
        elif visit.dwell_s >= PERSON_S:
            visit.is_person = True
            totals.add("people")
            totals.add("dwell_s", visit.dwell_s)
        if visit.is_watcher:
            totals.add("attention_s", attention)
        elif visit.is_person and visit.attention_s >= WATCHER_S:
            visit.is_watcher = True
            totals.add("watchers")
            totals.add("attention_s", visit.attention_s)
        if visit.is_person and visit.band is None and person.state == "settled":
            self._count_settled(visit)

    def _count_settled(self, visit: Visit) -> None:
        """Count a person's band and words, once: when the age has settled."""
        person = visit.person
        if person.band in (None, UNSURE) or person.age is None:
            return
        visit.band = self._index[person.band]
        visit.words = words_of(person, self.attributes)
        self._totals.add_band(visit.band, band_weights(person.age, person.interval, self._starts))
        self._totals.add_words(visit.words)

    def _end_visits(self) -> None:
        """Close the visits whose track cannot return."""
        over = [number for number, visit in self._open.items() if self._now - visit.last > self._return_s]
        for number in over:
            visit = self._open.pop(number)
            if visit.is_person:
                self._count_end(visit)

    def _count_end(self, visit: Visit) -> None:
        totals, person = self._totals, visit.person
        totals.add("left")
        totals.add("left_dwell_s", visit.dwell_s)
        totals.add_dwell(visit.dwell_s)
        if visit.is_watcher:
            totals.add("left_watchers")
            totals.add("left_attention_s", visit.attention_s)
            totals.add_attention(visit.attention_s)
        if visit.band is None:
            told = person.band == UNSURE  # the age alone is unknown
            visit.words = (
                words_of(person, self.attributes) if told else dict.fromkeys(self.attributes, UNSURE)
            )
            totals.add_band(None)
            totals.add_words(visit.words)
        wall = self._wall()
        number = self.visits[-1].number + 1 if self.visits else 1
        ended = VisitView(
            number,
            visit.name,
            wall - (self._now - visit.first),
            wall - (self._now - visit.last),
            visit.dwell_s,
            visit.attention_s,
            visit.is_watcher,
            person.age,
            person.interval,
            None if visit.band is None else self.labels[visit.band],
            visit.words,
        )
        self.visits = (*self.visits[1 - VISITS :], ended)

    def _publish(self, now: float, well: bool) -> None:
        """Make the snapshot and the minute's mark that are due."""
        last = self.minutes[-1]
        if self._now >= MINUTE_S * (last.number + 1):
            minute = Minute(int(self._now // MINUTE_S), self._wall(), self._totals.mark())
            self.minutes = (*self.minutes[1 - MINUTES :], minute)
        elif now - self._published < EVERY_S:
            return
        self._published = now
        in_view = [visit for visit in self._open.values() if visit.frame == self._frame]
        tracks = tuple([view(visit, self.attributes) for visit in in_view]) if well else ()
        seen = tuple([(of.name, of.looking, of.band, of.is_person, *of.words.values()) for of in tracks])
        if seen != self._seen or well != self.snapshot.well:
            self._changes, self._seen = self._changes + 1, seen
        self.snapshot = Snapshot(
            self.snapshot.number + 1, self._changes, self._wall(), well, tracks, self._totals.mark()
        )
