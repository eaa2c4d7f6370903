"""A camera kept alive: opened again whenever it stalls, goes or sends garbage."""

from __future__ import annotations

import time
from collections.abc import Callable

from device.camera.frame_check import FrameCheck
from device.camera.source import Camera, OnEvent, ignore
from device.config.schema import CameraSettings
from device.errors import CameraError, CameraGarbage, CameraLost, CameraStalled
from device.frame import Frame

# Both reasoned, not tuned: a third of a second of bad frames; three times what a driver takes at its slowest.
GARBAGE_IN_A_ROW = 10  # a single bad frame is common (a USB packet lost) and heals by itself
HUNG_S = 15.0  # beyond the time limit that the driver was given: it will not come back
# The watching thread looks at least every 0.2 s. If its last look is longer ago than this, the process itself
# stood still (SIGSTOP, a suspended machine), and that time says nothing about the driver.
WATCH_STEP_S = 0.5
# The pause before a try is this share of the trouble so far. Ten minutes of outages of 0.2 to 4 s, four times
# with other random numbers, were dark for 1.04 to 1.08 times as long as the camera itself; with half the
# share the same, with twice 1.09, with five times 1.25 (`test_ten_minutes_of_a_camera_that_fails_…`).
PAUSE_SHARE = 0.1
# A second with a picture makes good for four without: a camera that works a fifth of the time is tried soon.
# Reasoned, not tuned: the tests above give the same with 2 and with 8.
GOOD_COUNTS = 4.0


class Counters:
    """What happened to the frames, for the summary and the operator."""

    __slots__ = ("dropped", "garbage", "restarts", "stalls")

    def __init__(self) -> None:
        self.dropped = 0  # read, but replaced by a newer frame before anybody took them
        self.restarts = 0  # times that the camera was opened again
        self.stalls = 0  # times that no frame came in time
        self.garbage = 0  # frames that were no pictures, and spells of flat or frozen ones


class ReconnectingCamera:
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
        wait: Callable[[float], object] = time.sleep,
    ):
        self.fps = camera.fps
        self.size, self.small_size = camera.size, camera.small_size
        self._camera = camera
        self._limits = limits
        self._counters = counters
        self._on_event = on_event
        self._clock = clock
        self._wait = wait
        self._check = FrameCheck(camera.size, camera.fps)
        self._accepted = False  # flat or frozen pictures outlived an opening: it is dark, or the lens covered
        self._bad_in_a_row = 0
        self._trouble = 0.0  # seconds without a picture, less those with one: the camera's record
        self._closed = False
        self._tries = 0  # to open it, since the last good frame
        self._good_at = clock()
        self._calls = 0  # of the driver; odd while it has not come back
        self._watched = 0  # the call that the watching thread saw last
        self._watched_at = 0.0
        self._hung_s = 0.0  # that it saw that call last

    @property
    def name(self) -> str:
        """The camera's, which may change when another one takes its place."""
        return self._camera.name

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
        """For a watching thread, often: CameraLost when the driver does not come back from a call.

        Only time that the watching thread itself lived through counts: a process that was stopped and goes
        on, or a clock that jumps, is no driver that hangs.
        """
        call, now = self._calls, self._clock()
        since, self._watched_at = now - self._watched_at, now
        if call % 2 == 0 or call != self._watched:
            self._watched, self._hung_s = call, 0.0
            return
        self._hung_s += min(max(since, 0.0), WATCH_STEP_S)
        if self._hung_s > self._limits.timeout_s + HUNG_S:
            raise CameraLost(f"{self.name}: the driver hangs for {self._hung_s:.0f} s; start again.")

    def _read_once(self, frame: Frame, timeout: float) -> bool:
        self._calls += 1
        try:
            got = self._camera.read(frame, timeout)
        finally:
            self._calls += 1
        if not got and self._camera.live:
            raise CameraError(f"{self.name}: the camera ended its stream.")
        if got:
            self._check_picture(frame)
        return got

    def _reopen(self) -> None:
        self._calls += 1
        try:
            self._camera.reopen()
        finally:
            self._calls += 1
        self._closed = False
        self._counters.restarts += 1
        self._check.reset()
        self._bad_in_a_row = 0

    def _check_picture(self, frame: Frame) -> None:
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
        """Tell of the failure once, then pause; True when the program stops meanwhile."""
        now = self._clock()
        dark = now - self._good_at
        pause = self._pause(dark)
        if not self._tries:
            self._on_event(_kind(error), f"{error} Trying again in {pause:.1f} s, then less and less often.")
        give_up = self._limits.give_up_s
        if give_up and self._tries:
            if dark >= give_up:
                raise CameraLost(
                    f"{self.name}: lost after {self._tries} tries in {dark:.0f} s"
                    f" (camera.give_up_s = {give_up:g}). {error} Check its cable and its power."
                )
            pause = min(pause, give_up - dark)
        self._closed = True
        self._tries += 1
        return bool(self._wait(pause))

    def _pause(self, dark: float) -> float:
        """Seconds until the next try: a share of the trouble, within `retry_s` and `retry_max_s`."""
        share = PAUSE_SHARE * (self._trouble + dark)
        return max(self._limits.retry_s, min(share, self._limits.retry_max_s))

    def _good(self) -> None:
        now = self._clock()
        since = now - self._good_at
        if self._tries:
            self._on_event("back", f"{self.name}: frames again after {since:.1f} s.")
            self._trouble = min(self._trouble + since, self._limits.retry_max_s / PAUSE_SHARE)
        else:
            self._trouble = max(0.0, self._trouble - GOOD_COUNTS * since)
        self._tries = self._bad_in_a_row = 0
        self._good_at = now


def _kind(error: CameraError) -> str:
    """The word of `EVENTS` for a failure."""
    kinds: dict[type[CameraError], str] = {CameraStalled: "stalled", CameraGarbage: "garbage"}
    return kinds.get(type(error), "gone")
