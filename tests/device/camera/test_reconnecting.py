"""Every failure that the fake camera can play, and what the loop would hear of it."""

from dataclasses import replace

import pytest

from device.camera.fake import FakeCamera
from device.camera.reconnecting import HUNG_S, Counters, Kept
from device.errors import CameraGarbage, CameraLost
from device.frame import Frame


@pytest.fixture
def play(limits, clock, events):
    """Read a script to its end; gives back the counters, and the times of the frames that came."""

    def play(script, **changes):
        chosen = replace(limits, **changes)
        counters = Counters()
        camera = FakeCamera(script, chosen, clock, clock.sleep)
        kept = Kept(camera, chosen, counters, events, clock, clock.wait)
        frame = Frame(kept.size)
        times = []
        while kept.read(frame, chosen.timeout_s):
            times.append(frame.time)
        return counters, times

    return play


def test_a_camera_that_works_is_left_alone(play, events):
    counters, times = play("frames 30")
    assert len(times) == 30
    assert (counters.restarts, counters.stalls, counters.garbage) == (0, 0, 0)
    assert events == []


def test_pulled_out_and_plugged_in_again(play, events):
    counters, times = play("frames 3; end; frames 4")
    assert len(times) == 7
    assert counters.restarts == 1
    assert events.kinds == ["gone", "back"]
    assert "the camera ended its stream. Trying again in 0.5 s" in events[0][1]
    assert "frames again after 0.5 s" in events[1][1]


def test_stalled_camera_is_opened_again(play, events):
    counters, times = play("frames 3; stall 2s; frames 4")
    assert len(times) == 7
    assert counters.stalls == 1
    assert counters.restarts == 1
    assert events.kinds == ["stalled", "back"]


def test_tries_come_at_growing_pauses_and_only_the_first_is_told(play, events, clock):
    counters, times = play("frames 1; gone 20s; frames 1")
    # tries 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5 and 23.5 s after the loss: doubled up to 4 s
    assert times[1] - times[0] == pytest.approx(23.5, abs=0.25)
    assert counters.restarts == 1
    assert events.kinds == ["gone", "back"]


def test_a_few_bad_frames_are_passed_over(play, events):
    counters, times = play("frames 3; garbage 3; frames 4")
    assert len(times) == 7
    assert counters.garbage == 3
    assert counters.restarts == 0
    assert events == []


def test_many_bad_frames_in_a_row_open_the_camera_again(play, events):
    counters, times = play("frames 3; garbage 12; frames 4")
    assert len(times) == 7
    assert counters.garbage == 12
    assert counters.restarts == 1
    assert events.kinds == ["garbage", "back"]


@pytest.mark.parametrize("kind", ["flat", "frozen"])
def test_a_covered_lens_opens_the_camera_once_and_is_then_accepted(play, events, kind):
    """A kiosk in a dark hall gives black frames till the morning; it must not be restarted all night."""
    counters, times = play(f"frames 3; {kind} 500; frames 4")
    assert counters.restarts == 1
    assert counters.garbage == 1
    assert len(times) == 506  # one of the 500 was refused
    assert events.kinds == ["garbage", "back"]


def test_a_second_covered_lens_is_told_again(play, events):
    counters, _ = play("frames 3; flat 100; frames 40; flat 100; frames 3")
    assert counters.restarts == 2
    assert events.kinds == ["garbage", "back", "garbage", "back"]


def test_lost_for_good_after_the_configured_time(play, clock):
    message = r"lost after 4 tries in 6 s \(camera.give_up_s = 6\).*Check its cable"
    with pytest.raises(CameraLost, match=message):
        play("frames 1; gone 60s; frames 1", give_up_s=6.0)
    assert clock() == pytest.approx(106.1, abs=0.01)


def test_never_gives_up_by_default(play, clock):
    _, times = play("frames 1; gone 86400s; frames 1")
    assert len(times) == 2


def test_pauses_are_short_again_after_a_long_good_time(play):
    """Each trouble of a camera that ran for hours begins with a quick try."""
    _, times = play("frames 1; gone 7s; frames 100; end; frames 1")
    assert times[-1] - times[-2] == pytest.approx(0.5, abs=0.01)


