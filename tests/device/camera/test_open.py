import pytest

from device.camera.fake import FakeCamera
from device.camera.open import SOURCES, open_source
from device.camera.reconnecting import Counters, ReconnectingCamera
from device.errors import CameraError, ConfigError
from device.frame import Frame


@pytest.mark.parametrize(
    "spec", ["webcam", "file:", "file", "images:", "v4l2", "picamera2:front", "auto:2", "camera:2", ""]
)
def test_spec_that_is_none_says_what_is_allowed(spec, settings):
    with pytest.raises(ConfigError, match=r"is not a source; allowed are picamera2\[:N\], v4l2:/dev/videoN"):
        open_source(spec, settings)


def test_fake_with_and_without_a_script(settings):
    assert open_source("fake", settings).live
    assert open_source("fake:frames 3; end", settings).live
    assert not open_source("fake:;", settings).live


@pytest.fixture
def cameras(monkeypatch):
    """What is plugged in: names of sources that open; every other camera is missing."""
    working = []

    def opening(kind):
        def open_one(rest, settings, on_event):
            spec = f"{kind}:{rest}"
            if spec not in working:
                raise CameraError(f"{spec}: not there.")
            camera = FakeCamera("", settings.camera)
            camera.name = spec
            return camera

        return open_one

    for kind in ("picamera2", "v4l2"):
        monkeypatch.setattr(f"device.camera.open._{kind}", opening(kind))
    monkeypatch.setattr("device.camera.v4l2.usb_cameras", lambda: ["/dev/video0", "/dev/video2"])
    return working


@pytest.mark.parametrize("spec", ["auto", "camera"])
def test_the_pis_camera_is_taken_first(cameras, settings, events, spec):
    cameras += ["picamera2:0", "v4l2:/dev/video0"]
    assert open_source(spec, settings, events).name == "picamera2:0"
    assert events == [("chosen", "source picamera2:0")]


@pytest.mark.parametrize("spec", ["auto", "camera"])
def test_the_first_usb_camera_that_works_is_taken(cameras, settings, events, spec):
    cameras += ["v4l2:/dev/video2"]
    assert open_source(spec, settings, events).name == "v4l2:/dev/video2"


def test_auto_falls_back_to_the_demo_and_says_why(cameras, settings, events):
    assert open_source("auto", settings, events).name == "demo"
    assert events.kinds == ["demo"]
    for spec in ("picamera2:0", "v4l2:/dev/video0", "v4l2:/dev/video2"):
        assert f"{spec}: not there." in events[0][1]


def test_camera_without_one_waits_says_so_and_never_shows_a_demo(cameras, settings, events, clock):
    source = open_source("camera", settings, events)
    assert (source.name, source.size, source.live) == ("camera", (64, 48), True)
    kept = ReconnectingCamera(source, settings.camera, Counters(), events, clock, clock.wait)

    def plugged_in(seconds):
        clock.sleep(seconds)
        if clock() > 160:
            cameras.append("v4l2:/dev/video2")

    kept._wait = plugged_in
    assert kept.read(Frame(kept.size), 1.0)
    assert kept.name == "v4l2:/dev/video2"
    assert events.kinds == ["gone", "back"]
    assert events[0][1].startswith("camera: none is found.")
    assert "v4l2:/dev/video0: not there." in events[0][1]


def test_every_source_is_named_in_what_is_allowed():
    from device.camera.open import ALLOWED

    assert [kind for kind in SOURCES if kind not in ALLOWED] == []
