"""The demo in place of a camera, until there is one."""

from __future__ import annotations

import time
from collections.abc import Callable

from device.camera.reconnecting import ReconnectingCamera
from device.camera.source import OnEvent, Source
from device.errors import CameraError
from device.frame import Frame

LOOK_EVERY_S = 3.0  # for a new /dev/videoN, which takes a millisecond


class DemoUntilCamera:
    """Shows `demo` until `look` finds a camera of the same size; CameraError says that there is none yet.

    `name` tells which of both is shown.
    """

    live = False

    def __init__(
        self,
        demo: Source,
        look: Callable[[], ReconnectingCamera],
        on_event: OnEvent,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.size, self.small_size, self.fps = demo.size, demo.small_size, demo.fps
        self._demo = demo
        self._look_for_camera = look
        self._on_event = on_event
        self._clock = clock
        self._look_at = clock() + LOOK_EVERY_S
        self._camera: ReconnectingCamera | None = None

    @property
    def name(self) -> str:
        """The demo's, then the camera's."""
        return (self._camera or self._demo).name

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next frame of the demo, or of the camera."""
        if self._camera is None and self._clock() >= self._look_at:
            self._look()
        return (self._camera or self._demo).read(frame, timeout)

    def raise_if_hung(self) -> None:
        """For a watching thread: CameraLost when the camera's driver hangs."""
        if self._camera is not None:
            self._camera.raise_if_hung()

    def close(self) -> None:
        """Close both."""
        self._demo.close()
        if self._camera is not None:
            self._camera.close()

    def _look(self) -> None:
        try:
            self._camera = self._look_for_camera()
        except CameraError:  # told at the start; there is nothing new
            self._look_at = self._clock() + LOOK_EVERY_S
            return
        self._on_event("back", f"{self._camera.name}: a camera works now and takes the demo's place.")
