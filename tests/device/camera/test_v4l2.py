"""The USB camera against an OpenCV that answers as the real one does, its lies included."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from device.camera.v4l2 import UsbCamera, lasting_names, usb_cameras
from device.errors import CameraError, CameraGarbage, CameraStalled
from device.frame import Frame

YUYV, MJPG, GREY = (cv2.VideoWriter.fourcc(*name) for name in ("YUYV", "MJPG", "GREY"))


class FakeVideoCapture:
    """Stands in for cv2.VideoCapture. `modes` are {fourcc: (width, height, fps)}; `plan` says what each
    grab finds: a picture's shape, "none" (timeout), or (shape, age of the frame in seconds)."""

    def __init__(self, clock, modes=None, plan=(), opened=True):
        self.clock, self.modes, self.plan = clock, modes or {YUYV: (64, 48, 10.0)}, list(plan)
        self.fourcc, self.stamp, self.shape, self.opened = GREY, 0.0, None, opened
        self.released, self.settings, self.grabs = False, {}, 0

    def __call__(self, node, backend):
        assert backend == cv2.CAP_V4L2
        self.released = False
        return self

    def isOpened(self):
        return self.opened

    def set(self, key, value):
        self.settings[key] = value
        if key == cv2.CAP_PROP_FOURCC:
            self.fourcc = int(value) if int(value) in self.modes else GREY  # replaced without a word
        return True

    def get(self, key):
        width, height, fps = self.modes.get(self.fourcc, (64, 48, 10.0))
        return {
            cv2.CAP_PROP_FOURCC: self.fourcc,
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_POS_MSEC: self.stamp * 1000,
        }[key]

    def grab(self):
        self.grabs += 1
        self.clock.sleep(0.1)
        step = self.plan.pop(0) if self.plan else None
        if step == "none":
            self.shape = None
            return False
        shape, age = step if isinstance(step, tuple) and isinstance(step[0], tuple) else (step, 0.02)
        width, height, _ = self.modes.get(self.fourcc, (64, 48, 10.0))
        self.shape = shape or (height, width, 3)
        self.stamp = self.stamp if age == "same" else self.clock() - age
        return True

    def retrieve(self, out=None):
        assert self.shape is not None, "retrieve after a failed grab reads memory that is not there"
        if self.shape == (0,):
            return True, None  # a broken JPEG
        picture = np.full(self.shape, self.grabs, np.uint8)
        if out is not None and out.shape == self.shape:
            out[:] = picture
            return True, out
        return True, picture  # OpenCV says yes all the same

    def release(self):
        self.released = True


@pytest.fixture
def node(tmp_path):
    path = tmp_path / "video0"
    path.touch()
    return path


@pytest.fixture
def camera(node, limits, clock, events):
    def camera(asked=limits, **fake):
        capture = FakeVideoCapture(clock, **fake)
        return UsbCamera(str(node), asked, events, capture, clock), capture

    return camera


def test_reads_into_the_buffer_with_the_drivers_time(camera, clock, events):
    usb, _ = camera()
    frame = Frame(usb.size)
    buffer = frame.image
    assert usb.read(frame, 1.0)
    assert frame.image is buffer
    assert frame.image[0, 0, 0] == 2  # the second grab; the first was the look at opening
    assert frame.time == pytest.approx(clock() - 0.02)
    assert events == []


def test_small_buffer_count_and_conversion_are_set(camera):
    _, capture = camera()
    assert capture.settings[cv2.CAP_PROP_BUFFERSIZE] == 2
    assert capture.settings[cv2.CAP_PROP_CONVERT_RGB] == 1
    assert os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] == "1"


@pytest.mark.parametrize(
    ("modes", "chosen"),
    [
        ({YUYV: (64, 48, 10.0), MJPG: (64, 48, 10.0)}, YUYV),  # nothing to decode
        ({YUYV: (64, 48, 5.0), MJPG: (64, 48, 10.0)}, MJPG),  # raw is too slow
        ({YUYV: (32, 24, 10.0), MJPG: (64, 48, 10.0)}, MJPG),  # raw is too small
        ({YUYV: (64, 48, 5.0)}, YUYV),  # the other does not exist
        ({YUYV: (32, 24, 10.0), MJPG: (64, 48, 5.0)}, MJPG),  # size counts before rate
        ({GREY: (64, 48, 10.0)}, GREY),  # neither: whatever OpenCV can convert
    ],
)
def test_format_that_gives_size_and_rate(camera, modes, chosen):
    _, capture = camera(modes=modes)
    assert capture.fourcc == chosen


