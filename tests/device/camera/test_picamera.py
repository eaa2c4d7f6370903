"""The Pi's camera against a picamera2 that can be told how to fail."""

import contextlib
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from device.camera import picamera
from device.camera.picamera import PiCamera
from device.errors import CameraError, CameraGarbage, CameraLost, CameraStalled
from device.frame import Frame


class FakePicamera2:
    """What PiCamera uses of Picamera2; `lib` holds the switches of the test."""

    def __init__(self, lib, number):
        lib.built += 1
        if number >= lib.cameras:
            raise RuntimeError(f'No camera number {number} found - use "rpicam-hello --list-cameras"')
        self.lib, self.number = lib, number
        self.camera_controls = {"FrameDurationLimits": (100, 1000000, 33333), "AfMode": (0, 2, 0)}
        self.calls = []

    def create_video_configuration(self, **config):
        self.calls.append("configuration")
        self.config = config
        return config

    def configure(self, config):
        if self.lib.busy:
            try:
                raise OSError("Device or resource busy")
            except OSError as error:
                raise RuntimeError("Camera __init__ sequence did not complete.") from error

    def stream_configuration(self, stream):
        asked = self.config[stream]
        size = self.lib.size or asked["size"]
        if stream == "lores":
            size = asked["size"]
        return {"format": self.lib.formats[stream], "size": size, "stride": size[0] + self.lib.padding}

    def start(self):
        self.calls.append("start")

    def stop(self):
        self.calls.append("stop")
        if self.lib.stop_hangs:
            self.lib.released.wait(5)

    def close(self):
        self.calls.append("close")

    def cancel_all_and_flush(self):
        self.calls.append("flush")

    def capture_request(self, wait):
        assert 0 < wait < 60, "a wait without a limit"
        if self.lib.silent:
            raise TimeoutError
        if self.lib.broken:
            raise RuntimeError("Camera frontend failed")
        request = SimpleNamespace(released=False)
        request.release = lambda: setattr(request, "released", True)
        request.get_metadata = lambda: {"SensorTimestamp": int(self.lib.stamp * 1e9)}
        self.lib.requests.append(request)
        return request


