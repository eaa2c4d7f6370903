"""USB cameras, through OpenCV's V4L2 capture, none of whose answers are taken on trust.

What OpenCV does that this file is built around: it reports success with a picture of
another shape when the format was not set, or with no picture when a JPEG is broken; its
`retrieve` after a failed `grab` reads memory that is not there; a format that the camera
lacks is silently replaced; and it waits ten seconds for a camera that is silent.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from device.camera.source import OnEvent, ignore
from device.config.schema import CameraSettings
from device.errors import CameraError, CameraGarbage, CameraStalled
from device.frame import Frame, Image

SYSFS = Path("/sys/class/video4linux")
# udev's names: by the port that it is plugged into, and by maker, model and serial number. Two cameras of one
# model without a number share the second, so the first goes first.
LINKS = (Path("/dev/v4l/by-path"), Path("/dev/v4l/by-id"))
FORMATS = {False: ("YUYV", "MJPG"), True: ("MJPG", "YUYV")}
RAW_PIXELS = 640 * 480  # up to here USB 2 carries raw frames at 30 a second, and nothing need be decoded
# With one buffer the driver has nowhere to put the frame that comes while another is converted, and
# every second frame is lost. With two, the one that waited too long is passed over (`OLD_S`).
BUFFERS = 2
OLD_S = 0.5  # more than any camera's own delay, also in the dark at five frames a second
OTHER_CLOCK_S = 5.0  # a time so far off is no monotonic time, and says nothing about age
GRABS = 2 * BUFFERS
FIRST_TRIES = 5  # a camera's first frames are often broken


class UsbCamera:
    """The camera at `node` (/dev/videoN, or a link to it, as in /dev/v4l/by-id).

    When it comes back under another number, it is known by its links. `make`, `clock` and `links` stand in
    for OpenCV, the time and udev's folders in tests.
    """

    live = True

    def __init__(
        self,
        node: str,
        camera: CameraSettings,
        on_event: OnEvent = ignore,
        make: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture,
        clock: Callable[[], float] = time.monotonic,
        links: tuple[Path, ...] = LINKS,
    ):
        """Open it and look at its first frame; CameraError when it is missing, in use, or no camera."""
        self.name = f"v4l2:{node}"
        self._node = node
        self._asked = camera
        self._make = make
        self._clock = clock
        self._stamp = 0.0
        self._capture: cv2.VideoCapture | None = None
        self._links = lasting_names(node, links)
        self.small_size: tuple[int, int] | None = None
        self.size, self.fps = (camera.width, camera.height), camera.fps
        # OpenCV takes whole seconds, and reads them once, at the first wait of the process.
        os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = str(math.ceil(camera.timeout_s))
        try:
            self._open()
            self._see_first_frame()
        except CameraError:
            self.close()
            raise
        if self.size != (camera.width, camera.height) or self.fps < 0.9 * camera.fps:
            asked = f"{camera.width}x{camera.height} at {camera.fps:g} frames a second"
            gives = f"{self.size[0]}x{self.size[1]} at {self.fps:g}"
            on_event("changed", f"{self.name}: asked for {asked}, the camera gives {gives}.")

    def read(self, frame: Frame, timeout: float) -> bool:
        """The camera's newest frame. `timeout` is rounded up to whole seconds (see the top of this file)."""
        self._grab(timeout)
        self._retrieve(frame.image)
        now = self._clock()
        frame.time = self._stamp if 0 <= now - self._stamp < 1 else now
        return True

    def reopen(self) -> None:
        """Close it and open it again; CameraError when it is not back, or came back with another size."""
        self.close()
        self._node = next((link for link in self._links if os.path.exists(link)), self._node)
        size = self.size
        self._open()
        if self.size != size:
            (width, height), self.size = self.size, size
            self.close()
            raise CameraError(f"{self.name}: came back with {width}x{height}, was {size[0]}x{size[1]}.")

    def close(self) -> None:
        """Give the device back."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _open(self) -> None:
        """Take the first format that gives the size and rate asked for, else the one that comes nearest."""
        self._capture = capture = self._make(os.path.realpath(self._node), cv2.CAP_V4L2)
        if not capture.isOpened():
            self.close()
            raise CameraError(f"{self.name}: {_why_not(self._node)}")
        self._stamp = 0.0
        asked = self._asked.width, self._asked.height
        accepted = []
        for fourcc in FORMATS[asked[0] * asked[1] > RAW_PIXELS]:
            if self._set_format(capture, fourcc):
                accepted.append((self.size == asked, min(self.fps, self._asked.fps), fourcc))
                if self.size == asked and self.fps >= 0.9 * self._asked.fps:
                    return
        if accepted:
            self._set_format(capture, max(accepted)[2])

    def _set_format(self, capture: cv2.VideoCapture, fourcc: str) -> bool:
        """Ask for a pixel format, the size and the rate, note what came of it; True if it is the format."""
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._asked.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._asked.height)
        capture.set(cv2.CAP_PROP_FPS, self._asked.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 1)
        self.size = (
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 1 <= fps <= 240 else self._asked.fps
        return int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*fourcc)

    def _see_first_frame(self) -> None:
        width, height = self.size
        picture = np.empty((height, width, 3), np.uint8)
        for tries_left in reversed(range(FIRST_TRIES)):
            self._grab(self._asked.timeout_s)
            try:
                return self._retrieve(picture)
            except CameraGarbage:
                if not tries_left:
                    raise

    def _grab(self, timeout: float) -> None:
        """Have a frame ready in the driver: not one seen before, nor one that waited in its queue."""
        capture = self._open_capture()
        before = self._stamp
        for _ in range(GRABS):
            if not self._grabbed(capture):
                if os.path.exists(self._node):
                    raise CameraStalled(f"{self.name}: no frame for {math.ceil(timeout)} s.")
                raise CameraError(f"{self.name}: the camera was pulled out.")
            before, self._stamp = self._stamp, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if self._stamp <= 0:
                return  # this driver has no clock
            if self._stamp != before and not OLD_S < self._clock() - self._stamp < OTHER_CLOCK_S:
                return
        if self._stamp == before:
            raise CameraStalled(f"{self.name}: the same frame again and again.")

    def _open_capture(self) -> cv2.VideoCapture:
        if self._capture is None:
            raise CameraError(f"{self.name}: is closed.")
        return self._capture

    def _grabbed(self, capture: cv2.VideoCapture) -> bool:
        try:
            return capture.grab()
        except cv2.error as error:  # an assertion about the driver's buffers
            raise CameraError(f"{self.name}: {error.err}.") from None

    def _retrieve(self, out: Image) -> None:
        """Convert the frame that was grabbed into `out`, in place."""
        try:
            got, image = self._open_capture().retrieve(out)
        except cv2.error as error:
            raise CameraGarbage(f"{self.name}: {error.err}.") from None
        if not got or image is not out:  # OpenCV makes a new picture when the buffer does not fit
            shape = None if image is None else image.shape
            raise CameraGarbage(f"{self.name}: a frame of shape {shape}, expected {out.shape}.")


def lasting_names(node: str, folders: tuple[Path, ...] = LINKS) -> list[str]:
    """The links to `node` that name the camera whatever number it gets when it is plugged in again."""
    target = os.path.realpath(node)
    links = (link for folder in folders if folder.is_dir() for link in sorted(folder.iterdir()))
    return [str(link) for link in links if os.path.realpath(link) == target]


def usb_cameras(sysfs: Path = SYSFS) -> list[str]:
    """The /dev/videoN of every USB camera, in the order of N, without the second nodes (metadata)."""
    nodes = []
    for entry in sysfs.glob("video*"):
        index = entry / "index"
        on_usb = "/usb" in os.path.realpath(entry / "device")
        if on_usb and index.is_file() and index.read_text().strip() == "0":
            nodes.append(entry.name)
    return [f"/dev/{name}" for name in sorted(nodes, key=lambda name: int(name.removeprefix("video")))]


def _why_not(node: str) -> str:
    """Why a device cannot be opened, and what to do, in a sentence."""
    if not os.path.exists(node):
        found = ", ".join(usb_cameras()) or "none"
        return f"there is no such device; plug the camera in. USB cameras found: {found}."
    if not os.access(node, os.R_OK | os.W_OK):
        return "no permission; add this user to the group video, log out and in again."
    return "cannot be opened; another program may hold it, or it is no camera."
