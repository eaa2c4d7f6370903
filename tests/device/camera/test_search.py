"""A camera that is looked for: found late, gone, another in its place, of another size."""

import numpy as np
import pytest

from device.camera.reconnecting import Counters, ReconnectingCamera
from device.camera.search import PI_EVERY_S, AnyCamera, CameraSearch
from device.camera.stand_in import LOOK_EVERY_S, DemoUntilCamera
from device.errors import CameraError, CameraLost
from device.frame import Frame


class Camera:
    """Gives frames of one grey until it is `broken`."""

    fps, live = 10.0, True

    def __init__(self, name, size=(64, 48), small_size=None, grey=50):
        self.name, self.size, self.small_size, self.grey = name, size, small_size, grey
        self.broken, self.closed, self.reopened = False, 0, 0

    def read(self, frame, timeout):
        if self.broken:
            raise CameraError(f"{self.name}: the camera was pulled out.")
        assert frame.image.shape == (self.size[1], self.size[0], 3)
        frame.image.fill(self.grey)
        if self.small_size:
            frame.small.fill(self.grey)
        frame.time = 7.0
        return True

    def reopen(self):
        if self.broken:
            raise CameraError(f"{self.name}: there is no such device.")
        self.reopened += 1

    def close(self):
        self.closed += 1


class Machine:
    """What is plugged in, by spec; `tried` are the cameras that were opened or refused."""

    def __init__(self):
        self.cameras, self.tried, self.pi_error = {}, [], CameraError("picamera2:0: no picamera2 here.")

    def open(self, spec):
        self.tried.append(spec)
        if spec in self.cameras:
            return self.cameras[spec]
        raise self.pi_error if spec == "picamera2:0" else CameraError(f"{spec}: another program may hold it.")

    def usb(self):
        return sorted(spec.removeprefix("v4l2:") for spec in self.cameras if spec.startswith("v4l2:"))

    def plug(self, name, **how):
        self.cameras[name] = Camera(name, **how)
        return self.cameras[name]


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def search(machine, clock):
    return CameraSearch(machine.open, machine.usb, clock)


def test_nothing_is_found_and_said(search):
    with pytest.raises(
        CameraError, match=r"^No USB camera is plugged in\. picamera2:0: no picamera2 here\.$"
    ):
        search()


def test_the_pis_camera_is_asked_for_seldom_and_its_answer_kept(search, machine, clock):
    for _ in range(3):
        with pytest.raises(CameraError, match="no picamera2 here"):
            search()
    assert machine.tried == ["picamera2:0"]
    clock.sleep(PI_EVERY_S)
    machine.plug("picamera2:0")
    assert search().name == "picamera2:0"


def test_a_pi_camera_that_does_not_answer_is_left_alone_for_good(search, machine, clock):
    machine.pi_error = CameraLost("picamera2:0: did not be opened within 5 s.")
    for _ in range(3):
        with pytest.raises(CameraError, match="within 5 s"):
            search()
        clock.sleep(10 * PI_EVERY_S)
    assert machine.tried == ["picamera2:0"]


def test_a_camera_under_another_number_is_taken(search, machine, limits):
    first = machine.plug("v4l2:/dev/video0")
    camera = AnyCamera(search, limits, search())
    assert (camera.name, camera.size, camera.fps) == ("v4l2:/dev/video0", (64, 48), 10.0)
    first.broken = True
    del machine.cameras["v4l2:/dev/video0"]
    with pytest.raises(CameraError, match=r"no such device\. No USB camera is plugged in"):
        camera.reopen()
    assert first.closed == 0  # it may be opened again yet
    machine.plug("v4l2:/dev/video1", grey=90)
    camera.reopen()
    assert first.closed == 1
    frame = Frame(camera.size)
    assert camera.read(frame, 1.0)
    assert (camera.name, frame.image[0, 0, 0]) == ("v4l2:/dev/video1", 90)


def test_the_same_camera_is_opened_again_first(search, machine, limits):
    first = machine.plug("v4l2:/dev/video0")
    camera = AnyCamera(search, limits, search())
    machine.plug("picamera2:0")
    camera.reopen()
    assert (camera.name, first.reopened) == ("v4l2:/dev/video0", 1)


