"""Events for other programs: one line of JSON each, never a picture.

The form of each is a file of `schema/v1/`, line_EVENT.json. A reader that is slow or gone does not stop the
kiosk: what it does not take is counted, and told in the log.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from device.audience.messages import VERSION
from device.audience.utc import utc
from device.events.line_writer import FLUSH_S, LineWriter, Sink, told_writer
from device.events.sinks import LineFile, Nowhere, Stream
from device.events.trace import track_row
from device.person import Person, ages_row

ROOM = 256 * 1024  # bytes of lines that may wait for their reader
STDOUT = 1


class Events:
    """A line a track and `every_s` seconds, and one for each thing that the operator should know.

    `to` is a path, "-" for standard output, "" for nowhere. A file of more than `max_mib` is renamed to
    `PATH.1` (replacing the last one) and begun anew. `wall` is the clock of the lines' time, seconds since
    1970. Without `exact_ages` a line has the band of years in place of age and spread.
    """

    def __init__(
        self,
        to: str,
        every_s: float = 1.0,
        max_mib: int = 16,
        wall: Callable[[], float] = time.time,
        exact_ages: bool = True,
    ) -> None:
        self._every = every_s
        self._wall = wall
        self._exact_ages = exact_ages
        self._last: dict[int, float] = {}  # track id -> when its last line was written
        self._dropped = 0
        self._writer = _writer(to, max_mib * 2**20) if to else None

    @property
    def dropped(self) -> int:
        """Lines that nobody took."""
        return self._writer.lost if self._writer else self._dropped

    def record(self, _index: int, t: float, persons: list[Person]) -> None:
        """Write the tracks whose last line is old enough. `t` is the frame's time in seconds."""
        if self._writer is None:
            return
        for person in persons:
            if t - self._last.get(person.id, float("-inf")) >= self._every:
                self._last[person.id] = t
                self._write({"event": "track", **self._row(person)})
        if len(self._last) > len(persons):
            self._last = {number: last for number, last in self._last.items() if t - last < 2 * self._every}

    def _row(self, person: Person) -> dict[str, Any]:
        row = track_row(person)
        del row["raw"], row["score"], row["yaw"]
        if not self._exact_ages:
            row |= {**ages_row(None, None), "band": person.band}
        return row

    def notice(self, event: str, **facts: object) -> None:
        """Write one line about the device itself, such as `notice("camera", state="stalled")`."""
        self._write({"event": event, **facts})

    def _write(self, row: dict[str, Any]) -> None:
        if self._writer is not None:
            line = json.dumps({"v": VERSION, "time": utc(self._wall()), **row}) + "\n"
            self._writer.put(line.encode("ascii"))

    def flush(self, seconds: float = FLUSH_S) -> None:
        """Wait for what is queued to be written, but no longer than `seconds`."""
        if self._writer is not None:
            self._writer.flush(seconds)

    def reopen(self) -> None:
        """Open the file anew where it was moved away, as after `logrotate`. Safe in a signal's handler."""
        if self._writer is not None:
            self._writer.request_reopen()

    def close(self) -> None:
        """Write out what is queued, if somebody takes it, and close the file."""
        if self._writer is not None:
            self._writer.close()
            self._dropped = self._writer.lost
        self._writer = None


def _writer(to: str, limit: int) -> LineWriter:
    place = "standard output" if to == "-" else to
    sink: Sink
    if to == "-":
        sink = Nowhere() if sys.stdout is None else Stream(STDOUT)
    else:
        sink = LineFile("--events", to, limit, rotated=True)
    return told_writer("events", place, sink, ROOM)
