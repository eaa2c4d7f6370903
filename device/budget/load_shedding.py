"""What the device leaves out when it is hot, throttled or late, level by level, and takes up again.

One level up every two seconds while it lasts, one level down after ten seconds in which nothing was wrong.
"""

from __future__ import annotations

from typing import Protocol

LEVELS = (
    "everything is done",
    "settled faces are estimated a quarter as often",
    "faces are detected half as often",
    "half of the pictures are shown",
    "one age is estimated a frame",
)
FEWER_PICTURES = 3  # the level from which pictures go out half as often

# Reasoned, not tuned: no experiment stands behind the four below.
CHECK_EVERY_S = 2.0  # 60 frames at 30 a second: a share of late ones is then known to about 5 %
RECOVERED_S = 10.0  # five checks in a row: what is taken up again too soon is left out again at once
COOLER_C = 5.0  # below the limit: more than a reading moves between two checks under even load
LATE = 0.2  # share of frames dropped; tests/device/test_joins_load.py holds both sides of it


class Notify(Protocol):
    """Told that something changed: the event's name, and its facts as they stand in the event."""

    def __call__(self, event: str, **facts: object) -> None:
        """Pass it on."""


class Heat(Protocol):
    """What is read of a thermometer; `device.board.thermal.Thermometer` is the real one."""

    def celsius(self) -> float | None:
        """The processor's temperature in °C, None when nothing tells it."""

    def throttled(self) -> list[str]:
        """Why the board is slowed down now, in words; empty when it is not."""


class LoadShedder:
    """The level in force, `level` 0 to 4. `notify(event, **facts)` hears of every change.

    `hot_c` is the temperature in °C from which less is done. `celsius` is the last reading, or
    None; `throttled` is what held the board back then.
    """

    def __init__(self, hot_c: float, thermometer: Heat, notify: Notify):
        self.level = 0
        self.celsius: float | None = None
        self.throttled: tuple[str, ...] = ()
        self._hot_c = hot_c
        self._thermometer = thermometer
        self._notify = notify
        self._next_check: float | None = None
        self._fine_since: float | None = None
        self._frames = self._dropped = 0

    def poll(self, now: float, frames: int, dropped: int) -> None:
        """Called once a frame: `now` monotonic in seconds, frames finished and dropped since the start."""
        if self._next_check is not None and now < self._next_check:
            return
        starting, self._next_check = self._next_check is None, now + CHECK_EVERY_S
        new, lost = frames - self._frames, dropped - self._dropped
        self._frames, self._dropped = frames, dropped
        if starting:
            return  # what was dropped before the first frame tells of the start, not of the machine
        self.celsius, self.throttled = self._thermometer.celsius(), tuple(self._thermometer.throttled())
        why = self._why(lost / (new + lost) if new + lost else 0.0)
        if why:
            self._fine_since = None
            self._change(min(self.level + 1, len(LEVELS) - 1), why)
        elif self._fine_since is None:
            self._fine_since = now
        elif now - self._fine_since >= RECOVERED_S:
            self._fine_since = now
            self._change(max(self.level - 1, 0), "recovered")

    def _why(self, late: float) -> str:
        """What is too much for the machine, empty when nothing is."""
        limit = self._hot_c - (COOLER_C if self.level else 0.0)
        if self.celsius is not None and self.celsius >= limit:
            return f"the processor has {self.celsius:.0f} °C"
        if self.throttled:
            return self.throttled[0]
        return f"{late * 100:.0f} % of the frames were late" if late > LATE else ""

    def _change(self, level: int, why: str) -> None:
        if level != self.level:
            self.level = level
            self._notify("strain", level=level, doing=LEVELS[level], why=why)
