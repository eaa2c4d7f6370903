import queue
import threading
import time

import pytest

from device.camera.capture import JOIN_S, Capture, SyncCapture, declared_bytes, open_capture
from device.camera.fake import FakeCamera
from device.errors import CameraError, CameraLost
from device.frame import frame_bytes

LIMIT = 5.0  # seconds that a test waits for a thread before it fails


class Handed:
    """Gives the frames that the test hands it: their number, an exception to raise, or None for the end."""

    name, size, small_size, fps, live = "handed", (8, 6), None, 10.0, False

    def __init__(self):
        self.frames = queue.Queue()
        self.closed = threading.Event()
        self.buffers = []

    def read(self, frame, timeout):
        item = self.frames.get(timeout=LIMIT)
        if isinstance(item, Exception):
            raise item
        if item is None:
            return False
        if not any(frame is seen for seen in self.buffers):
            self.buffers.append(frame)
        frame.image.fill(item)
        frame.time = item / 10
        return True

    def close(self):
        self.closed.set()


@pytest.fixture
def handed():
    return Handed()


@pytest.fixture
def capture(handed):
    capture = Capture(handed, buffers=4, timeout=1.0)
    yield capture
    handed.frames.put(None)
    capture.stop()


def wait_for(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_newest_frame_is_lent_and_older_ones_are_dropped_and_counted(handed, capture):
    for number in range(5):
        handed.frames.put(number)
    wait_for(lambda: capture.counters.dropped == 4)
    frame = capture.next(LIMIT)
    assert (frame.index, frame.time, frame.image[0, 0, 0]) == (4, 0.4, 4)
    capture.release(frame)


def test_a_frame_is_lent_once(handed, capture):
    handed.frames.put(1)
    capture.release(capture.next(LIMIT))
    assert capture.next(0.01) is None
    assert not capture.ended


def test_a_leased_frame_is_never_written_to(handed, capture):
    handed.frames.put(1)
    kept = capture.next(LIMIT)
    for number in range(2, 50):
        handed.frames.put(number)
        capture.release(capture.next(LIMIT))
    assert (kept.image == 1).all()


def test_nothing_but_the_ring_is_written_to(handed, capture):
    for number in range(50):
        handed.frames.put(number)
        capture.release(capture.next(LIMIT))
    assert len(handed.buffers) <= 4


def test_with_every_frame_on_loan_the_camera_goes_on_and_frames_are_dropped(handed, capture):
    loans = []
    for number in range(3):
        handed.frames.put(number)
        loans.append(capture.next(LIMIT))
    for number in range(3, 6):
        handed.frames.put(number)
    wait_for(lambda: capture.counters.dropped == 3)
    assert capture.next(0.01) is None
    assert [frame.image[0, 0, 0] for frame in loans] == [0, 1, 2]
    capture.release(loans.pop())
    handed.frames.put(6)
    assert capture.next(LIMIT).image[0, 0, 0] == 6


def test_last_frame_is_still_given_after_the_end(handed, capture):
    handed.frames.put(1)
    handed.frames.put(None)
    wait_for(handed.closed.is_set)
    assert not capture.ended
    assert capture.next(LIMIT).image[0, 0, 0] == 1
    assert capture.next(LIMIT) is None
    assert capture.ended


def test_error_of_the_source_is_raised_where_frames_are_taken(handed, capture):
    handed.frames.put(CameraLost("gone for good"))
    wait_for(handed.closed.is_set)
    assert not capture.ended
    with pytest.raises(CameraLost, match="gone for good"):
        capture.next(LIMIT)


def test_stop_closes_the_source(handed, capture):
    handed.frames.put(1)
    capture.release(capture.next(LIMIT))
    handed.frames.put(2)
    handed.frames.put(3)
    assert capture.stop()
    assert handed.closed.is_set()


def test_watch_is_asked_while_nothing_comes(handed):
    def watch():
        raise CameraLost("the driver hangs")

    capture = Capture(handed, buffers=4, timeout=1.0, watch=watch)
    with pytest.raises(CameraLost, match="the driver hangs"):
        capture.next(0.01)
    handed.frames.put(None)
    capture.stop()


def test_stepped_gives_every_frame_in_turn(handed):
    stepped = SyncCapture(handed)
    for number in (5, 6, 7, None):
        handed.frames.put(number)
    seen = []
    while (frame := stepped.next(1.0)) is not None:
        seen.append((frame.index, int(frame.image[0, 0, 0])))
        stepped.release(frame)
    assert seen == [(0, 5), (1, 6), (2, 7)]
    assert stepped.ended
    assert stepped.next(1.0) is None
    assert stepped.counters.dropped == 0
    assert len(handed.buffers) <= 2
    stepped.stop()
    assert handed.closed.is_set()


def test_stepped_says_so_when_nothing_is_given_back(handed):
    stepped = SyncCapture(handed)
    for number in range(3):
        handed.frames.put(number)
    stepped.next(1.0)
    stepped.next(1.0)
    with pytest.raises(CameraError, match="2 frames are on loan; release one first"):
        stepped.next(1.0)


def test_declared_bytes_are_the_ring_and_one_frame_more():
    from device.config.loader import changed, defaults

    settings = defaults()
    assert declared_bytes(settings) == 5 * frame_bytes((640, 480))
    settings = changed(settings, source={"pace": "fast"})
    assert declared_bytes(settings) == 3 * frame_bytes((640, 480))


def small_settings(use, pace="real", **camera):
    from device.config.loader import changed, defaults

    small = {"width": 64, "height": 48, "fps": 100.0, "retry_s": 0.1, **camera}
    return changed(defaults(), source={"use": use, "pace": pace}, camera=small)


def frames_of(capture):
    count = 0
    while not capture.ended:
        frame = capture.next(LIMIT)
        count += frame is not None
        if frame is not None:
            capture.release(frame)
    return count + capture.counters.dropped


def test_camera_that_is_pulled_out_stalls_and_sends_garbage_goes_on():
    events = []
    script = "fake:frames 5; end; frames 5; stall 0.5s; frames 5; garbage 12; frames 5; gone 0.3s; frames 5"
    capture = open_capture(small_settings(script, timeout_s=0.2), lambda kind, _: events.append(kind))
    assert frames_of(capture) == 25
    assert events == ["gone", "back", "stalled", "back", "garbage", "back", "gone", "back"]
    assert capture.counters.stalls >= 1
    assert capture.counters.garbage == 12
    assert capture.counters.restarts >= 4
    assert capture.stop()


def test_camera_lost_for_good_ends_with_status_3():
    settings = small_settings("fake:frames 2; gone 60s; frames 1", timeout_s=0.2, give_up_s=0.2)
    capture = open_capture(settings)
    with pytest.raises(CameraLost) as caught:
        frames_of(capture)
    assert caught.value.exit_status == 3


def test_fast_pace_and_folders_are_stepped(tmp_path):
    import cv2
    import numpy as np

    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    for settings in (small_settings(f"images:{tmp_path}"), small_settings("demo", "fast")):
        capture = open_capture(settings)
        assert isinstance(capture, SyncCapture)
        assert capture.next(1.0) is not None
        capture.stop()


def test_a_stopped_outage_ends_within_a_second():
    capture = open_capture(small_settings("fake:frames 1; gone 60s; frames 1", timeout_s=0.2))
    capture.release(capture.next(LIMIT))
    start = time.monotonic()
    assert capture.stop()
    assert time.monotonic() - start < 1.0


def test_a_capture_s_thread_keeps_no_process_from_ending(capture):
    assert capture._thread.daemon
    assert capture._thread.name == "capture"


def test_stepped_takes_its_frame_back_at_the_end_and_says_that_it_stopped(handed):
    stepped = SyncCapture(handed)
    handed.frames.put(None)
    assert stepped.next(1.0) is None
    assert len(stepped._free) == 2
    assert stepped.stop() is True


def test_a_driver_that_does_not_let_go_is_told_within_a_second(handed):
    capture = Capture(handed, buffers=4, timeout=1.0)
    assert JOIN_S == 0.8
    assert capture.stop() is False  # it waits for a frame
    handed.frames.put(None)


def test_a_clip_at_its_own_speed_has_a_thread(monkeypatch):
    capture = open_capture(small_settings("demo"))
    assert isinstance(capture, Capture)
    assert capture.next(LIMIT) is not None
    assert capture.stop() is True


@pytest.fixture
def late_camera(monkeypatch):
    """No camera at the start; one appears when `plug_in` is called."""
    plugged = threading.Event()

    class Late(FakeCamera):
        name = "v4l2:/dev/video1"

    def search(settings, on_event=None):
        def look():
            if not plugged.is_set():
                raise CameraError("No USB camera is plugged in.")
            return Late("", settings.camera)

        return look

    monkeypatch.setattr("device.camera.open.camera_search", search)
    monkeypatch.setattr("device.camera.capture.camera_search", search)
    monkeypatch.setattr("device.camera.stand_in.LOOK_EVERY_S", 0.0)
    return plugged.set


def until(capture, name):
    """Frames are taken until the source is called `name`, and one more of it."""
    deadline = time.monotonic() + LIMIT
    while capture.source.name != name:
        assert time.monotonic() < deadline
        frame = capture.next(LIMIT)
        if frame is not None:
            capture.release(frame)
    return capture.next(LIMIT)


def test_auto_shows_the_demo_and_changes_to_a_camera_that_appears(late_camera):
    events = []
    capture = open_capture(small_settings("auto"), lambda kind, _: events.append(kind))
    first = capture.next(LIMIT)
    assert capture.source.name == "demo"
    capture.release(first)
    late_camera()
    frame = until(capture, "v4l2:/dev/video1")
    assert frame.time > first.time
    assert frame.image.shape == (48, 64, 3)
    assert events == ["demo", "back"]
    assert capture.stop()


def test_camera_waits_for_one_without_a_demo(late_camera):
    events = []
    capture = open_capture(small_settings("camera"), lambda kind, _: events.append(kind))
    assert capture.next(0.3) is None
    assert (capture.source.name, events) == ("camera", ["gone"])
    late_camera()
    assert until(capture, "v4l2:/dev/video1") is not None
    assert events == ["gone", "back"]
    assert capture.stop()


def test_a_demo_that_was_asked_for_looks_for_no_camera(late_camera):
    late_camera()
    capture = open_capture(small_settings("demo"))
    for _ in range(5):
        capture.release(capture.next(LIMIT))
    assert capture.source.name == "demo"
    assert capture.stop()
