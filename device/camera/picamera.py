"""The Raspberry Pi's camera through picamera2: the main picture and the ISP's small one, from one request.

picamera2 comes from apt, not from PyPI, and is imported only here, when asked for. A second
`Picamera2()` in a process often never gives a frame, so a camera is built once and, after a
failure, stopped and started. Some of picamera2's waits have no end (`stop`, when the ribbon
cable is loose), so every call has a time limit; a camera that does not answer is lost until a
new process begins.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from device.camera.orientation import Orientation, orientation
from device.camera.source import OnEvent, ignore
from device.config.schema import CameraSettings
from device.errors import CameraError, CameraGarbage, CameraLost, CameraStalled
from device.frame import Frame, Image

APT_PACKAGES = "/usr/lib/python3/dist-packages"
INSTALL = "sudo apt install -y --no-install-recommends python3-picamera2"
SMALL_WIDTH = 256  # twice the detector's input; a multiple of 128, so that no row is padded on any Pi
BUFFERS = 4
ANSWER_S = 5.0  # for building, starting, stopping and closing, which take 0.1 to 1 s
CONTINUOUS_AUTOFOCUS = 2  # libcamera's AfModeContinuous
# picamera2's names of formats, and OpenCV's conversions to BGR; "RGB888" is BGR in memory and needs none
TO_BGR = {
    "RGB888": None,
    "YUV420": cv2.COLOR_YUV2BGR_I420,
    "NV12": cv2.COLOR_YUV2BGR_NV12,
    "YUYV": cv2.COLOR_YUV2BGR_YUYV,
}


class PiCamera:
    """Camera `number`, in the order of `rpicam-hello --list-cameras`.

    `library` and `clock` stand in for picamera2 and the time in tests.
    """

    live = True

    def __init__(
        self,
        number: int,
        camera: CameraSettings,
        on_event: OnEvent = ignore,
        library: ModuleType | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Build, configure and start it, and see its first frame; CameraError when any of that fails."""
        self.name = f"picamera2:{number}"
        self.fps = camera.fps
        self._clock = clock
        self._camera: Any = None  # picamera2's, which has no types
        self._lost = False
        library = library or _picamera2(self.name)
        self._mapped_array = library.MappedArray
        self._camera = self._limited("be opened", lambda: library.Picamera2(number))
        try:
            self._limited("start", lambda: self._configure_and_start(camera))
            self._request(camera.timeout_s).release()
        except CameraError:
            self.close()
            raise
        if self._main.camera_size != (camera.width, camera.height):
            width, height = self._main.camera_size
            asked = f"{camera.width}x{camera.height}"
            on_event("changed", f"{self.name}: asked for {asked}, the camera gives {width}x{height}.")

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next frame of both streams, copied once out of the camera's memory."""
        request = self._request(timeout)
        try:
            for stream, out in ((self._main, frame.image), (self._small, frame.small)):
                if out is None:
                    continue
                with self._mapped_array(request, stream.stream, write=False) as mapped:
                    stream.copy(mapped.array, out)
            stamp = request.get_metadata().get("SensorTimestamp", 0) / 1e9
        except CameraGarbage:
            raise
        except Exception as error:  # libcamera's and picamera2's, which have no common type
            raise CameraError(f"{self.name}: {_root(error)}.") from None
        finally:
            request.release()
        now = self._clock()
        frame.time = stamp if 0 <= now - stamp < 1 else now
        return True

    def reopen(self) -> None:
        """Stop it and start it again; CameraLost once it has not answered."""
        if self._lost or self._camera is None:
            raise CameraLost(f"{self.name}: does not answer; only a new process can open it again.")
        self._limited("start again", self._restart)

    def close(self) -> None:
        """Give the camera back; a camera that does not answer is left to the end of the process."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        atexit.unregister(camera.close)  # it would wait without end for a camera that does not answer
        if not self._lost:
            try:
                self._limited("close", camera.close)
            except CameraError:
                self._lost = True

    def _configure_and_start(self, asked: CameraSettings) -> None:
        camera = self._camera
        small_width = min(SMALL_WIDTH, asked.width)
        small_height = round(small_width * asked.height / asked.width / 2) * 2
        controls: dict[str, int | tuple[int, int]] = {}
        if "FrameDurationLimits" in camera.camera_controls:
            microseconds = round(1e6 / asked.fps)
            controls["FrameDurationLimits"] = (microseconds, microseconds)
        if "AfMode" in camera.camera_controls:
            controls["AfMode"] = CONTINUOUS_AUTOFOCUS
        camera.configure(
            camera.create_video_configuration(
                main={"size": (asked.width, asked.height), "format": "RGB888"},
                lores={"size": (small_width, small_height), "format": "YUV420"},
                raw=None,
                controls=controls,
                buffer_count=BUFFERS,
                queue=False,  # never a frame from before it was asked for
                display=None,
                encode=None,
            )
        )
        how = orientation(asked)
        self._main = _Stream(self.name, "main", camera.stream_configuration("main"), how)
        self._small = _Stream(self.name, "lores", camera.stream_configuration("lores"), how)
        self.size, self.small_size = self._main.size, self._small.size
        camera.start()

    def _restart(self) -> None:
        self._camera.cancel_all_and_flush()
        self._camera.stop()
        self._camera.start()

    def _request(self, timeout: float) -> Any:
        """The next completed request, which must be released."""
        if self._camera is None:
            raise CameraError(f"{self.name}: is closed.")
        try:
            return self._camera.capture_request(wait=timeout)
        except TimeoutError:
            self._camera.cancel_all_and_flush()  # or the late frame would be kept for nobody
            raise CameraStalled(f"{self.name}: no frame for {timeout:g} s; is its cable loose?") from None
        except Exception as error:
            raise CameraError(f"{self.name}: {_root(error)}.") from error

    def _limited(self, what: str, call: Callable[[], Any]) -> Any:
        """What `call` returns. It runs in a thread of its own, which is left behind after ANSWER_S."""
        outcome: dict[str, Any] = {}

        def run() -> None:
            try:
                outcome["result"] = call()
            except Exception as error:
                outcome["error"] = error

        thread = threading.Thread(target=run, name=f"picamera2 {what}", daemon=True)
        thread.start()
        thread.join(ANSWER_S)
        if thread.is_alive():
            self._lost = True
            raise CameraLost(f"{self.name}: did not {what} within {ANSWER_S:g} s; start the program again.")
        if "error" in outcome:
            raise CameraError(f"{self.name}: cannot {what}: {_root(outcome['error'])}.") from None
        return outcome["result"]


class _Stream:
    """One of the two pictures of a request: where it lies in the camera's memory, and how it becomes BGR.

    `size` is of the picture as it is turned by `how`, on its one way out of there.
    """

    def __init__(self, camera: str, stream: str, config: dict[str, Any], how: Orientation):
        if config["format"] not in TO_BGR:
            raise CameraError(f"the {stream} stream is {config['format']}, not one of {', '.join(TO_BGR)}")
        self.stream = stream
        self.camera_size = width, height = config["size"]
        self.size = how.size(self.camera_size)
        self._how = how
        self._camera = camera
        self._conversion = TO_BGR[config["format"]]
        padded = config["format"] == "YUV420" and config["stride"] != width  # others come without padding
        self._padded = np.empty((height, config["stride"], 3), np.uint8) if padded else None
        converted = self._conversion is not None and not how.upright
        self._converted: Image | None = np.empty((height, width, 3), np.uint8) if converted else None

    def copy(self, array: Image, out: Image) -> None:
        """Copy the camera's `array` into `out` (HxWx3 uint8 BGR); CameraGarbage when it does not fit."""
        try:
            if self._converted is not None:
                self._convert(array, self._converted)
                self._how.turn(self._converted, out)
            elif not self._how.upright and array.shape == (*self.camera_size[::-1], 3):
                self._how.turn(array, out)
            else:
                self._convert(array, out)
        except (ValueError, cv2.error):
            shape = None if array is None else array.shape
            what = f"a {self.stream} picture of shape {shape}"
            raise CameraGarbage(f"{self._camera}: {what}, expected {out.shape}.") from None

    def _convert(self, array: Image, out: Image) -> None:
        """The camera's picture as BGR, as it lies; ValueError or cv2.error when it does not fit."""
        if self._conversion is None:
            np.copyto(out, array)
        elif self._padded is not None:
            cv2.cvtColor(array, self._conversion, dst=self._padded)
            np.copyto(out, self._padded[:, : out.shape[1]])
        elif cv2.cvtColor(array, self._conversion, dst=out) is not out:
            raise ValueError


def _picamera2(name: str) -> ModuleType:
    """The library, also from within a virtual environment that does not see what apt installed."""
    for folder in (None, APT_PACKAGES):
        if folder is not None:
            sys.path.append(folder)  # last: what the environment has itself goes first
        try:
            return import_module("picamera2")
        except ImportError as error:
            missing = error
    sys.path.remove(APT_PACKAGES)
    raise CameraError(f'{name}: no picamera2 here ({missing}); on a Raspberry Pi run "{INSTALL}".')


def _root(error: BaseException) -> str:
    """The message of the first cause: picamera2 wraps the one that tells something in others that do not."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error).rstrip(".") or type(error).__name__


def installed() -> bool:
    """Whether picamera2 is here, without importing it, which takes seconds and megabytes."""
    return find_spec("picamera2") is not None or (Path(APT_PACKAGES) / "picamera2").is_dir()
