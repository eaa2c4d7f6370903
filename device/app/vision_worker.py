"""The networks on a thread beside the picture, so that a slow model lowers the rate of results only."""

from __future__ import annotations

import threading
from collections.abc import Callable

from device.frame import Frame
from device.person import Person

JOIN_S = 0.5


class Inline:
    """The same face as `Beside` without a thread: every frame is looked at, however long it takes."""

    def __init__(self, process: Callable[[Frame], list[Person]], release: Callable[[Frame], None]):
        self._process = process
        self._release = release

    def see(self, frame: Frame) -> tuple[list[Person], bool]:
        """Who is in this very frame, and that its pixels are free to be drawn on."""
        return self._process(frame), True

    def done(self, frame: Frame) -> None:
        """Give the frame back."""
        self._release(frame)

    def stop(self) -> None:
        """Nothing runs beside."""


class Beside:
    """Runs `process` on a thread of its own, on the newest frame whenever it is ready for one.

    `see` waits `patience` seconds for the result; when it takes longer, the last known persons are
    moved on to the frame's time. Frames still being looked at are given to `release` later.
    """

    def __init__(
        self,
        process: Callable[[Frame], list[Person]],
        release: Callable[[Frame], None],
        patience: float,
    ):
        self._process = process
        self._release = release
        self._patience = patience
        self._job: Frame | None = None  # what the thread looks at
        self._finished = True
        self._persons: list[Person] = []
        self._time = 0.0  # of the frame that `_persons` were seen in
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vision", daemon=True)
        self._thread.start()

    def see(self, frame: Frame) -> tuple[list[Person], bool]:
        """Who is in the frame as far as is known, and whether its pixels are free to be drawn on.

        Raises what `process` raised.
        """
        with self._changed:
            if self._finished:
                self._collect(frame)
                self._job, self._finished = frame, False
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._finished, self._patience)
            if not self._finished:
                return self._moved(frame.time), self._job is not frame
            if self._collect(frame) is frame:
                return self._persons, True
            return self._moved(frame.time), True

    def _collect(self, frame: Frame) -> Frame | None:
        """The frame that the thread is done with, if any; given back unless it is `frame`."""
        seen, self._job = self._job, None
        if self._error is not None:
            raise self._error
        if seen is not None and seen is not frame:
            self._release(seen)
        return seen

    def done(self, frame: Frame) -> None:
        """Give the frame back, unless it is still being looked at."""
        with self._changed:
            if self._job is not frame:
                self._release(frame)

    def _moved(self, now: float) -> list[Person]:
        return [person.moved(now - self._time) for person in self._persons]

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: not self._finished or self._stopping.is_set(), 1.0)
                if self._finished:
                    continue
                frame = self._job
            try:
                persons, error = self._process(frame), None
            except Exception as failure:  # raised again by see(), in the thread that can handle it
                persons, error = [], failure
            with self._changed:
                self._persons, self._time, self._error = persons, frame.time, error
                self._finished = True
                self._changed.notify_all()
