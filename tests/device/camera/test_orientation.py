from dataclasses import replace

import numpy as np
import pytest

from device.camera.open import open_source
from device.camera.orientation import Orientation, turned, turned_camera
from device.errors import CameraError, CameraGarbage
from device.frame import Frame

PICTURE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[..., None].repeat(3, axis=2)
SEEN = {
    (0, False): [[1, 2, 3], [4, 5, 6]],
    (90, False): [[4, 1], [5, 2], [6, 3]],
    (180, False): [[6, 5, 4], [3, 2, 1]],
    (270, False): [[3, 6], [2, 5], [1, 4]],
    (0, True): [[3, 2, 1], [6, 5, 4]],
    (90, True): [[1, 4], [2, 5], [3, 6]],
    (180, True): [[4, 5, 6], [1, 2, 3]],
    (270, True): [[6, 3], [5, 2], [4, 1]],
}


class Two:
    """A source of the picture above, with itself as the small one, and a camera when asked for."""

    name, size, small_size, fps, live = "two", (3, 2), (3, 2), 10.0, True

    def __init__(self):
        self.calls = []

    def read(self, frame, timeout):
        self.calls.append(timeout)
        frame.image[:] = frame.small[:] = PICTURE
        frame.time = 4.5
        return len(self.calls) < 2

    def reopen(self):
        self.calls.append("reopen")

    def close(self):
        self.calls.append("close")


@pytest.mark.parametrize("how", [key for key in SEEN if key != (0, False)])
def test_a_picture_is_turned_clockwise_and_then_mirrored(how, limits):
    camera = turned(Two(), replace(limits, rotate=how[0], flip=how[1]))
    frame = Frame(camera.size, camera.small_size)
    assert camera.read(frame, 0.5)
    assert frame.image[..., 0].tolist() == frame.small[..., 2].tolist() == SEEN[how]
    assert frame.time == 4.5


def test_the_rest_is_the_camera_s_own(limits):
    two = Two()
    camera = turned_camera(two, replace(limits, rotate=90))
    assert (camera.name, camera.size, camera.small_size, camera.live) == ("two", (2, 3), (2, 3), True)
    frame = Frame(camera.size, camera.small_size)
    assert [camera.read(frame, 0.5), camera.read(frame, 0.5)] == [True, False]
    camera.reopen()
    camera.close()
    assert two.calls == [0.5, 0.5, "reopen", "close"]


def test_what_stands_upright_is_left_alone(limits):
    two = Two()
    assert turned(two, limits) is two
    assert turned_camera(two, limits) is two


def test_a_picture_that_does_not_fit_is_refused():
    out = np.empty((3, 2, 3), np.uint8)
    with pytest.raises(CameraGarbage, match=r"\(2, 3, 3\) cannot be turned into \(3, 2, 3\)"):
        Orientation(180).turn(PICTURE, out)


@pytest.mark.parametrize("use", ["fake", "demo"])
def test_a_camera_that_lies_gives_high_pictures(use, settings):
    opened = open_source(use, replace(settings, camera=replace(settings.camera, rotate=270)))
    assert opened.size == (48, 64)
    frame = Frame(opened.size)
    assert opened.read(frame, 1.0)


def test_a_camera_that_is_searched_for_has_the_turned_size(settings, monkeypatch):
    def none(*_, **__):
        raise CameraError("none")

    monkeypatch.setattr("device.camera.open.open_camera", none)
    monkeypatch.setattr("device.camera.v4l2.usb_cameras", list)
    sideways = replace(settings, camera=replace(settings.camera, rotate=90))
    assert open_source("camera", sideways).size == (48, 64)
