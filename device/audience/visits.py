"""One person's visit, from the first frame that shows them to when their track cannot return."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device.box import Box
from device.person import UNSURE, Interval, Person

PERSON_S = 1.0  # in view for so long, a track is one of the people
WATCHER_S = 0.5  # and with the face towards the screen for so long, one of the watchers
FACING_YAW = 0.25  # |yaw| up to which a face is towards the screen: about 30 degrees
Z80 = 1.2816  # a person's spread is half of the 80 % interval, so many standard deviations
ID_BYTES = 5  # of the random name that a visit goes by outside: 40 bits, none twice in a day


class Visit:
    """What is known of a visit so far. Times are the audience's clock, in seconds.

    `name` is random, and dies with the visit. `band` is the index of the band counted, None until then;
    `words` are those that were counted with it, by attribute, empty until then.
    """

    __slots__ = (
        "attention_s",
        "band",
        "dwell_s",
        "first",
        "frame",
        "is_person",
        "is_watcher",
        "last",
        "looking",
        "name",
        "person",
        "words",
    )

    def __init__(self, person: Person, now: float, frame: int) -> None:
        self.name = secrets.token_hex(ID_BYTES)
        self.first = self.last = now
        self.frame = frame  # the last that showed the person
        self.person = person
        self.looking = is_looking(person)
        self.dwell_s = self.attention_s = 0.0
        self.is_person = self.is_watcher = False
        self.band: int | None = None
        self.words: Mapping[str, str] = {}

    def seen(self, person: Person, now: float, frame: int, step: float) -> float:
        """Take in a frame that shows the person; `step` seconds after the one before, which did, too.

        Returns the seconds of it with the face towards the screen.
        """
        self.person, self.last, self.frame = person, now, frame
        self.looking = is_looking(person)
        attention = step if self.looking else 0.0
        self.dwell_s += step
        self.attention_s += attention
        return attention


class TrackView(NamedTuple):
    """A visit that goes on, as it was when the snapshot was made."""

    name: str
    box: Box
    state: str
    age: float | None
    interval: Interval | None
    band: str | None
    dwell_s: float
    attention_s: float
    looking: bool
    is_person: bool
    is_watcher: bool
    counted_band: int | None
    words: Mapping[str, str]  # by attribute; what is not known is "unsure"
    counted_words: Mapping[str, str]  # empty until the person is counted


class VisitView(NamedTuple):
    """A visit that is over: the `number`-th since the start, from `began` to `ended` (seconds since 1970)."""

    number: int
    name: str
    began: float
    ended: float
    dwell_s: float
    attention_s: float
    is_watcher: bool
    age: float | None
    interval: Interval | None
    band: str | None
    words: Mapping[str, str]


def is_looking(person: Person) -> bool:
    """Whether the face is towards the screen, as far as the keypoints of eyes and nose tell."""
    return person.yaw is not None and -FACING_YAW <= person.yaw <= FACING_YAW


def words_of(person: Person, attributes: Sequence[str]) -> dict[str, str]:
    """The person's word for each of `attributes`; what is not known yet is "unsure"."""
    return {name: getattr(person, name) or UNSURE for name in attributes}


def view(visit: Visit, attributes: Sequence[str]) -> TrackView:
    """The visit as it is now, with the words for `attributes`."""
    person = visit.person
    return TrackView(
        visit.name,
        person.box,
        person.state,
        person.age,
        person.interval,
        person.band,
        visit.dwell_s,
        visit.attention_s,
        visit.looking,
        visit.is_person,
        visit.is_watcher,
        visit.band,
        words_of(person, attributes),
        visit.words,
    )


def band_weights(age: float, interval: Interval | None, starts: Sequence[int]) -> list[float]:
    """The probability of each band, which sum to 1: half a normal distribution on either side of `age`.

    Each side is as wide as the 80 % `interval`. `starts` are the first ages of all bands but the first, which
    takes what is below 0 as well.
    """
    low, high = interval or (age, age)
    sides = [max(side / Z80, 1e-6) * math.sqrt(2) for side in (age - low, high - age)]
    below = [0.5 * (1 + math.erf((start - age) / sides[start > age])) for start in starts]
    return [high - low for low, high in zip([0.0, *below], [*below, 1.0], strict=True)]
