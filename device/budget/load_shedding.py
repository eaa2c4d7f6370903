"""What the device leaves out when it is hot, held back or late, step by step, and takes up again.

One step down every two seconds while it lasts, one step up after ten calm seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from device.board.thermal import Thermometer

STEPS = (
    "everything",
    "settled faces are estimated a quarter as often",
    "faces are looked for half as often",
    "pictures go out half as often",
    "one age a frame",
)
FEWER_PICTURES = 3  # the level from which pictures go out half as often
LOOK_EVERY = 2.0  # seconds between two looks at temperature and lateness
CALM = 10.0  # seconds without strain before a step is taken back
COOLER = 5.0  # °C below the limit that count as cool again
LATE = 0.2  # share of frames dropped that counts as late


class Strain:
    """The step in force, `level` 0 to 4. `notice(event, **facts)` hears of every change.

    `hot_c` is the temperature in °C from which less is done.
    """

    def __init__(self, hot_c: float, thermometer: Thermometer, notice: Callable):
        self.level = 0
        self._hot = hot_c
        self._thermometer = thermometer
        self._notice = notice
        self._next_look: float | None = None
        self._calm_since: float | None = None
        self._frames = self._dropped = 0

    def tick(self, now: float, frames: int, dropped: int) -> None:
        """Called once a frame: `now` monotonic in seconds, frames finished and dropped since the start."""
        if self._next_look is not None and now < self._next_look:
            return
        starting, self._next_look = self._next_look is None, now + LOOK_EVERY
        new, lost = frames - self._frames, dropped - self._dropped
        self._frames, self._dropped = frames, dropped
        if starting:
            return  # what was dropped before the first frame tells of the start, not of the machine
        why = self._why(lost / (new + lost) if new + lost else 0.0)
        if why:
            self._calm_since = None
            self._change(min(self.level + 1, len(STEPS) - 1), why)
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= CALM:
            self._calm_since = now
            self._change(max(self.level - 1, 0), "calm again")

    def _why(self, late: float) -> str:
        """What strains the machine, empty when nothing does."""
        celsius = self._thermometer.celsius()
        limit = self._hot - (COOLER if self.level else 0.0)
        if celsius is not None and celsius >= limit:
            return f"the processor has {celsius:.0f} °C"
        held_back = self._thermometer.throttled()
        if held_back:
            return held_back[0]
        return f"{late:.0%} of the frames came too late" if late > LATE else ""

    def _change(self, level: int, why: str) -> None:
        if level != self.level:
            self.level = level
            self._notice("strain", level=level, doing=STEPS[level], why=why)
