"""The real picamera2: a Raspberry Pi's own camera, or libcamera's virtual one in a root made for it."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from device.frame import Frame

REPOSITORY = Path(__file__).parents[3]
IN_ROOT = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --bind "$2" "$1/repo" &&
exec chroot "$1" env PYTHONDONTWRITEBYTECODE=1 ${3:+LD_PRELOAD=/$3} \
     /venv/bin/python /repo/tests/device/camera/virtual_camera.py
"""


@pytest.fixture(scope="module")
def report(samples):
    """What virtual_camera.py found. Without a dma-buf provider in the kernel a shim stands in for one."""
    if "PICAMERA_ROOT" not in os.environ:
        pytest.skip("PICAMERA_ROOT names no root with picamera2; see picamera_root.sh")
    root = Path(os.environ["PICAMERA_ROOT"])
    shim = ""
    if not Path("/dev/udmabuf").exists() and not Path("/dev/dma_heap").exists():
        shim = "fakeudmabuf.so"
        source = samples / "arm" / "fakeudmabuf.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", root / shim, source, "-ldl"], check=True, timeout=60)
    command = ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", root, REPOSITORY, shim]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_frames_of_the_virtual_camera(report):
    assert report["size"] == [640, 480]
    assert report["in_place"]
    assert report["times_rise"]
    assert 0 <= report["age_s"] < 1
    blue, green, red = report["bars"][4]
    assert blue > 240 > 10 > green + red
    assert report["bars"] == report["small_bars"]


def test_failures_of_the_virtual_camera(report):
    assert report["missing"].startswith("picamera2:7: cannot be opened: No camera number 7 found")
    assert report["stall"] == "picamera2:0: no frame for 0.3 s; is its cable loose?"
    assert report["after_reopening"] == 10
    assert report["built"] == 1
    assert report["events"] == ["stalled", "back"]
    assert report["restarts"] == 1


def test_virtual_camera_stops_in_time_and_does_not_grow(report):
    assert report["stopped"]
    assert report["growth_kib"] < 1024


def test_camera_of_this_raspberry_pi():
    if find_spec("picamera2") is None:
        pytest.skip("picamera2 is not installed here")
    from device.camera.picamera import PiCamera
    from device.config.loader import defaults
    from device.errors import CameraError

    try:
        camera = PiCamera(0, defaults().camera)
    except CameraError as error:
        pytest.skip(str(error))
    try:
        frame = Frame(camera.size, camera.small_size)
        assert all(camera.read(frame, 2.0) for _ in range(10))
        assert frame.image.std() > 1
        assert frame.small.shape == (192, 256, 3)
    finally:
        camera.close()
