"""Counts since the start, as one tuple of numbers: the difference of two of them is a window.

Nothing is ever subtracted from a total, and everything is counted at one moment, so that windows which follow
one another add up to the window of them all, to the last digit but rounding.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from device.person import ATTRIBUTE_WORDS

EDGES = (5.0, 15.0, 30.0, 60.0)  # seconds
BINS = ("0-5", "5-15", "15-30", "30-60", "60+")
SCALARS = (
    "seconds",  # of the window
    "covered_s",  # of these, the camera was well
    "people",
    "watchers",
    "dwell_s",  # person-seconds of people in view
    "attention_s",  # person-seconds of watchers whose face was towards the screen
    "left",  # people whose visit is over
    "left_dwell_s",  # their dwell
    "left_watchers",
    "left_attention_s",
)
PLACE = {name: place for place, name in enumerate(SCALARS)}
DWELL_BINS = len(SCALARS)
ATTENTION_BINS = DWELL_BINS + len(BINS)
WORDS = ATTENTION_BINS + len(BINS)
WORD_NAMES = tuple((name, word) for name, words in ATTRIBUTE_WORDS.items() for word in words)
WORD_PLACE = {of: WORDS + place for place, of in enumerate(WORD_NAMES)}
BANDS = WORDS + len(WORD_NAMES)  # then each band and "unknown": counted, and behind those weighted

Mark = tuple[float, ...]  # all totals at one moment


class Totals:
    """The running counts, of `bands` age bands."""

    __slots__ = ("_bands", "_numbers")

    def __init__(self, bands: int) -> None:
        self._bands = bands
        self._numbers = [0.0] * (BANDS + 2 * (bands + 1))

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to one of `SCALARS`."""
        self._numbers[PLACE[name]] += amount

    def add_dwell(self, seconds: float) -> None:
        """Count one visit that is over by its dwell."""
        self._numbers[DWELL_BINS + bisect_right(EDGES, seconds)] += 1

    def add_attention(self, seconds: float) -> None:
        """Count one watcher's visit that is over by its attention."""
        self._numbers[ATTENTION_BINS + bisect_right(EDGES, seconds)] += 1

    def add_band(self, band: int | None, weights: Sequence[float] = ()) -> None:
        """Count one person in a band (None: unknown), and by the probability of each band."""
        weighted = BANDS + self._bands + 1
        if band is None:
            self._numbers[BANDS + self._bands] += 1
            self._numbers[weighted + self._bands] += 1
            return
        self._numbers[BANDS + band] += 1
        for place, weight in enumerate(weights):
            self._numbers[weighted + place] += weight

    def add_words(self, words: Mapping[str, str]) -> None:
        """Count one person by their word for each attribute."""
        for of in words.items():
            self._numbers[WORD_PLACE[of]] += 1

    def mark(self) -> Mark:
        """All totals as they stand."""
        return tuple(self._numbers)


def between(earlier: Mark, later: Mark) -> Mark:
    """What was counted from one mark to another."""
    return tuple([b - a for a, b in zip(earlier, later, strict=True)])


def scalar(window: Mark, name: str) -> float:
    """One of `SCALARS` of a window."""
    return window[PLACE[name]]


def dwell_bins(window: Mark) -> Mark:
    """Visits that ended, by their dwell in `BINS`."""
    return window[DWELL_BINS:ATTENTION_BINS]


def attention_bins(window: Mark) -> Mark:
    """Watchers' visits that ended, by their attention in `BINS`."""
    return window[ATTENTION_BINS:WORDS]


def counted_words(window: Mark, attribute: str) -> dict[str, int]:
    """People by their word for the attribute."""
    return {word: round(window[WORD_PLACE[attribute, word]]) for word in ATTRIBUTE_WORDS[attribute]}


def bands(window: Mark) -> Mark:
    """People by band, those of unknown age last."""
    return window[BANDS : (BANDS + len(window)) // 2]


def weighted_bands(window: Mark) -> Mark:
    """The same, each person by the probability of each band."""
    return window[(BANDS + len(window)) // 2 :]
