"""One person whose estimates are 40 years, and a dummy in the place of a second attribute."""

import numpy as np
import pytest

from device.age.network import Reading
from device.box import Box
from device.config.loader import changed, defaults
from device.faces.detector import Detection
from device.faces.quality import Quality
from device.pipeline.person_state import person_of, person_states
from device.tracks.tracker import Tracker

STEP = 1 / 10
QUALITY = Quality(40.0, -1.0, 0.0, 0.0, 0.9, 0.5, 0.2)
FACE = Detection(Box(50.0, 50.0, 100.0, 100.0), 0.9, np.full((6, 2), 100, np.float32))


class Gender:
    """What a head of a network would be heard on."""

    def __init__(self):
        self.female = 0.5
        self.away = 0.0
        self.shown = None
        self.heard = []

    def update(self, logits):
        self.heard.append(logits)
        self.shown = "female"

    def unseen(self, seconds):
        self.away = seconds

    def reset(self):
        self.female = 0.5


def settings():
    return changed(defaults(), age={"model": "steady.tflite"})  # whose errors nobody has measured


@pytest.fixture
def state():
    return person_states(settings(), {"gender": Gender})()


def followed(frames, attributes=()):
    """A tracker and its one track after so many frames, each with an estimate of 40 years."""
    tracker = Tracker(settings(), person_states(settings(), dict(attributes)))
    track = None
    for frame in range(frames):
        for track in tracker.update([FACE], STEP):
            track.companion.update(Reading(40.0, (1.5,)), QUALITY, frame * STEP)
    return tracker, track


def test_every_person_has_a_state_of_their_own():
    new_state = person_states(settings(), {"gender": Gender})
    one, other = new_state(), new_state()
    assert one.ages is not other.ages
    assert one.attributes["gender"] is not other.attributes["gender"]


def test_the_images_are_read_in_turn(state):
    assert [state.next_is_flipped() for _ in range(4)] == [True, False, True, False]


def test_a_close_up_does_not_outlive_a_miss():
    tracker, track = followed(3)
    track.companion.close_up = "of then"
    tracker.update(None, STEP)
    assert track.companion.close_up == "of then"
    tracker.update([], STEP)
    assert track.companion.close_up is None


def test_a_close_up_outlives_a_pause_without_detection():
    tracker, track = followed(3)
    track.companion.close_up = "of then"
    for found in (None, None, None, [FACE]):
        tracker.update(found, STEP)
    assert track.companion.close_up == "of then"


def test_a_settled_age_is_in_doubt_again_after_an_absence():
    tracker, track = followed(40)
    assert track.companion.settled
    for found in ([], [], [FACE]):
        tracker.update(found, STEP)
    assert not track.companion.settled
    assert track.companion.ages.state == "settled"


def test_a_person_is_shown_with_the_age_and_as_lost_while_not_seen():
    tracker, track = followed(40)
    person = person_of(track, 39.0)
    assert (person.id, person.box, person.raw, person.state) == (1, track.box, 39.0, "settled")
    assert person.age == pytest.approx(40.0)
    for _ in range(3):
        tracker.update([], STEP)
    assert (person_of(track).state, person_of(track).age) == ("lost", person.age)


def test_somebody_else_is_said_once(state):
    assert not state.somebody_else()
    state.ages.identity_changed = True
    assert [state.somebody_else(), state.somebody_else()] == [True, False]


def test_a_second_attribute_lives_with_the_track_and_hears_of_an_absence():
    tracker, track = followed(3, {"gender": Gender})
    gender = track.companion.attributes["gender"]
    for found in ([], [], [FACE]):
        tracker.update(found, STEP)
    assert gender.away == pytest.approx(0.2)


def test_a_person_has_the_word_of_each_attribute():
    _, track = followed(3, {"gender": Gender})
    assert track.companion.attributes["gender"].heard == [(1.5,)] * 2
    assert person_of(track).gender == "female"
    assert person_of(followed(3)[1]).gender is None


def test_a_second_attribute_starts_over_with_another_person():
    tracker, track = followed(40, {"gender": Gender})
    gender = track.companion.attributes["gender"]
    gender.female = 0.9
    track.companion.update(Reading(40.0, (1.5,)), QUALITY, 4.0)
    assert gender.female == 0.9
    for found in ([], [], [FACE]):
        tracker.update(found, STEP)
    track.companion.ages._log_odds = 10.0  # as after frames that look like somebody else's
    track.companion.update(Reading(40.0, (1.5,)), QUALITY, 4.3)
    assert gender.female == 0.5
    (track,) = tracker.update([FACE], STEP)
    assert track.id == 2
