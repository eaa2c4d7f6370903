import threading

import pytest

from device.app.vision_worker import AsyncVision, SyncVision
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
    vision = AsyncVision(networks, released.append, LIMIT)
    yield vision
    vision.stop()


@pytest.fixture
def hasty(networks, released):
    vision = AsyncVision(networks, released.append, 0.0)
    yield vision
    networks.go.set()
    vision.stop()


def test_sync_vision_processes_every_frame_and_gives_it_back(networks, released):
    networks.go.set()
    vision, one = SyncVision(networks, released.append), frame(1.0)
    assert vision.process(one) == ([person_seen_at(1.0)], True)
    vision.release(one)
    assert released == [one]


def test_fast_networks_give_this_very_frame_s_result(patient, released):
    one = frame(1.0)
    assert patient.process(one) == ([person_seen_at(1.0)], True)
    patient.release(one)
    assert released == [one]


def test_while_slow_networks_look_the_picture_goes_on(hasty, networks, released):
    one, two = frame(1.0), frame(2.0)
    assert hasty.process(one) == ([], False)
    hasty.release(one)
    assert networks.busy.wait(LIMIT)
    assert hasty.process(two) == ([], True)
    hasty.release(two)
    assert released == [two]


def finish(vision, networks):
    networks.go.set()
    with vision._changed:
        assert vision._changed.wait_for(lambda: vision._finished, LIMIT)


def test_the_frame_of_a_late_result_is_given_back_with_the_next(hasty, networks, released):
    one, two = frame(1.0), frame(1.5)
    hasty.process(one)
    hasty.release(one)
    finish(hasty, networks)
    hasty._patience = LIMIT
    assert hasty.process(two) == ([person_seen_at(1.5)], True)
    hasty.release(two)
    assert released == [one, two]


def test_known_persons_are_moved_on_while_the_networks_look(hasty, networks, released):
    one, two = frame(1.0), frame(1.5)
    hasty.process(one)
    finish(hasty, networks)
    networks.go.clear()
    persons, free = hasty.process(two)
    assert not free
    assert persons == [person_seen_at(1.0).moved(0.5)]
    assert released == [one]


def test_a_ring_of_three_frames_is_never_used_up(hasty, networks, released):
    for n in range(20):
        given = frame(float(n))
        hasty.process(given)
        hasty.release(given)
        if n % 2:
            finish(hasty, networks)
            networks.go.clear()
        assert n + 1 - len(released) <= 2


def test_moved_persons_have_no_estimate_of_their_own():
    moved = person_seen_at(1.0).moved(0.5)
    assert moved.box == Box(15.0, 0.0, 5.0, 5.0)
    assert moved.raw is None


def test_what_goes_wrong_on_the_thread_is_raised_where_it_can_be_handled(released):
    def broken(_frame):
        raise ValueError("broken")

    vision = AsyncVision(broken, released.append, LIMIT)
    with pytest.raises(ValueError, match="broken"):
        vision.process(frame())
    vision.stop()


def test_stopping_ends_the_thread(patient):
    patient.stop()
    assert not patient._thread.is_alive()


def test_the_thread_never_keeps_a_process_from_ending(patient):
    assert patient._thread.daemon
    assert patient._thread.name == "vision"


def test_a_stopped_thread_processes_nothing_more(patient, networks):
    patient.stop()
    seen = len(networks.seen)
    patient._patience = 0.0
    patient.process(frame(3.0))
    assert len(networks.seen) == seen


def test_an_idle_thread_sleeps(patient, monkeypatch):
    turns, asked = [], patient._stopping.is_set
    monkeypatch.setattr(patient._stopping, "is_set", lambda: turns.append(1) or asked())
    threading.Event().wait(0.1)
    assert len(turns) < 10  # a thread that turned without sleeping would have asked thousands of times


def test_boxes_go_once_they_would_be_extrapolated_for_more_than_half_a_second(hasty, networks):
    one = frame(1.0)
    hasty.process(one)
    finish(hasty, networks)
    networks.go.clear()
    assert [person.id for person in hasty.process(frame(1.5))[0]] == [1]
    assert hasty.process(frame(1.51))[0] == []


def test_what_is_pending_and_how_many_results_there_were(hasty, networks):
    assert (hasty.pending, hasty.results) == (False, 0)
    hasty.process(frame(1.0))
    assert (hasty.pending, hasty.results) == (True, 0)
    finish(hasty, networks)
    assert (hasty.pending, hasty.results) == (False, 1)


def test_every_result_is_told_and_no_failure_is(released):
    told = []

    def process(given):
        if given.time > 1.0:
            raise ValueError("broken")
        return []

    vision = AsyncVision(process, released.append, LIMIT, told.append)
    one = frame(1.0)
    vision.process(one)
    with pytest.raises(ValueError, match="broken"):
        vision.process(frame(2.0))
    vision.stop()
    assert told == [one]
    sync, two = SyncVision(lambda given: [], released.append, told.append), frame(2.0)
    sync.process(two)
    assert told == [one, two]


def test_a_thread_that_does_not_come_back_is_not_waited_for(hasty, networks, monkeypatch):
    monkeypatch.setattr("device.app.vision_worker.JOIN_S", 0.01)
    hasty.process(frame(1.0))
    assert networks.busy.wait(LIMIT)
    assert not hasty.stop()
    networks.go.set()


def test_sync_vision_has_nothing_pending_and_stops_at_once():
    vision = SyncVision(lambda given: [], lambda given: None)
    assert (vision.pending, vision.results, vision.stop()) == (False, 0, True)


def test_stopping_processes_no_frame_again_whose_result_nobody_took(hasty, networks):
    hasty.process(frame(1.0))
    finish(hasty, networks)
    assert hasty.stop() is True
    assert len(networks.seen) == 1


def test_pixels_of_a_new_frame_are_free_when_an_older_one_is_done_while_waiting(hasty, networks):
    """The result is the older frame's: its persons are moved on, and the new frame may be drawn on."""
    hasty.process(frame(1.0))
    assert networks.busy.wait(LIMIT)
    hasty._patience = LIMIT
    threading.Timer(0.02, networks.go.set).start()
    assert hasty.process(frame(1.25)) == ([person_seen_at(1.0).moved(0.25)], True)
