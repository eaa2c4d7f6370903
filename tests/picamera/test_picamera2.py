"""The real picamera2, on libcamera's virtual camera; and a Raspberry Pi's own camera where there is one."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from device.frame import Frame

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
LIMIT_S = 300  # it takes half a minute of a free core
IN_ROOT = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --bind "$2" "$1/repository" &&
exec chroot "$1" env PYTHONDONTWRITEBYTECODE=1 ${3:+LD_PRELOAD=/$3} \\
     /venv/bin/python /repository/tests/picamera/virtual_camera.py
"""


@pytest.fixture(scope="session")
def report(root: Path) -> dict:
    """What virtual_camera.py found. Without a provider of dma-bufs in the kernel a shim stands in for one."""
    shim = ""
    if not Path("/dev/udmabuf").exists() and not Path("/dev/dma_heap").exists():
        shim = "dma_buffers.so"
        command = ["cc", "-shared", "-fPIC", "-o", str(root / shim), str(HERE / "dma_buffers.c")]
        subprocess.run(command, check=True, timeout=60)
    command = ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", str(root), str(REPOSITORY), shim]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
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


def test_it_is_closed_and_opened_again(report):
    assert report["opened_again"] == 10
    assert report["closed"] == "picamera2:0: is closed."
    assert report["left_behind"] == []


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
