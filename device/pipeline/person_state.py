"""What is known of the person behind a track, which the tracker carries along without looking inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Protocol

from device.age.bands import Bands
from device.age.error_model import load_error_model
from device.age.filter import AgeFilter
from device.age.network import Reading
from device.config.schema import Settings
from device.faces.close_up import CloseUp
from device.faces.quality import Quality, yaw
from device.person import Person
from device.tracks.tracker import Companion, Track

NO_ATTRIBUTES: Mapping[str, Callable[[], Attribute]] = MappingProxyType({})


class Attribute(Protocol):
    """What is estimated of a person beside the age, again and again; `shown` is the word for it, or None."""

    shown: str | None

    def update(self, logits: Sequence[float]) -> None:
        """Take in one reading: the values of `device.age.network.ATTRIBUTES`."""

    def unseen(self, seconds: float) -> None:
        """Hear that the face is back after so long, so that it may be somebody else's."""

    def reset(self) -> None:
        """Forget the person: there is another one now."""


class PersonState(Companion):
    """A track's companion. Whether there is somebody else now, the age filter judges for all attributes.

    `ages` smooths the age, `attributes` are the others by name. `close_up` is the last one, None when it
    showed no face or the face was missed since.
    """

    __slots__ = ("_flipped", "ages", "attributes", "close_up")

    def __init__(self, ages: AgeFilter, attributes: Mapping[str, Attribute]):
        self.ages = ages
        self.attributes = attributes
        self.close_up: CloseUp | None = None
        self._flipped = False  # whether the last single inference was of the mirror image

    def update(self, reading: Reading, quality: Quality, t: float) -> None:
        """Take in one reading of the face; the age as `AgeFilter.update` does."""
        self.ages.update(reading.age, quality, t, reading.error)
        for attribute in self.attributes.values():
            if self.ages.identity_changed:
                attribute.reset()
            attribute.update(reading.attributes)

    def missed(self) -> None:
        """As `Companion.missed`: where the face was, a close-up may show something else now."""
        self.close_up = None

    def unseen(self, seconds: float) -> None:
        """As `Companion.unseen`."""
        self.ages.unseen(seconds)
        for attribute in self.attributes.values():
            attribute.unseen(seconds)

    def somebody_else(self) -> bool:
        """As `Companion.somebody_else`."""
        changed, self.ages.identity_changed = self.ages.identity_changed, False
        return changed

    def next_is_flipped(self) -> bool:
        """Whether the next single inference is of the mirror image: crop and image take turns."""
        self._flipped = not self._flipped
        return self._flipped

    @property
    def settled(self) -> bool:
        """Whether the age is known as well as it will be, and it is this person's beyond doubt."""
        return self.ages.stable


def person_states(
    settings: Settings, attributes: Mapping[str, Callable[[], Attribute]] = NO_ATTRIBUTES
) -> Callable[[], PersonState]:
    """The factory of companions for `Tracker`, by the sections `smoother` and `age` of `settings`.

    `attributes` makes the further ones of each person, by their names. Raises ModelError.
    """
    bands = Bands(settings.smoother.bands)
    new_ages = partial(AgeFilter, settings.smoother, load_error_model(settings.age.model), bands)
    return lambda: PersonState(new_ages(), {name: make() for name, make in attributes.items()})


def person_of(track: Track[PersonState], raw: float | None = None) -> Person:
    """What the rest of the program sees of a track and its `PersonState`; `raw` is this frame's estimate."""
    ages = track.companion.ages
    state = "lost" if track.state == "lost" else ages.state
    words = {name: attribute.shown for name, attribute in track.companion.attributes.items()}
    return Person(
        track.id,
        track.box,
        track.score,
        raw,
        ages.age,
        ages.interval,
        ages.band,
        state,
        track.velocity,
        yaw=None if track.misses else yaw(track.keypoints),
        **words,
    )
