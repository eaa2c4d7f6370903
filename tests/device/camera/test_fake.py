import numpy as np
import pytest

from device.camera.fake import FakeCamera, parse
from device.errors import CameraError, CameraGarbage, CameraStalled, ConfigError
from device.frame import Frame


@pytest.fixture
def fake(limits, clock):
    return lambda script: FakeCamera(script, limits, clock, clock.sleep)


@pytest.fixture
def frame():
    return Frame((64, 48))


def test_script_is_steps_with_amounts():
    assert parse("frames 30; stall 2s; garbage 3; gone 0.5s; end; frames 10") == [
        ("frames", 30),
        ("stall", 2.0),
        ("garbage", 3),
        ("gone", 0.5),
        ("end", 0),
        ("frames", 10),
    ]


@pytest.mark.parametrize("step", ["frame 3", "frames", "frames 0", "stall 2", "stall xs", "end 3"])
def test_wrong_step_is_named_with_what_is_allowed(step):
    with pytest.raises(ConfigError, match=f"'{step}' is not a step; allowed are frames N, .*gone Ts, end"):
        parse(f"frames 1; {step}")


def test_frames_come_at_the_frame_rate_and_move(fake, frame, clock):
    camera = fake("")
    seen = []
    for _ in range(3):
        assert camera.read(frame, 1.0)
        seen.append((round(frame.time, 3), frame.image[0, :2, 0].tolist()))
    assert seen == [(100.1, [0, 1]), (100.2, [7, 8]), (100.3, [14, 15])]


def test_same_script_gives_same_frames(fake, frame):
    pictures = []
    for camera in (fake("frames 5"), fake("frames 5")):
        while camera.read(frame, 1.0):
            pass
        pictures.append(frame.image.copy())
    assert np.array_equal(*pictures)


def test_short_stall_delays_the_next_frame(fake, frame, clock):
    assert fake("stall 0.8s; frames 1").read(frame, 1.0)
    assert frame.time == pytest.approx(100.8, abs=0.11)


def test_long_stall_is_raised_at_every_time_limit_until_it_is_over(fake, frame, clock):
    camera = fake("stall 2.5s; frames 1")
    for _ in range(2):
        with pytest.raises(CameraStalled, match="no frame for 1 s"):
            camera.read(frame, 1.0)
    assert camera.read(frame, 1.0)


def test_hang_ignores_the_time_limit(fake, frame, clock):
    assert fake("hang 20s; frames 1").read(frame, 1.0)
    assert clock() >= 120


def test_garbage_flat_and_frozen_frames(fake, frame):
    camera = fake("frames 2; garbage 1; frozen 1; flat 1")
    camera.read(frame, 1.0)
    camera.read(frame, 1.0)
    last = frame.image.copy()
    with pytest.raises(CameraGarbage, match="921600"):
        camera.read(frame, 1.0)
    assert camera.read(frame, 1.0)
    assert np.array_equal(frame.image, last)
    assert camera.read(frame, 1.0)
    assert not frame.image.any()


def test_end_is_a_failure_until_the_script_is_over(fake, frame):
    camera = fake("end; frames 1")
    assert not camera.read(frame, 1.0)
    assert camera.live
    camera.reopen()
    assert camera.read(frame, 1.0)
    assert not camera.live
    assert not camera.read(frame, 1.0)


def test_gone_camera_cannot_be_opened_for_a_while(fake, frame, clock):
    camera = fake("gone 3s; frames 1")
    with pytest.raises(CameraError, match="pulled out"):
        camera.read(frame, 1.0)
    with pytest.raises(CameraError, match="no such camera"):
        camera.reopen()
    clock.sleep(3)
    camera.reopen()
    assert camera.read(frame, 1.0)
