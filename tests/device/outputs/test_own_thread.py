"""A screen that hangs, goes, and comes back, while the loop goes on."""

import threading

import numpy as np
import pytest

from device.errors import OutputLostError
from device.outputs import own_thread
from device.outputs.own_thread import OwnThread

IMAGE = np.full((4, 6, 3), 7, np.uint8)
LIMIT = 20.0  # seconds that a test waits for another thread at most


class Screen:
    """Shows when it may: `gate` lets one picture through a time it is set; `broken` raises."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.broken = None
        self.shown, self.threads, self.closed = [], set(), 0
        self.seen = threading.Semaphore(0)

    def wanted(self):
        if self.broken:
            raise OSError(self.broken)
        return True

    def show(self, image, persons, t):
        self.threads.add(threading.current_thread().name)
        self.seen.release()
        self.gate.wait(LIMIT)
        self.shown.append((t, int(image[0, 0, 0])))

    def close(self):
        self.closed += 1


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setattr(own_thread, "PAUSE_S", 0.01)
    monkeypatch.setattr(own_thread, "POLL_S", 0.005)
    running = []

    def start(open_it, **options):
        reports = []
        output = OwnThread("screen", False, open_it, reports.append, **options)
        running.append(output)
        output.open()
        return output, reports

    yield start
    for output in running:
        output.close()


def until(condition):
    waiting = threading.Event()
    for _ in range(int(LIMIT / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    pytest.fail("did not come about")


def test_pictures_are_shown_on_the_output_s_own_thread(opened):
    screen = Screen()
    output, reports = opened(lambda: screen)
    until(output.wanted)
    output.show(IMAGE, [], 1.5)
    until(lambda: screen.shown == [(1.5, 7)])
    assert screen.threads == {"output screen"}
    assert reports == []


def test_what_is_handed_over_is_a_copy(opened):
    screen = Screen()
    screen.gate.clear()
    output, _ = opened(lambda: screen)
    until(output.wanted)
    image = IMAGE.copy()
    output.show(image, [], 0.0)
    image[:] = 99
    screen.gate.set()
    until(lambda: screen.shown == [(0.0, 7)])


def test_a_screen_that_hangs_holds_nobody_up_and_is_said_once(opened, monkeypatch):
    screen = Screen()
    screen.gate.clear()
    output, reports = opened(lambda: screen)
    until(output.wanted)
    output.show(IMAGE, [], 0.0)
    assert screen.seen.acquire(timeout=LIMIT)
    assert not output.wanted()
    output.show(IMAGE, [], 0.1)  # does not wait, and is not kept
    monkeypatch.setattr(own_thread, "BUSY_S", 0.0)
    assert not any(output.wanted() for _ in range(5))
    assert reports == ["--output screen: is stuck; the pictures go on without it."]
    assert output.missed == 6
    screen.gate.set()
    until(output.wanted)
    assert screen.shown == [(0.0, 7)]


def test_a_screen_that_is_lost_is_closed_and_opened_again(opened):
    screens = [Screen(), Screen()]
    rest = iter([screens[0], OSError("still away"), screens[1]])

    def open_it():
        found = next(rest)
        if isinstance(found, OSError):
            raise found
        return found

    output, reports = opened(open_it)
    screens[0].broken = "the screen has gone"
    until(lambda: len(reports) == 2)
    assert reports == [
        "--output screen: the screen has gone. It is opened again when it can be.",
        "--output screen: is back.",
    ]
    assert screens[0].closed == 1
    assert not output.lost
    until(output.wanted)
    output.show(IMAGE, [], 2.0)
    until(lambda: screens[1].shown == [(2.0, 7)])


def test_a_screen_away_for_too_long_ends_the_process_with_a_status_of_its_own(opened, monkeypatch):
    screen, rest = Screen(), iter([True])

    def open_it():
        if next(rest, None):
            return screen
        raise OSError("away")

    output, _ = opened(open_it)
    screen.broken = "gone"
    until(lambda: output.lost)
    assert not output.wanted()
    monkeypatch.setattr(own_thread, "GIVE_UP_S", -1.0)
    with pytest.raises(OutputLostError, match="is away for") as caught:
        output.wanted()
    assert caught.value.exit_status == 5


def test_a_screen_without_a_server_may_be_away_for_ever(opened, monkeypatch):
    screen, rest = Screen(), iter([True])

    def open_it():
        if next(rest, None):
            return screen
        raise OSError("away")

    output, _ = opened(open_it, forever=True)
    screen.broken = "gone"
    until(lambda: output.lost)
    monkeypatch.setattr(own_thread, "GIVE_UP_S", -1.0)
    assert not output.wanted()


def test_what_opening_raises_is_raised_at_once(opened):
    def open_it():
        raise OSError("no screen")

    with pytest.raises(OSError, match="no screen"):
        opened(open_it)


def test_a_screen_that_accepts_and_never_answers_is_given_up(opened, monkeypatch):
    never = threading.Event()
    monkeypatch.setattr(own_thread, "OPEN_S", 0.05)
    with pytest.raises(TimeoutError, match="did not answer within"):
        opened(lambda: never.wait(LIMIT))
    never.set()


def test_closing_does_not_wait_for_a_screen_that_hangs(opened, monkeypatch, caplog):
    screen = Screen()
    screen.gate.clear()
    output, _ = opened(lambda: screen)
    until(output.wanted)
    output.show(IMAGE, [], 0.0)
    assert screen.seen.acquire(timeout=LIMIT)
    monkeypatch.setattr(own_thread, "CLOSE_S", 0.05)
    output.close()
    assert "left behind" in caplog.text
    screen.gate.set()


def test_closing_closes_the_screen(opened):
    screen = Screen()
    output, _ = opened(lambda: screen)
    output.close()
    assert screen.closed == 1