def test_large_pictures_come_as_jpeg(camera, limits):
    asked = replace(limits, width=1280, height=720)
    _, capture = camera(asked, modes={YUYV: (1280, 720, 10.0), MJPG: (1280, 720, 10.0)})
    assert capture.fourcc == MJPG


def test_other_size_than_asked_is_taken_and_told(camera, events):
    usb, _ = camera(modes={YUYV: (32, 24, 5.0)})
    assert (usb.size, usb.fps) == ((32, 24), 5.0)
    told = "asked for 64x48 at 10 frames a second, the camera gives 32x24 at 5."
    assert events == [("changed", f"{usb.name}: {told}")]


def test_unconverted_row_is_garbage_although_opencv_says_yes(camera):
    """vivid without its format set gives one row of bytes, (1, 921600), and ret is True."""
    usb, capture = camera()
    capture.plan = [(1, 9216)]
    with pytest.raises(CameraGarbage, match=r"a frame of shape \(1, 9216\), expected \(48, 64, 3\)"):
        usb.read(Frame(usb.size), 1.0)


def test_broken_jpeg_is_garbage_although_opencv_says_yes(camera):
    usb, capture = camera()
    capture.plan = [(0,)]
    with pytest.raises(CameraGarbage, match="a frame of shape None"):
        usb.read(Frame(usb.size), 1.0)


def test_first_frames_may_be_broken(camera):
    usb, _ = camera(plan=[(0,), (0,), (0,)])
    assert usb.read(Frame(usb.size), 1.0)


def test_camera_that_gives_only_rows_is_refused_at_once(camera):
    with pytest.raises(CameraGarbage, match=r"\(1, 9216\)"):
        camera(plan=[(1, 9216)] * 10)


def test_silence_is_a_stall_while_the_device_is_there(camera):
    usb, capture = camera()
    capture.plan = ["none"]
    with pytest.raises(CameraStalled, match="no frame for 1 s"):
        usb.read(Frame(usb.size), 1.0)


def test_silence_without_a_device_is_a_camera_pulled_out(camera, node):
    usb, capture = camera()
    capture.plan = ["none"]
    node.unlink()
    with pytest.raises(CameraError, match="pulled out") as caught:
        usb.read(Frame(usb.size), 1.0)
    assert not isinstance(caught.value, CameraStalled)


def test_the_same_frame_again_after_unplugging_is_no_frame(camera):
    """OpenCV 3 and some drivers go on to report success, with the last frame, after the cable is pulled."""
    usb, capture = camera()
    usb.read(Frame(usb.size), 1.0)
    capture.plan = [((48, 64, 3), "same")] * 4
    with pytest.raises(CameraStalled, match="the same frame again and again"):
        usb.read(Frame(usb.size), 1.0)


def test_opencv_that_stumbles_over_the_driver_is_a_failing_camera(camera):
    usb, capture = camera()

    def grab():
        raise cv2.error("buf.index < req.count")

    capture.grab = grab
    with pytest.raises(CameraError, match="v4l2:"):
        usb.read(Frame(usb.size), 1.0)


def test_frames_that_waited_in_the_queue_are_passed_over(camera):
    usb, capture = camera()
    capture.plan = [((48, 64, 3), 0.9), ((48, 64, 3), 0.7), ((48, 64, 3), 0.05)]
    frame = Frame(usb.size)
    usb.read(frame, 1.0)
    assert frame.image[0, 0, 0] == 4


def test_a_driver_with_another_clock_is_not_thought_late(camera, clock):
    usb, capture = camera()
    frame = Frame(usb.size)
    for age in (-1.7e9, 60.0):
        capture.plan = [((48, 64, 3), age)]
        grabs = capture.grabs
        assert usb.read(frame, 1.0)
        assert capture.grabs == grabs + 1
        assert frame.time == clock()


