import threading

import pytest

from device.app.vision_worker import Beside, Inline
from device.box import Box
from device.frame import Frame
from device.person import Person

LIMIT = 5.0  # seconds, for what should take none


def frame(time=0.0):
    made = Frame((8, 6))
    made.time = time
    return made


def person_seen_at(time):
    return Person(1, Box(10.0 * time, 0.0, 5.0, 5.0), 0.9, raw=30.0, velocity=(10.0, 0.0))


class Networks:
    """A `process` that takes as long as the test wants it to."""

    def __init__(self):
        self.go = threading.Event()
        self.busy = threading.Event()
        self.seen = []

    def __call__(self, frame):
        self.busy.set()
        self.go.wait(LIMIT)
        self.seen.append(frame)
        return [person_seen_at(frame.time)]


@pytest.fixture
def networks():
    return Networks()


@pytest.fixture
def released():
    return []


@pytest.fixture
def patient(networks, released):
    networks.go.set()
    eyes = Beside(networks, released.append, LIMIT)
    yield eyes
    eyes.stop()


@pytest.fixture
def hasty(networks, released):
    eyes = Beside(networks, released.append, 0.0)
    yield eyes
    networks.go.set()
    eyes.stop()


def test_inline_sees_every_frame_and_gives_it_back(networks, released):
    networks.go.set()
    eyes, one = Inline(networks, released.append), frame(1.0)
    assert eyes.see(one) == ([person_seen_at(1.0)], True)
    eyes.done(one)
    assert released == [one]


def test_fast_networks_give_this_very_frame_s_result(patient, released):
    one = frame(1.0)
    assert patient.see(one) == ([person_seen_at(1.0)], True)
    patient.done(one)
    assert released == [one]


def test_while_slow_networks_look_the_picture_goes_on(hasty, networks, released):
    one, two = frame(1.0), frame(2.0)
    assert hasty.see(one) == ([], False)
    hasty.done(one)
    assert networks.busy.wait(LIMIT)
    assert hasty.see(two) == ([], True)
    hasty.done(two)
    assert released == [two]


def finish(eyes, networks):
    networks.go.set()
    with eyes._changed:
        assert eyes._changed.wait_for(lambda: eyes._finished, LIMIT)


def test_the_frame_of_a_late_result_is_given_back_with_the_next(hasty, networks, released):
    one, two = frame(1.0), frame(1.5)
    hasty.see(one)
    hasty.done(one)
    finish(hasty, networks)
    hasty._patience = LIMIT
    assert hasty.see(two) == ([person_seen_at(1.5)], True)
    hasty.done(two)
    assert released == [one, two]


def test_known_persons_are_moved_on_while_the_networks_look(hasty, networks, released):
    one, two = frame(1.0), frame(1.5)
    hasty.see(one)
    finish(hasty, networks)
    networks.go.clear()
    persons, free = hasty.see(two)
    assert not free
    assert persons == [person_seen_at(1.0).moved(0.5)]
    assert released == [one]


def test_a_ring_of_three_frames_is_never_used_up(hasty, networks, released):
    for n in range(20):
        given = frame(float(n))
        hasty.see(given)
        hasty.done(given)
        if n % 2:
            finish(hasty, networks)
            networks.go.clear()
        assert n + 1 - len(released) <= 2


def test_moved_persons_have_no_estimate_of_their_own():
    moved = person_seen_at(1.0).moved(0.5)
    assert moved.box == Box(15.0, 0.0, 5.0, 5.0)
    assert moved.raw is None


def test_what_goes_wrong_beside_is_raised_where_it_can_be_handled(released):
    def broken(_frame):
        raise ValueError("broken")

    eyes = Beside(broken, released.append, LIMIT)
    with pytest.raises(ValueError, match="broken"):
        eyes.see(frame())
    eyes.stop()


def test_stopping_ends_the_thread(patient):
    patient.stop()
    assert not patient._thread.is_alive()


def test_the_thread_never_keeps_a_process_from_ending(patient):
    assert patient._thread.daemon
    assert patient._thread.name == "vision"


def test_a_stopped_process_looks_at_nothing_more(patient, networks):
    patient.stop()
    seen = len(networks.seen)
    patient._patience = 0.0
    patient.see(frame(3.0))
    assert len(networks.seen) == seen


def test_an_idle_thread_sleeps(patient, monkeypatch):
    turns, asked = [], patient._stopping.is_set
    monkeypatch.setattr(patient._stopping, "is_set", lambda: turns.append(1) or asked())
    threading.Event().wait(0.1)
    assert len(turns) < 10  # a thread that turned without sleeping would have asked thousands of times
