"""Tries device/camera/picamera.py with the real picamera2 on libcamera's virtual camera; prints JSON.

test_picamera2.py runs it inside the root that recipe/root.sh makes. Three helps let picamera2 take a
camera that is no Raspberry Pi's: a stub of pykms (a display library), one made-up raw mode, and libcamera's
own allocator of buffers. The virtual camera gives NV12 only, in one size for both streams.
"""
# ruff: noqa: E402

import json
import os
import sys
import threading
import time
from dataclasses import replace
from types import ModuleType, SimpleNamespace

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
os.environ["LIBCAMERA_LOG_LEVELS"] = "*:ERROR"
sys.modules["pykms"] = pykms = ModuleType("pykms")
formats = ("RGB888", "BGR888", "XRGB8888", "XBGR8888", "YUV420", "YVU420", "NV12", "YUYV")
pykms.PixelFormat = SimpleNamespace(**{name: name for name in formats})

import picamera2
from picamera2.allocators import LibcameraAllocator

from device.camera.capture import Capture
from device.camera.picamera import PiCamera
from device.camera.reconnecting import Counters, ReconnectingCamera
from device.config.loader import defaults
from device.errors import CameraError, CameraStalled
from device.frame import Frame

SETTINGS = replace(
    defaults().camera, width=640, height=480, fps=30.0, timeout_s=2.0, retry_s=0.1, retry_max_s=1.0
)


class Library:
    """picamera2, with the helps; `built` counts."""

    MappedArray = picamera2.MappedArray
    built = 0

    def Picamera2(self, number):
        picamera2.Picamera2._get_raw_modes = lambda camera: [{"format": "SRGGB8", "size": (640, 480)}]
        camera = picamera2.Picamera2(number)
        camera.allocator = LibcameraAllocator(camera.camera)
        self.built += 1
        self.camera = camera
        return camera


def read(camera, frame, count):
    times = []
    for _ in range(count):
        assert camera.read(frame, SETTINGS.timeout_s)
        times.append(frame.time)
    return times


def resident_kib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def try_all():
    library = Library()
    camera = PiCamera(0, SETTINGS, library=library)
    frame = Frame(camera.size, camera.small_size)
    report = {"size": camera.size, "small_size": camera.small_size}

    image = frame.image
    times = read(camera, frame, 30)
    report["in_place"] = frame.image is image
    report["times_rise"] = times == sorted(set(times))
    report["age_s"] = time.monotonic() - times[-1]
    report["bars"] = [frame.image[240, x].tolist() for x in range(40, 640, 80)]
    report["small_bars"] = [frame.small[240, x].tolist() for x in range(40, 640, 80)]

    try:
        PiCamera(7, SETTINGS, library=library)
    except CameraError as error:
        report["missing"] = str(error)

    library.camera.stop()  # behind its back: from here no frame comes
    try:
        camera.read(frame, 0.3)
    except CameraStalled as error:
        report["stall"] = str(error)
    camera.reopen()
    report["after_reopening"] = len(read(camera, frame, 10))
    report["built"] = library.built

    before = resident_kib()
    read(camera, frame, 300)
    report["growth_kib"] = resident_kib() - before

    events, counters = [], Counters()
    kept = ReconnectingCamera(camera, SETTINGS, counters, lambda kind, message: events.append(kind))
    capture = Capture(kept, 4, 0.3, counters, watch=kept.raise_if_hung)
    for number in range(40):
        if number == 20:
            library.camera.stop()
        lent = capture.next(3.0)
        if lent is not None:
            capture.release(lent)
    report["events"], report["restarts"] = events, counters.restarts
    start = time.monotonic()
    report["stopped"] = capture.stop()
    report["stop_s"] = time.monotonic() - start

    camera.close()
    again = PiCamera(0, SETTINGS, library=library)
    report["opened_again"] = len(read(again, frame, 10))
    again.close()
    try:
        again.read(frame, 0.3)
    except CameraError as error:
        report["closed"] = str(error)
    report["left_behind"] = [
        thread.name for thread in threading.enumerate() if thread.name.startswith("picamera2")
    ]
    return report


if __name__ == "__main__":
    print(json.dumps(try_all()))