def test_the_pis_camera_is_opened_once_in_a_process_and_then_only_started_again(
    search, machine, limits, clock
):
    pi = machine.plug("picamera2:0")
    camera = AnyCamera(search, limits, search())
    pi.broken = True
    for _ in range(3):
        clock.sleep(PI_EVERY_S)
        with pytest.raises(CameraError, match="no such device"):
            camera.reopen()
    assert (machine.tried, pi.closed) == (["picamera2:0"], 0)
    pi.broken = False
    camera.reopen()
    assert camera.read(Frame(camera.size), 1.0)


def test_a_camera_that_only_a_new_process_helps_is_lost(search, machine, limits):
    first = machine.plug("v4l2:/dev/video0")
    camera = AnyCamera(search, limits, search())

    def lost():
        raise CameraLost("does not answer")

    first.reopen = lost
    with pytest.raises(CameraLost):
        camera.reopen()


def test_a_camera_of_another_size_is_fitted_in(search, machine, limits):
    camera = AnyCamera(search, limits)
    frame = Frame(camera.size)
    frame.image.fill(9)
    with pytest.raises(CameraError, match="camera: none is found"):
        camera.read(frame, 1.0)
    machine.plug("v4l2:/dev/video0", size=(128, 128), grey=200)
    camera.reopen()
    assert camera.read(frame, 1.0)
    assert (frame.image[:, 8:56] == 200).all()
    assert not frame.image[:, :8].any()
    assert frame.time == 7.0


def test_the_small_picture_is_made_when_the_new_camera_makes_none(search, machine, limits):
    pi = machine.plug("picamera2:0", small_size=(32, 24))
    camera = AnyCamera(search, limits, search())
    frame = Frame(camera.size, camera.small_size)
    assert camera.read(frame, 1.0)
    pi.broken = True
    del machine.cameras["picamera2:0"]
    machine.plug("v4l2:/dev/video0", grey=77)
    camera.reopen()
    assert camera.read(frame, 1.0)
    assert (frame.small == 77).all()


class Demo:
    name, size, small_size, fps, live = "demo", (64, 48), None, 10.0, False

    def __init__(self):
        self.closed = 0

    def read(self, frame, timeout):
        frame.image.fill(1)
        return True

    def close(self):
        self.closed += 1


@pytest.fixture
def standing_in(search, limits, clock, events):
    """The demo until a camera works, put together as `open_capture` does it."""

    def look():
        found = AnyCamera(search, limits)
        found.reopen()
        return ReconnectingCamera(found, limits, Counters(), events, clock, clock.wait)

    return DemoUntilCamera(Demo(), look, events, clock)


def test_the_demo_gives_way_to_a_camera_that_appears(standing_in, machine, clock, events):
    frame = Frame(standing_in.size)
    assert standing_in.read(frame, 1.0)
    assert (standing_in.name, frame.image[0, 0, 0]) == ("demo", 1)
    camera = machine.plug("v4l2:/dev/video0", size=(128, 96))
    assert standing_in.read(frame, 1.0)
    assert standing_in.name == "demo"  # it looks every three seconds
    clock.sleep(LOOK_EVERY_S)
    assert standing_in.read(frame, 1.0)
    assert (standing_in.name, frame.image[0, 0, 0]) == ("v4l2:/dev/video0", 50)
    assert events == [("back", "v4l2:/dev/video0: a camera works now and takes the demo's place.")]
    standing_in.raise_if_hung()
    standing_in.close()
    assert camera.closed == 1


def test_the_demo_goes_on_while_there_is_no_camera_and_says_nothing_new(standing_in, clock, events):
    frame = Frame(standing_in.size)
    for _ in range(20):
        clock.sleep(LOOK_EVERY_S)
        assert standing_in.read(frame, 1.0)
    standing_in.raise_if_hung()
    standing_in.close()
    assert (standing_in.name, events) == ("demo", [])


def test_the_camera_that_took_the_demos_place_never_gives_it_back(standing_in, machine, clock, events):
    machine.plug("v4l2:/dev/video0")
    clock.sleep(LOOK_EVERY_S)
    frame = Frame(standing_in.size)
    assert standing_in.read(frame, 1.0)
    machine.cameras.pop("v4l2:/dev/video0").broken = True
    clock.stopping = True
    assert not standing_in.read(frame, 1.0)
    assert events.kinds == ["back", "gone"]
    assert np.all(frame.image == 50)
