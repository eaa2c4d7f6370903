"""Lines that are written by a thread of their own, so that whoever has something to say never waits.

Log, events and trace all go through `LineWriter`. What its sink cannot take (a full disk, a pipe that nobody
reads, a terminal that went) is counted and told; nothing of it blocks, raises or ends the program.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

IDLE_S = 1.0  # between two looks for a request to reopen
FLUSH_S = 0.15  # the most that `close` waits for what is still queued
BATCH_BYTES = 64 * 1024  # written at once
QUIET_S = 10.0  # without a loss, and lines are said to be written again: so a slow reader is told seldom


class Sink(Protocol):
    """Where lines end: a stream or a file of `device/events/sinks.py`."""

    def write(self, data: bytes, stopping: Callable[[], bool]) -> None:
        """Write whole lines, waiting only until `stopping()`. Raises OSError when they are not written."""

    def reopen(self) -> None:
        """Open the file anew where its name leads elsewhere by now."""

    def close(self) -> None:
        """Let go of the descriptor."""


class LineWriter:
    """Takes lines from any thread and writes them to `sink` in their order.

    At most `room` bytes wait; what comes then is lost. `on_lost(reason)` hears when lines begin to be lost,
    `on_recovered(count)` when they are written again, with how many were lost in between. Either may be
    called in the thread that writes or in the one that calls `put`.
    """

    def __init__(
        self,
        name: str,
        sink: Sink,
        room: int,
        on_lost: Callable[[str], None] = lambda reason: None,
        on_recovered: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.lost = 0  # lines, since the start
        self._name = name
        self._sink = sink
        self._room = room
        self._on_lost, self._on_recovered = on_lost, on_recovered
        self._lost_before = 0  # `lost` when all was well
        self._failing = self._works = False
        self._last_loss = 0.0
        self._lines: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._busy = self._closed = self._reopen = False
        self._changed = threading.Condition()  # of an RLock: a signal's handler may come in between
        self._thread: threading.Thread | None = None

    def put(self, line: bytes) -> None:
        """Queue one line, which ends with a newline."""
        with self._changed:
            if self._closed:
                self.lost += 1
                return
            fits = self._waiting_bytes + len(line) <= self._room
            threaded = fits and self._running()
            if threaded:
                self._lines.append(line)
                self._waiting_bytes += len(line)
                self._changed.notify_all()
        if not fits:
            self._lose(1, "nobody reads them")
        elif not threaded:
            self._write([line], lambda: True)

    def _running(self) -> bool:
        """Whether there is a thread to write; it is begun with the first line."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no thread is to be had; the line is written here, the next tries again
                return False
            self._thread = thread
        return True

    def request_reopen(self) -> None:
        """Have the sink open its file anew, soon. Safe in a signal's handler."""
        self._reopen = True

    def flush(self, seconds: float = FLUSH_S) -> bool:
        """Wait until all is written, but no longer than `seconds`; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._lines and not self._busy, seconds)

    def close(self, seconds: float = FLUSH_S) -> None:
        """Write out what is queued, within `seconds`, and let go. What is left then is lost and counted."""
        self.flush(seconds)
        with self._changed:
            first = not self._closed
            self._closed = True
            self.lost += len(self._lines)
            self._lines.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)  # it closes the sink, unless it is stuck in it
        elif first:
            self._sink.close()

    def _run(self) -> None:
        while True:
            lines = self._next_lines()
            if self._reopen:
                self._reopen = False
                self._sink.reopen()
            if lines:
                self._write(lines, lambda: self._closed)
            elif self._closed:
                break
            self._tell_recovery()
        self._sink.close()

    def _next_lines(self) -> list[bytes]:
        """What is to be written next, perhaps nothing."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._closed, IDLE_S)
            lines: list[bytes] = []
            taken = 0
            while self._lines and (not lines or taken + len(self._lines[0]) <= BATCH_BYTES):
                taken += len(self._lines[0])
                lines.append(self._lines.popleft())
            self._waiting_bytes -= taken
            self._busy = bool(lines)
            return lines

    def _write(self, lines: list[bytes], stopping: Callable[[], bool]) -> None:
        try:
            self._sink.write(b"".join(lines), stopping)
        except OSError as error:
            self._works = False
            self._lose(len(lines), error.strerror or str(error))
        else:
            self._works = True

    def _tell_recovery(self) -> None:
        with self._changed:
            quiet = time.monotonic() - self._last_loss >= QUIET_S
            if not (self._failing and self._works and quiet):
                return
            count, self._lost_before = self.lost - self._lost_before, self.lost
            self._failing = False
        self._on_recovered(count)

    def _lose(self, count: int, reason: str) -> None:
        with self._changed:
            self.lost += count
            self._last_loss = time.monotonic()
            first, self._failing = not self._failing, True
        if first:
            self._on_lost(reason)


def told_writer(what: str, place: str, sink: Sink, room: int) -> LineWriter:
    """A writer of `what` to `place` that tells the log when lines are lost, and when no more are."""

    def lost(reason: str) -> None:
        log.warning("%s to %s are lost: %s; everything else runs on", what, place, reason)

    def recovered(count: int) -> None:
        log.warning("%s to %s are written again; %d lines were lost", what, place, count)

    return LineWriter(what, sink, room, lost, recovered)
