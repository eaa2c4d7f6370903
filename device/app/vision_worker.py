"""The networks on a thread of their own, so that a slow model lowers the rate of results only."""

from __future__ import annotations

import threading
from collections.abc import Callable

from device.frame import Frame
from device.person import Person

JOIN_S = 0.5
# Seconds that persons are moved on by their velocities. Tracks coast for tracker.coast_s, 0.7 s, when the
# detector misses them; a picture without any result is older news than that, and a box that walks on by
# itself hides that the vision stands still.
EXTRAPOLATE_S = 0.5

Process = Callable[[Frame], list[Person]]


def _ignore(frame: Frame) -> None:
    """The `on_result` of those who do not want to know."""


class SyncVision:
    """The same interface as `AsyncVision` without a thread: every frame is processed, however long it takes.

    `on_result(frame)` hears of every frame whose persons are known.
    """

    pending = False  # no frame is ever being processed while the loop goes on
    fresh = True
    results = 0

    def __init__(
        self, process: Process, release: Callable[[Frame], None], on_result: Callable[[Frame], None] = _ignore
    ):
        self._process = process
        self._release = release
        self._on_result = on_result

    def process(self, frame: Frame) -> tuple[list[Person], bool]:
        """Who is in this very frame, and that its pixels are free to be drawn on."""
        persons = self._process(frame)
        self._on_result(frame)
        return persons, True

    def release(self, frame: Frame) -> None:
        """Give the frame back."""
        self._release(frame)

    def stop(self) -> bool:
        """Nothing runs beside."""
        return True


class AsyncVision:
    """Runs `process` on a thread of its own, on the newest frame whenever it is ready for one.

    `process` waits `patience` seconds for the result; when it takes longer, the last known persons are
    moved on to the frame's time, by `EXTRAPOLATE_S` at most; older ones are no longer shown. Frames still
    being processed are given to `release` later. `on_result(frame)` hears, on the thread, of every frame
    whose persons are known. `pending` tells whether a frame is being processed now, `results` how many
    were, `fresh` whether the persons returned last were seen in that very frame.
    """

    def __init__(
        self,
        process: Process,
        release: Callable[[Frame], None],
        patience: float,
        on_result: Callable[[Frame], None] = _ignore,
    ):
        self.results = 0
        self.fresh = False
        self._process = process
        self._release = release
        self._patience = patience
        self._on_result = on_result
        self._job: Frame | None = None  # what the thread processes
        self._finished = True
        self._persons: list[Person] = []
        self._time = 0.0  # of the frame that `_persons` were seen in
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vision", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> bool:
        """Whether a frame is being processed, or waits to be."""
        return not self._finished

    def process(self, frame: Frame) -> tuple[list[Person], bool]:
        """Who is in the frame as far as is known, and whether its pixels are free to be drawn on.

        Raises what the vision raised.
        """
        with self._changed:
            if self._finished:
                self._collect(frame)
                self._job, self._finished = frame, False
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._finished, self._patience)
            self.fresh = False
            if not self._finished:
                return self._moved(frame.time), self._job is not frame
            if self._collect(frame) is frame:
                self.fresh = True
                return self._persons, True
            return self._moved(frame.time), True

    def _collect(self, frame: Frame) -> Frame | None:
        """The frame that the thread is done with, if any; given back unless it is `frame`."""
        done, self._job = self._job, None
        if self._error is not None:
            raise self._error
        if done is not None and done is not frame:
            self._release(done)
        return done

    def release(self, frame: Frame) -> None:
        """Give the frame back, unless it is still being processed."""
        with self._changed:
            if self._job is not frame:
                self._release(frame)

    def _moved(self, now: float) -> list[Person]:
        """The last known persons at the time `now` of a frame; nobody when they are too old for that."""
        age = now - self._time
        return [person.moved(age) for person in self._persons] if age <= EXTRAPOLATE_S else []

    def stop(self) -> bool:
        """End the thread; False when the networks did not come back in time."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(JOIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: not self._finished or self._stopping.is_set(), 1.0)
                frame = self._job
                if self._finished or frame is None:
                    continue
            error: Exception | None = None
            persons: list[Person] = []
            try:
                persons = self._process(frame)
                self._on_result(frame)
            except Exception as failure:  # raised again by process(), in the thread that can handle it
                error = failure
            with self._changed:
                self._persons, self._time, self._error = persons, frame.time, error
                self.results += 1
                self._finished = True
                self._changed.notify_all()
