"""A clip, or the demo, at its own speed: as a camera would give it."""

from __future__ import annotations

import time
from collections.abc import Callable

from device.camera.source import Source
from device.frame import Frame

LATE_S = 1.0  # more than this behind (the machine slept): go on from here, do not catch up


class RealTimeSource:
    """Holds each frame of `source` back until its time, and turns media time into `clock` time.

    `wait(seconds)` pauses and is True when the program stops.
    """

    live = False

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ):
        self.name, self.fps = source.name, source.fps
        self.size, self.small_size = source.size, source.small_size
        self._source = source
        self._clock = clock
        self._wait = wait
        self._start: float | None = None  # the clock's time at media time 0

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next frame when it is due; False at the end, and when the program stops."""
        if not self._source.read(frame, timeout):
            return False
        now = self._clock()
        if self._start is None or now - self._start - frame.time > LATE_S:
            self._start = now - frame.time
        frame.time += self._start
        return frame.time <= now or not self._wait(frame.time - now)

    def close(self) -> None:
        """Close the source."""
        self._source.close()
