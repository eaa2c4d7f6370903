import pytest

from device.camera.paced import RealTimeSource
from device.frame import Frame


class Media:
    """Ten frames at 10 a second, each taking `cost` seconds of the clock to decode."""

    name, size, small_size, fps, live = "file:x", (64, 48), None, 10.0, False

    def __init__(self, clock, cost=0.0):
        self.clock, self.cost, self.count, self.closed = clock, cost, 0, False

    def read(self, frame, timeout):
        self.clock.sleep(self.cost)
        frame.time = self.count / self.fps
        self.count += 1
        return self.count <= 10

    def close(self):
        self.closed = True


def times(paced, clock):
    frame, came = Frame(paced.size), []
    while paced.read(frame, 1.0):
        came.append((frame.time, clock()))
    return came


def test_frames_come_when_they_are_due(clock):
    came = times(RealTimeSource(Media(clock, cost=0.03), clock, clock.wait), clock)
    assert len(came) == 10
    for number, (stamp, at) in enumerate(came):
        assert stamp == pytest.approx(100.03 + number / 10)
        assert at == pytest.approx(stamp)


def test_a_decoder_that_is_too_slow_is_not_held_back(clock):
    came = times(RealTimeSource(Media(clock, cost=0.15), clock, clock.wait), clock)
    assert came[-1][1] == pytest.approx(100 + 10 * 0.15)


def test_after_a_long_sleep_it_goes_on_at_its_own_speed(clock):
    media = Media(clock)
    paced = RealTimeSource(media, clock, clock.wait)
    frame = Frame(paced.size)
    paced.read(frame, 1.0)
    clock.sleep(3600)
    paced.read(frame, 1.0)
    assert frame.time == pytest.approx(3700)
    paced.read(frame, 1.0)
    assert clock() == pytest.approx(3700.1)


def test_stopping_ends_it(clock):
    paced = RealTimeSource(Media(clock), clock, clock.wait)
    frame = Frame(paced.size)
    assert paced.read(frame, 1.0)
    clock.stopping = True
    assert not paced.read(frame, 1.0)


def test_it_speaks_for_its_source(clock):
    media = Media(clock)
    paced = RealTimeSource(media, clock, clock.wait)
    assert (paced.name, paced.size, paced.fps, paced.live) == ("file:x", (64, 48), 10.0, False)
    paced.close()
    assert media.closed