def test_pauses_stay_long_while_the_camera_comes_and_goes(play):
    _, times = play("frames 1; gone 7s; frames 5; end; frames 1")
    assert times[-1] - times[-2] == pytest.approx(4.0, abs=0.01)


def test_stopping_ends_a_pause_and_the_source(limits, clock, events):
    clock.stopping = True
    camera = FakeCamera("gone 60s; frames 1", limits, clock, clock.sleep)
    kept = Kept(camera, limits, Counters(), events, clock, clock.wait)
    assert not kept.read(Frame(kept.size), 1.0)


def test_a_hanging_driver_is_noticed_by_another_thread(limits, clock):
    class Hanging(FakeCamera):
        def read(self, frame, timeout):
            clock.sleep(HUNG_S)
            kept.raise_if_hung()
            clock.sleep(2)
            with pytest.raises(CameraLost, match="the driver hangs for 17 s"):
                kept.raise_if_hung()
            return True

    kept = Kept(Hanging("", limits, clock, clock.sleep), limits, Counters(), clock=clock, wait=clock.wait)
    kept.read(Frame(kept.size), 1.0)
    clock.sleep(100)
    kept.raise_if_hung()  # nobody is in the driver


def test_lost_camera_is_not_tried_again(limits, clock):
    class Lost(FakeCamera):
        def read(self, frame, timeout):
            raise CameraLost("does not answer")

    kept = Kept(Lost("", limits, clock, clock.sleep), limits, Counters(), clock=clock, wait=clock.wait)
    with pytest.raises(CameraLost, match="does not answer"):
        kept.read(Frame(kept.size), 1.0)
    assert clock() == 100.0


def test_garbage_is_an_error_of_the_camera():
    assert CameraGarbage.exit_status == CameraLost.exit_status == 3


def test_counters_begin_at_nothing():
    counters = Counters()
    assert (counters.dropped, counters.restarts, counters.stalls, counters.garbage) == (0, 0, 0, 0)


def test_a_kept_camera_is_a_live_source_like_the_camera(limits, clock):
    camera = FakeCamera("frames 1", limits, clock, clock.sleep)
    kept = Kept(camera, limits, Counters(), clock=clock, wait=clock.wait)
    assert kept.live is True
    assert (kept.name, kept.size, kept.fps) == (camera.name, (64, 48), 10.0)
    assert kept.small_size == camera.small_size
    closed = []
    camera.close = lambda: closed.append(True)
    kept.close()
    assert closed == [True]


def test_nine_bad_frames_heal_and_ten_do_not(play):
    assert play("garbage 9; frames 4")[0].restarts == 0
    assert play("garbage 10; frames 4")[0].restarts == 1
    assert play("garbage 6; frames 1; garbage 6; frames 1")[0].restarts == 0
    assert play("garbage 12; frames 1; garbage 9; frames 1")[0].restarts == 1


def test_a_driver_that_hangs_is_given_its_time_in_reopening_too(limits, clock):
    class Hanging(FakeCamera):
        def reopen(self):
            clock.sleep(16.0)
            kept.raise_if_hung()  # 1 s of its own and 15 s on top: to the very second
            clock.sleep(0.5)
            with pytest.raises(CameraLost, match="the driver hangs for 16 s; start again"):
                kept.raise_if_hung()
            super().reopen()

    camera = Hanging("end; frames 1", limits, clock, clock.sleep)
    kept = Kept(camera, limits, Counters(), clock=clock, wait=clock.wait)
    assert kept.read(Frame(kept.size), 1.0) is True
    clock.sleep(100)
    kept.raise_if_hung()


def test_the_end_of_a_source_is_false_and_a_stopped_pause_too(limits, clock):
    clock.stopping = True
    camera = FakeCamera("gone 60s; frames 1", limits, clock, clock.sleep)
    kept = Kept(camera, limits, Counters(), clock=clock, wait=clock.wait)
    assert kept.read(Frame(camera.size), 1.0) is False


def test_a_lens_that_was_covered_from_the_start_is_told_too(play, events):
    assert play("flat 100; frames 4")[0].garbage == 1
    assert events.kinds == ["garbage", "back"]
