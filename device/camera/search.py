"""Looking for a camera that works, whichever it is, and taking the next one when it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2

from device.camera.letterbox import letterbox
from device.camera.orientation import orientation
from device.camera.source import Camera
from device.config.schema import CameraSettings
from device.errors import CameraError, CameraLost
from device.frame import Frame

PI_CAMERA = "picamera2:0"
PI_EVERY_S = 30.0  # its ribbon is not plugged in while the machine runs, and to ask libcamera takes a second


class CameraSearch:
    """Called, it opens the first camera that works: the Pi's, then every USB camera in order of number.

    `open_camera(spec)` opens one, `usb_cameras()` names the /dev/videoN that are there.
    """

    def __init__(
        self,
        open_camera: Callable[[str], Camera],
        usb_cameras: Callable[[], list[str]],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._open_camera = open_camera
        self._usb_cameras = usb_cameras
        self._clock = clock
        self._pi_at: float | None = clock()  # when the Pi's camera is tried next; None never again
        self._pi_refused = ""

    def __call__(self) -> Camera:
        """The camera, open. Raises CameraError with why each one was refused."""
        refused = []
        for spec in self._candidates():
            try:
                camera = self._open_camera(spec)
            except CameraError as error:
                refused.append(str(error))
                if spec == PI_CAMERA:
                    self._pi_refused = str(error)
                    self._pi_at = None if isinstance(error, CameraLost) else self._clock() + PI_EVERY_S
            else:
                if spec == PI_CAMERA:
                    self._pi_at = None  # a second Picamera2() in a process often never gives a frame
                return camera
        if not any(reason.startswith("v4l2:") for reason in refused):
            refused.insert(0, "No USB camera is plugged in.")
        if self._pi_refused and self._pi_refused not in refused:
            refused.append(self._pi_refused)
        raise CameraError(" ".join(refused))

    def _candidates(self) -> Iterator[str]:
        if self._pi_at is not None and self._clock() >= self._pi_at:
            yield PI_CAMERA
        yield from (f"v4l2:{node}" for node in self._usb_cameras())


class AnyCamera:
    """The camera that `search` found, and after its end the next that it finds.

    All give pictures of one size, that of `camera`, which was found at the start; without one, of the size
    that the settings ask for, and `read` says that there is none until `reopen` finds one.
    """

    live = True

    def __init__(
        self,
        search: Callable[[], Camera],
        asked: CameraSettings,
        camera: Camera | None = None,
        why_none: str = "",
    ):
        self.size, self.fps = orientation(asked).size((asked.width, asked.height)), asked.fps
        self.small_size: tuple[int, int] | None = None
        if camera is not None:
            self.size, self.fps, self.small_size = camera.size, camera.fps, camera.small_size
        self._search = search
        self._camera = camera
        self._why_none = why_none
        self._own: Frame | None = None  # for a camera of another size

    @property
    def name(self) -> str:
        """The camera's that is open now; "camera" before there was one."""
        return self._camera.name if self._camera else "camera"

    def read(self, frame: Frame, timeout: float) -> bool:
        """The camera's next frame, fitted into `frame`; as `Camera.read`."""
        camera = self._camera
        if camera is None:
            raise CameraError(f"camera: none is found. {self._why_none}")
        if (camera.size, camera.small_size) == (self.size, self.small_size):
            return camera.read(frame, timeout)
        if self._own is None:
            self._own = Frame(camera.size, camera.small_size)
        if not camera.read(self._own, timeout):
            return False
        letterbox(self._own.image, frame.image)
        if frame.small is not None:
            size = frame.small.shape[1], frame.small.shape[0]
            cv2.resize(frame.image, size, dst=frame.small, interpolation=cv2.INTER_AREA)
        frame.time = self._own.time
        return True

    def reopen(self) -> None:
        """Open the same camera again, else any that works; CameraError when there is none."""
        if self._camera is None:
            self._take(self._search())
            return
        try:
            self._camera.reopen()
        except CameraLost:
            raise
        except CameraError as error:
            try:
                self._take(self._search())
            except CameraError as others:
                raise CameraError(f"{error} {others}") from None

    def close(self) -> None:
        """Close the camera."""
        if self._camera is not None:
            self._camera.close()

    def _take(self, camera: Camera) -> None:
        self.close()
        self._camera, self._own = camera, None
