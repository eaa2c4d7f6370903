"""A real V4L2 device: a USB camera, or the kernel's vivid, named by the environment variable V4L2_DEVICE."""

import os
import time

import pytest

from device.camera.v4l2 import OLD_S, UsbCamera
from device.config.loader import defaults
from device.frame import Frame


def test_newest_frames_in_place():
    if "V4L2_DEVICE" not in os.environ:
        pytest.skip("V4L2_DEVICE names no camera, such as /dev/video0")
    camera = UsbCamera(os.environ["V4L2_DEVICE"], defaults().camera)
    try:
        frame = Frame(camera.size)
        image = frame.image
        assert all(camera.read(frame, 2.0) for _ in range(30))
        assert frame.image is image
        assert image.std() > 1
        time.sleep(1.0)  # both buffers of the driver are old now
        camera.read(frame, 2.0)
        assert time.monotonic() - frame.time < OLD_S
        camera.reopen()
        assert camera.read(frame, 2.0)
    finally:
        camera.close()
