"""A camera kept alive: opened again, after growing pauses, whenever it stalls, goes or sends garbage."""

from __future__ import annotations

import time
from collections.abc import Callable

from device.camera.frame_check import PictureCheck
from device.camera.source import Camera, OnEvent, ignore
from device.config.schema import CameraSettings
from device.errors import CameraError, CameraGarbage, CameraLost, CameraStalled
from device.frame import Frame

GARBAGE_IN_A_ROW = 10  # a single bad frame is common (a USB packet lost) and heals by itself
HUNG_S = 15.0  # beyond the time limit that the driver was given: it will not come back


class Counters:
    """What happened to the frames, for the summary and the operator."""

    __slots__ = ("dropped", "garbage", "restarts", "stalls")

    def __init__(self):
        self.dropped = 0  # read, but replaced by a newer frame before anybody took them
        self.restarts = 0  # times that the camera was opened again
        self.stalls = 0  # times that no frame came in time
        self.garbage = 0  # frames that were no pictures, and spells of flat or frozen ones


class Kept:
    """Reads from `camera` and outlives its failures; a source like any other.

    `limits` has timeout_s, retry_s, retry_max_s and give_up_s (seconds; 0 never gives up).
    `wait(seconds)` pauses, and is True when the program stops: then the source ends.
    """

    live = True

    def __init__(
        self,
        camera: Camera,
        limits: CameraSettings,
        counters: Counters,
        on_event: OnEvent = ignore,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] = time.sleep,
    ):
        self.name, self.fps = camera.name, camera.fps
        self.size, self.small_size = camera.size, camera.small_size
        self._camera = camera
        self._limits = limits
        self._counters = counters
        self._on_event = on_event
        self._clock = clock
        self._wait = wait
        self._check = PictureCheck(camera.size, camera.fps)
        self._accepted = False  # flat or frozen pictures outlived an opening: it is dark, or the lens covered
        self._bad_in_a_row = 0
        self._pause = limits.retry_s
        self._closed = False
        self._tries = 0  # to open it, since the last good frame
        self._good_at = self._up_since = clock()
        self._in_driver_since: float | None = None

    def read(self, frame: Frame, timeout: float) -> bool:
        """The camera's next good frame, however long that takes; False when the program stops.

        Raises CameraLost after `give_up_s` without a frame, or when only a new process can help.
        """
        while True:
            try:
                if self._closed:
                    self._reopen()
                if not self._read_once(frame, timeout):
                    return False
            except CameraLost:
                raise
            except CameraError as error:
                self._count(error)
                if self._may_heal(error) or not self._stopped_while_waiting(error):
                    continue
                return False
            self._good()
            return True

    def close(self) -> None:
        """Close the camera."""
        self._camera.close()

    def raise_if_hung(self) -> None:
        """For other threads: CameraLost when the driver has not come back long after its own time limit."""
        since = self._in_driver_since
        if since is not None and self._clock() - since > self._limits.timeout_s + HUNG_S:
            raise CameraLost(f"{self.name}: the driver hangs for {self._clock() - since:.0f} s; start again.")

    def _read_once(self, frame: Frame, timeout: float) -> bool:
        self._in_driver_since = self._clock()
        try:
            got = self._camera.read(frame, timeout)
        finally:
            self._in_driver_since = None
        if not got and self._camera.live:
            raise CameraError(f"{self.name}: the camera ended its stream.")
        if got:
            self._look_at(frame)
        return got

    def _reopen(self) -> None:
        self._in_driver_since = self._clock()
        try:
            self._camera.reopen()
        finally:
            self._in_driver_since = None
        self._closed = False
        self._counters.restarts += 1
        self._check.reset()
        self._bad_in_a_row = 0
        self._up_since = self._clock()

    def _look_at(self, frame: Frame) -> None:
        """Raise CameraGarbage for flat or frozen pictures, once: a dark room at night looks just the same."""
        wrong = self._check.wrong(frame.image)
        if not self._check.suspicious:
            self._accepted = False
        if wrong and not self._accepted:
            self._accepted = True
            self._bad_in_a_row = GARBAGE_IN_A_ROW  # seconds of it: this does not heal
            raise CameraGarbage(f"{self.name}: {wrong}; is the lens covered, or the camera broken?")

    def _count(self, error: CameraError) -> None:
        if isinstance(error, CameraStalled):
            self._counters.stalls += 1
        if isinstance(error, CameraGarbage):
            self._counters.garbage += 1
            self._bad_in_a_row += 1

    def _may_heal(self, error: CameraError) -> bool:
        """Whether the next frame may be good, without opening the camera again."""
        return isinstance(error, CameraGarbage) and self._bad_in_a_row < GARBAGE_IN_A_ROW

    def _stopped_while_waiting(self, error: CameraError) -> bool:
        """Tell of the failure once, then pause, longer each time; True when the program stops meanwhile."""
        now = self._clock()
        if not self._tries:
            if now - self._up_since > self._limits.retry_max_s:
                self._pause = self._limits.retry_s  # it ran well for long: a new trouble, not the old one
            then = f"Trying again in {self._pause:g} s, then more and more seldom."
            self._on_event(_kind(error), f"{error} {then}")
        give_up = self._limits.give_up_s
        if give_up and now - self._good_at >= give_up:
            raise CameraLost(
                f"{self.name}: lost after {self._tries} tries in {now - self._good_at:.0f} s"
                f" (camera.give_up_s = {give_up:g}). {error} Check its cable and its power."
            )
        self._closed = True
        self._tries += 1
        pause = min(self._pause, self._good_at + give_up - now) if give_up else self._pause
        self._pause = min(2 * self._pause, self._limits.retry_max_s)
        return bool(self._wait(pause))

    def _good(self) -> None:
        now = self._clock()
        if self._tries:
            self._on_event("back", f"{self.name}: frames again after {now - self._good_at:.1f} s.")
        self._tries = self._bad_in_a_row = 0
        self._good_at = now


def _kind(error: CameraError) -> str:
    """The word of `EVENTS` for a failure."""
    kinds = {CameraStalled: "stalled", CameraGarbage: "garbage"}
    return kinds.get(type(error), "gone")
