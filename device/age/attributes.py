"""Gender, glasses and covered faces: one steady word each from a face's single readings.

Neighbouring frames err together, so a hundred of them say little more than a few: what is held is the mean
of the last readings' logits, not their sum. A word is shown once the mean is beyond its limit, and kept until
it is clearly within (hysteresis); between the limits the word is "unsure".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from device.age.network import ATTRIBUTES
from device.config.schema import AgeSettings
from device.errors import ConfigError
from device.person import ATTRIBUTE_WORDS, UNSURE

# Where these come from is in this room's README
MEMORY = 8  # readings that the mean goes back to
MIN_READINGS = 3  # before anything is said
KEPT_SHARE = 0.5  # of a word's limit, below which it is no longer shown
LIMITS = {"gender": 1.0, "glasses": 0.7, "cover": 1.0}  # by which a word's logit must lead

Scores = Callable[[Sequence[float]], dict[str, float]]


class Word:
    """The word for one attribute, of several that exclude each other.

    `scores` takes the readings' mean (as long as `ATTRIBUTES`) to each word's logit; the word that leads the
    next by `limit` is shown as `shown`, "unsure" where none does, None before there are enough readings.
    """

    __slots__ = ("_count", "_limit", "_mean", "_scores", "shown")

    def __init__(self, scores: Scores, limit: float):
        self._scores, self._limit = scores, limit
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._mean = [0.0] * len(ATTRIBUTES)
        self._count = 0
        self.shown: str | None = None

    def unseen(self, seconds: float) -> None:
        """The face is back after so long: what was known of it weighs as much as one reading."""
        self._count = min(self._count, MIN_READINGS)

    def update(self, logits: Sequence[float]) -> None:
        """Take in one reading: the values of `ATTRIBUTES`."""
        self._count = min(self._count + 1, MEMORY)
        self._mean = [
            mean + (value - mean) / self._count for mean, value in zip(self._mean, logits, strict=True)
        ]
        if self._count >= MIN_READINGS:
            self.shown = self._choose(self._scores(self._mean))

    def _choose(self, scores: dict[str, float]) -> str:
        def lead(word: str) -> float:
            return scores[word] - max(score for other, score in scores.items() if other != word)

        if self.shown in scores and lead(self.shown) > KEPT_SHARE * self._limit:
            return self.shown
        best = max(scores, key=scores.__getitem__)
        return best if lead(best) > self._limit else UNSURE


def _gender(mean: Sequence[float]) -> dict[str, float]:
    return {"female": mean[0], "male": 0.0}


def _glasses(mean: Sequence[float]) -> dict[str, float]:
    return {"none": max(mean[1], mean[2]), "dark": mean[3]}  # real clear ones are not told: models/README.md


def _cover(mean: Sequence[float]) -> dict[str, float]:
    return {"mouth": mean[4], "none": 0.0}


SCORES: dict[str, Scores] = {"gender": _gender, "glasses": _glasses, "cover": _cover}


def wanted(settings: AgeSettings) -> tuple[str, ...]:
    """The names of the attributes that the section `age` switches on."""
    return tuple([name for name in ATTRIBUTE_WORDS if getattr(settings, name)])


def chosen_attributes(settings: AgeSettings, has_attributes: bool) -> dict[str, Callable[[], Word]]:
    """The makers of those attributes that the section `age` switches on, by their names.

    `has_attributes`: whether the network gives any. Raises ConfigError where one is wanted and it does not.
    """
    names = wanted(settings)
    if names and not has_attributes:
        raise ConfigError(
            f"age.{names[0]} = true: the network age.model = {settings.model!r} tells ages only; "
            'choose age.model = "age", or switch it off'
        )
    return {name: partial(Word, SCORES[name], LIMITS[name]) for name in names}
