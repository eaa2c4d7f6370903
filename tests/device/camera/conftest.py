"""A clock that moves only when somebody sleeps, and cameras small enough to look at."""

import pytest

from device.config.schema import CameraSettings, Settings, SourceSettings


class Clock:
    def __init__(self, now=100.0):
        self.now = now
        self.stopping = False

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, seconds):
        self.now += seconds
        return self.stopping


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limits():
    """`settings.camera` for a camera of 64x48 pixels at 10 frames a second."""
    return CameraSettings(
        width=64, height=48, fps=10.0, buffers=4, timeout_s=1.0, retry_s=0.5, retry_max_s=4.0, give_up_s=0.0
    )


@pytest.fixture
def settings(limits):
    return Settings(camera=limits, source=SourceSettings(use="demo"))


@pytest.fixture
def events():
    """Collects (kind, message); pass `events` itself as `on_event`."""

    class Events(list):
        def __call__(self, kind, message):
            self.append((kind, message))

        @property
        def kinds(self):
            return [kind for kind, _ in self]

    return Events()
