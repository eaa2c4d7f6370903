import threading
from collections import Counter

import numpy as np
import pytest

from device.app.main_loop import SILENCE, Loop
from device.app.vision_worker import SyncVision
from device.box import Box
from device.budget.timing import Timings
from device.frame import Frame
from device.person import Person

ANNA = Person(1, Box(1.0, 1.0, 4.0, 4.0), 0.9)


class Film:
    """A capture of `length` frames at 10 a second; `holes` are turns on which no frame comes."""

    def __init__(self, length, holes=0):
        self.length, self.holes = length, holes
        self.given, self.leased = 0, 0

    @property
    def ended(self):
        return self.given == self.length

    def next(self, timeout):
        if self.holes:
            self.holes -= 1
            return None
        made = Frame((8, 6))
        made.index, made.time = self.given, 100.0 + self.given / 10
        self.given += 1
        self.leased += 1
        return made

    def release(self, frame):
        self.leased -= 1


class Easel:
    """A picture that counts what is drawn and shown."""

    def __init__(self, watched=True):
        self.watched, self.calls = watched, Counter()

    def draw(self, image, free, persons, t, faces):
        self.calls["drawn"] += 1
        return image if self.watched else None

    def dispatch(self, image, persons, t):
        assert isinstance(image, np.ndarray)
        self.calls["shown"] += 1

    def show_waiting(self, t):
        self.calls["waiting"] += 1


class Notes:
    def __init__(self):
        self.rows = []

    def record(self, index, t, persons):
        self.rows.append((index, round(t, 3), persons))


@pytest.fixture
def notes():
    return Notes()


def loop(film, easel, notes, polls=None, stopping=None, timings=None, on_frame=lambda: None):
    vision = SyncVision(lambda frame: [ANNA], film.release)
    poll = (polls if polls is not None else []).append
    return Loop(
        film,
        vision,
        easel,
        [notes],
        poll,
        on_frame,
        lambda seconds: None,
        timings or Timings(),
        stopping or threading.Event(),
    )


def test_a_film_to_its_end(notes):
    film, easel, polls = Film(3), Easel(), []
    loop(film, easel, notes, polls).run()
    assert notes.rows == [(0, 0.0, [ANNA]), (1, 0.1, [ANNA]), (2, 0.2, [ANNA])]
    assert easel.calls == {"drawn": 3, "shown": 3}
    assert len(polls) == 3
    assert film.leased == 0


def test_a_number_of_frames_and_then_some_more(notes):
    running = loop(Film(10), Easel(), notes)
    running.run(4)
    assert running.frames == 4
    running.run(6)
    assert [row[0] for row in notes.rows] == [0, 1, 2, 3, 4, 5]


def test_nothing_is_handed_out_when_nobody_watches(notes):
    easel = Easel(watched=False)
    loop(Film(3), easel, notes).run()
    assert easel.calls == {"drawn": 3}


def test_a_signal_ends_it(notes):
    stopping = threading.Event()
    stopping.set()
    running = loop(Film(3), Easel(), notes, stopping=stopping)
    running.run()
    assert running.frames == 0


def test_without_frames_the_chores_go_on(notes):
    polls = []
    loop(Film(1, holes=5), Easel(), notes, polls).run()
    assert len(polls) == 6


def test_a_silent_camera_is_shown_as_such(notes, monkeypatch):
    now = iter(np.arange(0.0, 1000.0, SILENCE))
    monkeypatch.setattr("device.app.main_loop.time.monotonic", lambda: next(now))
    easel = Easel()
    loop(Film(1, holes=3), easel, notes).run()
    assert easel.calls["waiting"] >= 2


def test_every_frame_is_timed(notes):
    timings = Timings()
    loop(Film(5), Easel(), notes, timings=timings).run()
    assert timings["read"].count == timings["frame"].count == 5


def test_the_first_frame_s_delay_is_known(notes):
    running = loop(Film(2), Easel(), notes)
    assert running.start_to_first_frame is None
    running.run()
    assert running.start_to_first_frame > 0


def test_the_heartbeat_hears_of_every_frame_and_of_nothing_else(notes):
    came = []
    loop(Film(3, holes=4), Easel(), notes, on_frame=lambda: came.append(1)).run()
    assert len(came) == 3