def test_reopen(camera):
    usb, capture = camera()
    usb.close()
    assert capture.released
    with pytest.raises(CameraError, match="is closed"):
        usb.read(Frame(usb.size), 1.0)
    usb.reopen()
    assert usb.read(Frame(usb.size), 1.0)


def test_another_camera_in_its_place_is_refused(camera):
    usb, capture = camera()
    capture.modes = {YUYV: (32, 24, 10.0)}
    with pytest.raises(CameraError, match=r"came back with 32x24, was 64x48"):
        usb.reopen()
    assert capture.released
    capture.modes = {YUYV: (64, 48, 10.0)}
    usb.reopen()
    assert usb.read(Frame(usb.size), 1.0)


def test_device_that_is_in_use(camera):
    with pytest.raises(CameraError, match="another program may hold it"):
        camera(opened=False)


def test_missing_device_says_what_to_do(limits):
    with pytest.raises(CameraError, match=r"v4l2:/dev/video99: there is no such device; plug the camera in"):
        UsbCamera("/dev/video99", limits)


def test_usb_cameras_are_told_from_the_pis_own_devices(tmp_path):
    def device(name, bus, index):
        entry = tmp_path / "class" / name
        target = tmp_path / bus / name
        entry.mkdir(parents=True)
        target.mkdir(parents=True)
        (entry / "device").symlink_to(target)
        (entry / "index").write_text(f"{index}\n")

    device("video10", "devices/platform/bcm2835-codec", 0)
    device("video12", "devices/pci0/usb1/1-2", 0)
    device("video2", "devices/pci0/usb1/1-1", 0)
    device("video3", "devices/pci0/usb1/1-1", 1)  # metadata
    assert usb_cameras(tmp_path / "class") == ["/dev/video2", "/dev/video12"]
    assert usb_cameras(tmp_path / "none") == []


@pytest.fixture
def links(tmp_path, node):
    """udev's two folders, in which the camera has a name each."""
    folders = tmp_path / "by-path", tmp_path / "by-id"
    for folder in folders:
        folder.mkdir()
        (folder / "cam-video-index0").symlink_to(node)
    return folders


def test_a_camera_that_comes_back_under_another_number_is_taken(tmp_path, node, links, limits, clock, events):
    capture, opened = FakeVideoCapture(clock), []

    def make(path, backend):
        opened.append(path)
        return capture(path, backend)

    usb = UsbCamera(str(node), limits, events, make, clock, links)
    node.unlink()
    other = tmp_path / "video1"
    other.touch()
    for folder in links:
        (folder / "cam-video-index0").unlink()
    (links[1] / "cam-video-index0").symlink_to(other)  # at another port: only the second name is back
    usb.reopen()
    assert opened == [str(node), str(other)]
    assert usb.read(Frame(usb.size), 1.0)
    assert usb.name == f"v4l2:{node}"


def test_another_camera_under_its_number_is_not_taken_for_it(tmp_path, node, links, limits, clock, events):
    opened = []

    def make(path, backend):
        opened.append(path)
        return FakeVideoCapture(clock)(path, backend)

    usb = UsbCamera(str(node), limits, events, make, clock, links)
    moved = tmp_path / "video7"
    moved.touch()
    for folder in links:
        (folder / "cam-video-index0").unlink()
        (folder / "cam-video-index0").symlink_to(moved)
    usb.reopen()
    assert opened[-1] == str(moved)


def test_without_udevs_names_the_number_counts(tmp_path, node, limits, clock, events):
    usb = UsbCamera(str(node), limits, events, FakeVideoCapture(clock), clock, (tmp_path / "none",))
    usb.reopen()
    assert usb.read(Frame(usb.size), 1.0)


def test_the_lasting_names_of_a_camera(tmp_path, node, links):
    (links[0] / "other-video-index0").symlink_to(tmp_path / "video9")
    assert lasting_names(str(node), links) == [str(folder / "cam-video-index0") for folder in links]
    assert lasting_names(str(links[1] / "cam-video-index0"), links[:1]) == [
        str(links[0] / "cam-video-index0")
    ]
