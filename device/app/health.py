"""Whether the kiosk does its job: one heartbeat, which the page, the picture's notice and the events follow.

The heartbeat is the time of the last result of the vision for a frame of the source that was asked for. A
dark picture that stands in for a camera's is no frame, and the demo that stands in for a missing camera is
no life.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from device.budget.load_shedding import Notify
from device.errors import VisionStuckError
from device.frame import Frame

Status = Literal["ok", "degraded", "down"]

CAMERA_DARK = "camera dark"
STAND_IN = "demo instead of a camera"
VISION_STUCK = "vision stuck"
OUTPUT_LOST = "output lost"
MEMORY_SHORT = "memory near the budget"

# What the picture says of each; the others do not concern those who stand before it.
NOTICES = {
    CAMERA_DARK: "No picture from the camera",
    STAND_IN: "Demo: drawn people, no camera",
    VISION_STUCK: "No ages: the vision is stuck",
}

DARK_S = 3.0  # without a frame: the slowest source allowed gives one a second (camera.fps)
LATE_S = 3.0  # for one frame: a hundred times what it takes; reasoned, not tuned
STEP_MAX_S = 0.5  # the loop comes round every 0.2 s; if that was longer ago, the process itself stood still


class Numbers(NamedTuple):
    """What else `report` tells, as it stands when it is asked for."""

    source: str
    frames: int
    dropped: int
    restarts: int
    memory_mib: float
    memory_budget_mib: float
    memory_near: bool
    temperature_c: float | None
    throttled: tuple[str, ...]
    load_level: int
    outputs_lost: tuple[str, ...]
    version: str
    ladder: Callable[[], dict[str, int]]  # of `app/ladder.py`; this and the next are asked for reports only
    clock_synchronised: Callable[[], bool | None]


class Health:
    """Hears of frames and results, and judges by their ages; times are monotonic, in seconds.

    `timeout_s` is how long there may be no result: then the status is "down", and when it was the vision that
    took a frame and does not come back, `poll` raises VisionStuckError. `numbers()` gives the rest of the
    report, `stands_in()` tells whether the source is one that only stands in for a camera. `notify(event,
    **facts)` hears of every change. `report` may be called from any thread.
    """

    def __init__(
        self,
        timeout_s: float,
        numbers: Callable[[], Numbers],
        notify: Notify,
        stands_in: Callable[[], bool],
        clock: Callable[[], float] | None = None,
    ):
        self.camera_failed = False  # said by the source itself; its next good frame takes it back
        self.notice = ""  # for the picture
        self._timeout = timeout_s
        self._numbers = numbers
        self._notify = notify
        self._stands_in = stands_in
        self._clock = clock or time.monotonic
        self._frame_at = self._result_at = self._polled_at = self._clock()
        self._waited = 0.0  # seconds that the loop lived through since the vision took the frame it has
        self._results = -1
        self._told: tuple[Status, tuple[str, ...]] = ("ok", ())

    def on_frame(self) -> None:
        """A frame came."""
        self._frame_at = self._clock()

    def on_result(self, frame: Frame) -> None:
        """The vision is done with a frame; called on its own thread."""
        if not self._stands_in():
            self._result_at = self._clock()

    def poll(self, pending: bool, results: int) -> None:
        """Called by the loop at least every 0.2 s: whether the vision works on a frame, and how many it did.

        Time counts by the loop's own progress: a process that was stopped and goes on lived through half
        a second at most, and its vision is not stuck for that. Raises VisionStuckError.
        """
        now = self._clock()
        step, self._polled_at = min(now - self._polled_at, STEP_MAX_S), now
        waiting = pending and results == self._results
        self._waited = self._waited + step if waiting else 0.0
        self._results = results
        self._tell(now)
        if self._waited > self._timeout:
            raise VisionStuckError(
                f"the vision has worked on one frame for {self._waited:.0f} s without a result "
                f"(limits.vision_timeout_s = {self._timeout:g}); the process leaves, to be started again."
            )

    def _tell(self, now: float) -> None:
        """Notice on the picture, and an event whenever status or reasons change."""
        status, reasons = self._judge(now, self._numbers())
        self.notice = next((NOTICES[reason] for reason in reasons if reason in NOTICES), "")
        if (status, reasons) != self._told:
            self._told = status, reasons
            self._notify("health", status=status, reasons=list(reasons))

    def _judge(self, now: float, numbers: Numbers) -> tuple[Status, tuple[str, ...]]:
        """The status, and the reasons by name."""
        dark = self.camera_failed or now - self._frame_at > DARK_S
        found = {
            CAMERA_DARK: dark,
            STAND_IN: self._stands_in(),
            VISION_STUCK: self._waited > LATE_S,
            OUTPUT_LOST: bool(numbers.outputs_lost),
            MEMORY_SHORT: numbers.memory_near,
        }
        reasons = tuple(reason for reason, holds in found.items() if holds)
        if now - self._result_at > self._timeout:
            return "down", reasons
        return ("degraded" if reasons else "ok"), reasons

    @property
    def alive(self) -> bool:
        """Whether to tell systemd so: the vision is not stuck; frames come, or the camera said it failed.

        A failed camera is opened again by its own retries, and a new process could do no more.
        """
        frames = self.camera_failed or self._clock() - self._frame_at <= DARK_S
        return frames and self._waited <= LATE_S

    @property
    def line(self) -> str:
        """Status and reasons in one line, such as "degraded: camera dark"."""
        status, reasons = self._told
        return f"{status}: {', '.join(reasons)}" if reasons else status

    def report(self) -> dict[str, Any]:
        """Everything, for programs: "status" is "ok", "degraded" (a part is missing) or "down" (no ages)."""
        now, numbers = self._clock(), self._numbers()
        status, reasons = self._judge(now, numbers)
        return {
            "status": status,
            "reasons": list(reasons),
            "newest_frame_age_s": round(now - self._frame_at, 2),
            "vision_result_age_s": round(now - self._result_at, 2),
            "source": numbers.source,
            "frames": numbers.frames,
            "dropped": numbers.dropped,
            "restarts": numbers.restarts,
            "outputs_lost": list(numbers.outputs_lost),
            "memory_mib": round(numbers.memory_mib, 1),
            "memory_budget_mib": numbers.memory_budget_mib,
            "temperature_c": None if numbers.temperature_c is None else round(numbers.temperature_c, 1),
            "throttled": list(numbers.throttled),
            "load_level": numbers.load_level,
            "version": numbers.version,
            "ladder": numbers.ladder(),
            "clock_synchronised": numbers.clock_synchronised(),
        }
