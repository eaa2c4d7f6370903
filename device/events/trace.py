"""One line of JSON for every frame, for measuring tracks and ages afterwards.

A trace is a diagnostic: its ages are exact, in whatever way the picture and the events show them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from device.events.line_writer import told_writer
from device.events.sinks import LineFile
from device.person import Person, ages_row

ROOM = 1024 * 1024  # bytes of lines that may wait for the disk: thousands of frames
LIMIT = 2**30  # bytes of a trace; what comes after is lost, and the log says so
FLUSH_S = 0.5


class Trace:
    """Writes `{"frame", "t", "tracks": […]}` a line, each track as `track_row` makes it.

    Raises ConfigError when `path` cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        sink = LineFile("--trace", str(path), LIMIT, rotated=False, truncate=True)
        self._writer = told_writer("frames of the trace", str(path), sink, ROOM)

    @property
    def dropped(self) -> int:
        """Frames that could not be written."""
        return self._writer.lost

    def record(self, index: int, t: float, persons: list[Person]) -> None:
        """Write one frame: its index, its time in seconds since the first frame, and who is in it."""
        line = {"frame": index, "t": round(t, 4), "tracks": [track_row(person) for person in persons]}
        self._writer.put((json.dumps(line) + "\n").encode("ascii"))

    def close(self) -> None:
        """Write out what is queued, and close the file."""
        self._writer.close(FLUSH_S)


def track_row(person: Person) -> dict[str, Any]:
    """A person as the trace and the events show it; pixels and years, null where nothing is known."""
    return {
        "id": person.id,
        "box": [round(value, 1) for value in person.box],
        "score": round(person.score, 3),
        "raw": rounded(person.raw),
        **ages_row(person.age, person.interval),
        "state": person.state,
        "yaw": rounded(person.yaw),
        **person.words(),
    }


def rounded(number: float | None) -> float | None:
    """Two decimals; None stays None."""
    return None if number is None else round(number, 2)