@pytest.fixture
def lib(clock):
    """A stand-in for the module picamera2."""
    lib = SimpleNamespace(
        cameras=1,
        built=0,
        busy=False,
        silent=False,
        broken=False,
        stop_hangs=False,
        size=None,
        padding=0,
        stamp=99.9,
        requests=[],
        released=threading.Event(),
        formats={"main": "RGB888", "lores": "YUV420"},
        shape=None,
    )
    lib.Picamera2 = lambda number: setattr(lib, "camera", FakePicamera2(lib, number)) or lib.camera

    @contextlib.contextmanager
    def mapped_array(request, stream, write):
        assert not request.released
        assert not write
        width, height = lib.camera.stream_configuration(stream)["size"]
        rgb = lib.formats[stream] == "RGB888"
        shape = lib.shape or ((height, width, 3) if rgb else (height * 3 // 2, width + lib.padding))
        yield SimpleNamespace(array=np.full(shape, 128, np.uint8))

    lib.MappedArray = mapped_array
    yield lib
    lib.released.set()


@pytest.fixture
def pi(lib, limits, clock, events):
    return lambda **changes: PiCamera(0, replace(limits, **changes), events, lib, clock)


def test_both_streams_of_one_request_are_copied_out(pi, lib, events):
    camera = pi()
    assert (camera.name, camera.size, camera.small_size) == ("picamera2:0", (64, 48), (64, 48))
    frame = Frame(camera.size, camera.small_size)
    image, small = frame.image, frame.small
    assert camera.read(frame, 1.0)
    assert frame.image is image
    assert frame.small is small
    assert (image == 128).all()
    assert abs(int(small[5, 5, 0]) - 130) <= 2  # full range grey of limited range 128
    assert frame.time == pytest.approx(99.9)
    assert all(request.released for request in lib.requests)
    assert events == []


def test_configuration_is_what_the_design_asks_for(pi, lib):
    camera = pi(width=1280, height=720, fps=30.0)
    config = lib.camera.config
    assert config["main"] == {"size": (1280, 720), "format": "RGB888"}
    assert config["lores"] == {"size": (256, 144), "format": "YUV420"}
    assert config["raw"] is None
    assert config["queue"] is False
    assert config["controls"] == {"FrameDurationLimits": (33333, 33333), "AfMode": 2}
    assert camera.small_size == (256, 144)


def test_rows_that_the_isp_pads_are_cut(pi, lib):
    lib.padding = 64
    camera = pi()
    frame = Frame(camera.size, camera.small_size)
    camera.read(frame, 1.0)
    assert frame.small.shape == (48, 64, 3)
    assert frame.small.min() > 100


@pytest.mark.parametrize("format", ["NV12", "YUV420", "YUYV"])
def test_other_formats_become_bgr(pi, lib, format):
    lib.formats["main"] = format
    lib.shape = (48, 64, 2) if format == "YUYV" else (72, 64)
    lib.formats["lores"] = format
    camera = pi()
    frame = Frame(camera.size, camera.small_size)
    camera.read(frame, 1.0)
    assert np.ptp(frame.image) <= 1


def test_format_without_a_conversion_is_refused(pi, lib):
    lib.formats["main"] = "SRGGB10"
    with pytest.raises(CameraError, match="cannot start: the main stream is SRGGB10, not one of RGB888"):
        pi()


def test_picture_of_another_shape_is_garbage(pi, lib):
    camera = pi()
    lib.shape = (10, 10, 3)
    with pytest.raises(CameraGarbage, match=r"a main picture of shape \(10, 10, 3\), expected \(48, 64, 3\)"):
        camera.read(Frame(camera.size, camera.small_size), 1.0)
    assert lib.requests[-1].released


def test_other_size_is_taken_and_told(pi, lib, events):
    lib.size = (62, 48)
    assert pi().size == (62, 48)
    assert events == [("changed", "picamera2:0: asked for 64x48, the camera gives 62x48.")]


def test_stall_frees_the_late_frame_and_reopening_builds_nothing(pi, lib):
    camera = pi()
    lib.silent = True
    with pytest.raises(CameraStalled, match="no frame for 1 s; is its cable loose"):
        camera.read(Frame(camera.size, camera.small_size), 1.0)
    assert lib.camera.calls[-1] == "flush"
    lib.silent = False
    camera.reopen()
    assert lib.camera.calls[-3:] == ["flush", "stop", "start"]
    assert lib.built == 1
    assert camera.read(Frame(camera.size, camera.small_size), 1.0)


def test_failing_request_is_an_error_of_the_camera(pi, lib):
    camera = pi()
    lib.broken = True
    with pytest.raises(CameraError, match="picamera2:0: Camera frontend failed"):
        camera.read(Frame(camera.size, camera.small_size), 1.0)


def test_camera_that_does_not_stop_is_lost_for_this_process(pi, lib, monkeypatch):
    """With a loose ribbon cable `stop` never came back, and the kiosk stood still for a weekend."""
    monkeypatch.setattr(picamera, "ANSWER_S", 0.05)
    camera = pi()
    lib.stop_hangs = True
    with pytest.raises(CameraLost, match="did not start again within"):
        camera.reopen()
    with pytest.raises(CameraLost, match="does not answer"):
        camera.reopen()
    camera.close()
    assert "close" not in lib.camera.calls  # it would hang as well


def test_no_such_camera(lib, limits):
    with pytest.raises(CameraError, match="picamera2:3: cannot be opened: No camera number 3 found"):
        PiCamera(3, limits, library=lib)


def test_camera_in_use_tells_the_first_cause_and_closes(pi, lib):
    lib.busy = True
    with pytest.raises(CameraError, match="cannot start: Device or resource busy"):
        pi()
    assert lib.camera.calls[-1] == "close"


def test_camera_that_never_gives_a_frame_does_not_work(pi, lib):
    lib.silent = True
    with pytest.raises(CameraStalled):
        pi()
    assert lib.camera.calls[-1] == "close"


def test_without_picamera2_the_message_says_how_to_get_it(limits, monkeypatch):
    monkeypatch.setattr(picamera, "APT_PACKAGES", "/nowhere")
    monkeypatch.setitem(__import__("sys").modules, "picamera2", None)
    with pytest.raises(CameraError, match=r"no picamera2 here .*sudo apt install .*python3-picamera2"):
        PiCamera(0, limits)


def test_a_camera_that_lies_is_turned_on_the_way_out(pi, lib, monkeypatch):
    spot = np.zeros((48, 64, 3), np.uint8)
    spot[0, 0] = 255

    @contextlib.contextmanager
    def mapped_array(request, stream, write):
        yield SimpleNamespace(array=spot if stream == "main" else np.full((72, 64), 128, np.uint8))

    lib.MappedArray = mapped_array
    camera = pi(rotate=90)
    assert (camera.size, camera.small_size) == ((48, 64), (48, 64))
    frame = Frame(camera.size, camera.small_size)
    assert camera.read(frame, 1.0)
    assert frame.image[0, 47].tolist() == [255, 255, 255]
    assert int(frame.image.astype(int).sum()) == 3 * 255
    assert abs(int(frame.small[5, 5, 0]) - 130) <= 2


def test_a_turned_picture_of_a_wrong_shape_is_garbage(pi, lib):
    camera = pi(rotate=90)
    lib.shape = (32, 64, 3)
    with pytest.raises(CameraGarbage):
        camera.read(Frame(camera.size, camera.small_size), 1.0)
