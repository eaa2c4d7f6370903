"""A camera that does as its script says: for tests, and to see what a failure looks like on the screen.

    --source "fake:frames 30; stall 2s; garbage 3; end; frames 10"

| step        | what the camera does                                                    |
|-------------|-------------------------------------------------------------------------|
| `frames N`  | N good frames, at its frame rate                                        |
| `stall Ts`  | sends nothing for T seconds                                             |
| `hang Ts`   | the driver does not come back for T seconds, whatever its time limit    |
| `garbage N` | N frames of a wrong shape                                               |
| `flat N`    | N frames of one colour                                                  |
| `frozen N`  | the last frame, N times                                                 |
| `end`       | is pulled out, and can be opened again at once                          |
| `gone Ts`   | is pulled out, and cannot be opened for T seconds                       |

A script that is over is the end of the run. An empty one gives good frames for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from device.config.schema import CameraSettings
from device.errors import CameraError, CameraGarbage, CameraStalled, ConfigError
from device.frame import Frame, Image

COUNTED = ("frames", "garbage", "flat", "frozen")
TIMED = ("stall", "hang", "gone")
SPEED = 7  # pixels that the picture moves from frame to frame
SPAN = 256  # pixels after which it repeats


class FakeCamera:
    """Plays `script`. Its pictures are deterministic, and so are its times when the caller brings a clock."""

    name = "fake"

    def __init__(
        self,
        script: str,
        camera: CameraSettings,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.size = camera.width, camera.height
        self.small_size: tuple[int, int] | None = None
        self.fps = camera.fps
        self._steps = parse(script) if script else [("frames", float("inf"))]
        self._clock = clock
        self._sleep = sleep
        self._left: float | None = None  # frames left in this step
        self._until: float | None = None  # when this step is over
        self._due = clock()
        self._count = 0
        self._pattern = _pattern(self.size)

    @property
    def live(self) -> bool:
        """True until the script is over."""
        return bool(self._steps)

    def read(self, frame: Frame, timeout: float) -> bool:
        """What the script says next."""
        while self._steps:
            kind, amount = self._steps[0]
            if kind in COUNTED:
                self._wait_until_due()
                self._count_down(amount)
                self._show(frame, kind)
                return True
            if kind == "end":
                self._next_step()
                return False
            silence = self._time_left(amount)
            if kind == "gone":
                raise CameraError(f"{self.name}: the camera was pulled out.")
            if kind == "stall" and silence > timeout:
                self._sleep(timeout)
                raise CameraStalled(f"{self.name}: no frame for {timeout:g} s.")
            self._sleep(silence)
            self._next_step()
        return False

    def reopen(self) -> None:
        """Open it again; CameraError while the script says `gone`."""
        if self._steps and self._steps[0][0] == "gone":
            if self._time_left(self._steps[0][1]) > 0:
                raise CameraError(f"{self.name}: there is no such camera.")
            self._next_step()

    def close(self) -> None:
        """There is nothing to give back."""

    def _show(self, frame: Frame, kind: str) -> None:
        frame.time = self._clock()
        if kind == "garbage":
            raise CameraGarbage(f"{self.name}: a frame of shape (1, 921600).")
        if kind == "flat":
            frame.image.fill(0)
            return
        self._count += kind == "frames"
        shift = (self._count - 1) * SPEED % SPAN
        width, height = self.size
        np.copyto(frame.image, self._pattern[:height, shift : shift + width])

    def _wait_until_due(self) -> None:
        now = self._clock()
        self._due = max(self._due + 1 / self.fps, now)
        if self._due > now:
            self._sleep(self._due - now)

    def _count_down(self, amount: float) -> None:
        self._left = (amount if self._left is None else self._left) - 1
        if self._left <= 0:
            self._next_step()

    def _time_left(self, amount: float) -> float:
        if self._until is None:
            self._until = self._clock() + amount
        return max(0.0, self._until - self._clock())

    def _next_step(self) -> None:
        self._steps.pop(0)
        self._left = self._until = None


def parse(script: str) -> list[tuple[str, float]]:
    """The steps of a script as (what, how many or how long); ConfigError names the step that is none."""
    return [_step(text.strip()) for text in script.split(";") if text.strip()]


def _step(text: str) -> tuple[str, float]:
    kind, _, amount = text.partition(" ")
    if text == "end":
        return "end", 0
    if kind in COUNTED and amount.isdecimal() and int(amount) > 0:
        return kind, int(amount)
    try:
        if kind in TIMED and amount.endswith("s") and float(amount[:-1]) > 0:
            return kind, float(amount[:-1])
    except ValueError:
        pass
    allowed = ", ".join([f"{word} N" for word in COUNTED] + [f"{word} Ts" for word in TIMED] + ["end"])
    raise ConfigError(f"fake camera: {text!r} is not a step; allowed are {allowed}, separated by ;.")


def _pattern(size: tuple[int, int]) -> Image:
    """A wide picture that repeats every SPAN pixels, and of which a window is shown: HxWx3 uint8."""
    width, height = size
    x = np.arange(width + SPAN, dtype=np.uint8)
    y = np.arange(height, dtype=np.uint8)[:, None]
    return np.stack(np.broadcast_arrays(x, y, x ^ y), axis=-1)
