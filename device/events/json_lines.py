"""Events for other programs: one line of JSON each, never a picture.

A reader that is slow or gone must not stop the kiosk: lines that cannot be
written at once are dropped and counted.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable

from device.errors import ConfigError
from device.events.trace import track_row
from device.person import Person


class Events:
    """A line a track and `every_s` seconds, and one for each thing the operator should know.

    `to` is a path, "-" for standard output, "" for nowhere. A file of more than
    `max_mib` is renamed to `PATH.1` (replacing the last one) and begun anew.
    `wall` is the clock of the lines' time, seconds since 1970.
    """

    def __init__(self, to: str, every_s: float = 1.0, max_mib: int = 16, wall: Callable = time.time):
        self._path = to
        self._every = every_s
        self._limit = max_mib * 2**20
        self._wall = wall
        self._last: dict[int, float] = {}  # track id -> when its last line was written
        self.dropped = 0
        self._fd = self._open()

    def _open(self) -> int | None:
        if not self._path:
            return None
        if self._path == "-":
            return sys.stdout.fileno()
        try:
            return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            message = f"--events {self._path}: cannot be written ({error.strerror}); give another place."
            raise ConfigError(message) from None

    def record(self, _index: int, t: float, persons: list[Person]) -> None:
        """Write the tracks whose last line is old enough. `t` is the frame's time in seconds."""
        if self._fd is None:
            return
        for person in persons:
            if t - self._last.get(person.id, float("-inf")) >= self._every:
                self._last[person.id] = t
                row = track_row(person)
                del row["raw"], row["score"]
                self._write({"event": "track", **row})
        if len(self._last) > len(persons):
            self._last = {number: last for number, last in self._last.items() if t - last < 2 * self._every}

    def notice(self, event: str, **facts) -> None:
        """Write one line about the device itself, such as `notice("camera", state="stalled")`."""
        if self._fd is not None:
            self._write({"event": event, **facts})

    def _write(self, row: dict) -> None:
        row = {"time": _utc(self._wall()), **row}
        line = (json.dumps(row) + "\n").encode("ascii")
        try:
            _, ready, _ = select.select([], [self._fd], [], 0)
            if not ready:  # a pipe whose reader does not keep up; up to 4 KiB fit when it is ready
                self.dropped += 1
                return
            os.write(self._fd, line)
            if self._path != "-" and os.fstat(self._fd).st_size > self._limit:
                self._rotate()
        except OSError as error:
            self.dropped += 1
            if isinstance(error, BrokenPipeError):
                self._fd = None  # nobody will read from this pipe again

    def _rotate(self) -> None:
        os.replace(self._path, self._path + ".1")
        os.close(self._fd)
        self._fd = self._open()

    def close(self) -> None:
        """Close the file, if it is one of ours."""
        if self._fd is not None and self._path != "-":
            os.close(self._fd)
        self._fd = None


def _utc(seconds: float) -> str:
    """2026-11-22T03:20:20.123Z, from seconds since 1970."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
