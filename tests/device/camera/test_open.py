import pytest

from device.camera import open as sources
from device.camera.fake import FakeCamera
from device.camera.open import open_source
from device.errors import CameraError, ConfigError


@pytest.mark.parametrize("spec", ["webcam", "file:", "file", "images:", "v4l2", "picamera2:front", "auto:2"])
def test_spec_that_is_none_says_what_is_allowed(spec, settings):
    with pytest.raises(ConfigError, match=r"is not a source; allowed are picamera2\[:N\], v4l2:/dev/videoN"):
        open_source(spec, settings)


def test_fake_with_and_without_a_script(settings):
    assert open_source("fake", settings).live
    assert open_source("fake:frames 3; end", settings).live
    assert not open_source("fake:;", settings).live


@pytest.fixture
def cameras(monkeypatch, settings):
    """What is plugged in: names of sources that open; every other camera is missing."""
    working = []
    real = open_source

    def open_one(spec, settings, on_event=sources.ignore):
        if spec in ("auto", "demo"):
            return real(spec, settings, on_event)
        if spec in working:
            camera = FakeCamera("", settings.camera)
            camera.name = spec
            return camera
        raise CameraError(f"{spec}: not there.")

    monkeypatch.setattr(sources, "open_source", open_one)
    monkeypatch.setattr("device.camera.v4l2.usb_cameras", lambda: ["/dev/video0", "/dev/video2"])
    return working


def test_auto_takes_the_pis_camera_first(cameras, settings, events):
    cameras += ["picamera2:0", "v4l2:/dev/video0"]
    assert open_source("auto", settings, events).name == "picamera2:0"
    assert events == [("chosen", "source picamera2:0")]


def test_auto_takes_the_first_usb_camera_that_works(cameras, settings, events):
    cameras += ["v4l2:/dev/video2"]
    assert open_source("auto", settings, events).name == "v4l2:/dev/video2"


def test_auto_falls_back_to_the_demo_and_says_why(cameras, settings, events):
    assert open_source("auto", settings, events).name == "demo"
    assert events.kinds == ["chosen"]
    for spec in ("picamera2:0", "v4l2:/dev/video0", "v4l2:/dev/video2"):
        assert f"{spec}: not there." in events[0][1]
