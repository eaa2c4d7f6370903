"""Proof of play: the audience while one piece of content was shown."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from device.audience.audience import Audience, Snapshot
from device.audience.messages import Messages
from device.audience.totals import Mark, bands, between, counted_words, scalar
from device.audience.visits import TrackView
from device.person import UNSURE

OPEN = 64  # plays at once
LONGEST_S = 3600.0  # of a play; it is forgotten after


class Play(NamedTuple):
    """One play that goes on: what was shown, and the audience when it began (`since`, monotonic seconds)."""

    content: str
    since: float
    began: Snapshot


class TooManyPlays(Exception):
    """As many are open as may be."""


class Plays:
    """The plays that are open. All calls come from one thread, the server's."""

    def __init__(
        self, audience: Audience, messages: Messages, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._audience, self._messages, self._clock = audience, messages, clock
        self._open: dict[str, Play] = {}

    def start(self, content: str) -> dict[str, Any]:
        """Begin a play of `content`. Raises TooManyPlays."""
        now = self._clock()
        self._open = {name: play for name, play in self._open.items() if now - play.since <= LONGEST_S}
        if len(self._open) >= OPEN:
            raise TooManyPlays
        name = secrets.token_hex(8)
        began = self._audience.snapshot
        self._open[name] = Play(content, now, began)
        return self._messages.head(began.wall) | {"id": name, "content": content}

    def end(self, name: str) -> dict[str, Any] | None:
        """The audience while it played; None when no such play is open, or it began too long ago."""
        play = self._open.pop(name, None)
        if play is None or self._clock() - play.since > LONGEST_S:
            return None
        began, ended = play.began, self._audience.snapshot
        there = reach(began, ended, self._audience)
        held = self._messages.holds_back(there["people"])
        return {
            **self._messages.head(ended.wall),
            "id": name,
            "content": play.content,
            **self._messages.window(began.wall, began.mark, ended.wall, ended.mark),
            "reach": None if held else there,
        }


def reach(began: Snapshot, ended: Snapshot, audience: Audience) -> dict[str, Any]:
    """Everybody whom `audience` had in view at some time from `began` to `ended`: those there already, and
    the new ones.

    Somebody who stays for two plays is in both: this does not add up.
    """
    window = between(began.mark, ended.mark)
    there = [track for track in began.tracks if track.is_person]
    counted = [round(number) for number in bands(window)]
    for track in there:
        if track.counted_band is not None:
            counted[track.counted_band] += 1
    people = len(there) + round(scalar(window, "people"))
    people = max(people, sum(counted[:-1]))  # who was away for a moment when it began, and came back
    counted[-1] = people - sum(counted[:-1])
    watchers = sum(track.is_watcher for track in there) + round(scalar(window, "watchers"))
    return {
        "people": people,
        "watchers": min(watchers, people),
        "bands": dict(zip(audience.labels, counted, strict=True)),
        **{name: _words(name, window, there, people) for name in audience.attributes},
    }


def _words(attribute: str, window: Mark, there: list[TrackView], people: int) -> dict[str, int]:
    """`people` by their word for the attribute: those counted in the window, and those counted before."""
    counted = counted_words(window, attribute)
    for track in there:
        if track.counted_words:
            counted[track.counted_words[attribute]] += 1
    sure = sum(counted.values()) - counted[UNSURE]
    return counted | {UNSURE: people - sure}
