"""The main loop: a frame in, persons seen, a picture out, and what is written about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from device.app.vision_worker import AsyncVision, SyncVision
from device.board.machine import seconds_since_start
from device.box import Box
from device.budget.timing import Timings
from device.camera.capture import Capture, SyncCapture
from device.frame import Frame
from device.outputs.dispatcher import Dispatcher
from device.person import Person

WAIT = 0.2  # seconds for a frame; five rounds a second, so that a signal is heard within one
SILENCE = 1.0  # seconds without a frame after which the picture says so


class Recorder(Protocol):
    """Whoever writes something about every frame: the summary, the trace, the events."""

    def record(self, index: int, t: float, persons: list[Person]) -> None:
        """Hear of a finished frame: its index, its time in seconds since the first one, who is in it."""


class Loop:
    """Runs until the source ends, `stopping` is set, or `limit` frames are done.

    `vision` finds the persons in frames, `recorders` hear of every finished frame, `poll` is called after
    each, and at least every 0.2 s, with the monotonic time; `on_frame` hears that a frame came,
    `on_render_cost` what the picture cost, in seconds. `faces()` tells where faces may be in the frame that
    was just processed, None where that is not known.
    """

    def __init__(
        self,
        capture: Capture | SyncCapture,
        vision: SyncVision | AsyncVision,
        picture: Dispatcher,
        recorders: list[Recorder],
        poll: Callable[[float], None],
        on_frame: Callable[[], None],
        on_render_cost: Callable[[float], None],
        timings: Timings,
        stopping: threading.Event,
        faces: Callable[[], Sequence[Box] | None] = lambda: None,
    ):
        self.frames = 0
        self.start_to_first_frame: float | None = None  # seconds, from the process's start
        self._capture = capture
        self._vision = vision
        self._picture = picture
        self._recorders = recorders
        self._poll = poll
        self._on_frame = on_frame
        self._on_render_cost = on_render_cost
        self._timings = timings
        self._stopping = stopping
        self._faces = faces
        self._first: float | None = None  # time of the first frame

    def run(self, limit: int | None = None) -> None:
        """Raises what the parts raise: CameraError, BudgetError, ModelError."""
        last = time.monotonic()
        while not (self._stopping.is_set() or self._capture.ended or self.frames == limit):
            start = time.monotonic()
            frame = self._capture.next(WAIT)
            now = time.monotonic()
            if frame is not None:
                self._on_frame()
                self._timings.add("read", now - start)
                self._handle(frame, now)
                last = now
            elif now - last > SILENCE:
                self._picture.show_waiting(now)
            self._poll(now)

    def _handle(self, frame: Frame, start: float) -> None:
        if self._first is None:
            self._first = frame.time
        t = frame.time - self._first
        persons, free = self._vision.process(frame)
        seen = time.monotonic()
        image = self._picture.draw(frame.image, free, persons, t, self._faces())
        self._timings.add("frame", time.monotonic() - start)
        if image is not None:
            self._picture.dispatch(image, persons, t)
            self._on_render_cost(time.monotonic() - seen)
        self._vision.release(frame)
        self.frames += 1
        if self.start_to_first_frame is None:
            self.start_to_first_frame = seconds_since_start()
        for recorder in self._recorders:
            recorder.record(frame.index, t, persons)
