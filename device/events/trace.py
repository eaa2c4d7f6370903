"""One line of JSON for every frame, for measuring tracks and ages afterwards."""

from __future__ import annotations

import json
from pathlib import Path

from device.errors import ConfigError
from device.person import Person


class Trace:
    """Writes `{"frame", "t", "tracks": [{"id", "box", "score", "raw", "age", "spread", "state"}]}` a line.

    Raises ConfigError when `path` cannot be written.
    """

    def __init__(self, path: str | Path):
        try:
            self._file = open(path, "w", encoding="ascii")  # noqa: SIM115 - closed by close()
        except OSError as error:
            message = f"--trace {path}: cannot be written ({error.strerror}); give another place."
            raise ConfigError(message) from None

    def record(self, index: int, t: float, persons: list[Person]) -> None:
        """Write one frame: its index, its time in seconds since the first frame, and who is in it."""
        line = {"frame": index, "t": round(t, 4), "tracks": [track_row(person) for person in persons]}
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Write out what is buffered."""
        self._file.close()


def track_row(person: Person) -> dict:
    """A person as the trace and the events show it; pixels and years, null where nothing is known."""
    return {
        "id": person.id,
        "box": [round(value, 1) for value in person.box],
        "score": round(person.score, 3),
        "raw": rounded(person.raw),
        "age": rounded(person.age),
        "spread": rounded(person.spread),
        "state": person.state,
    }


def rounded(years: float | None) -> float | None:
    """Two decimals; None stays None."""
    return None if years is None else round(years, 2)
