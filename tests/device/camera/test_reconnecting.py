"""Every failure that the fake camera can play, and what the loop would hear of it."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from device.camera.fake import FakeCamera
from device.camera.reconnecting import HUNG_S, WATCH_STEP_S, Counters, ReconnectingCamera
from device.errors import CameraGarbage, CameraLost
from device.frame import Frame


@pytest.fixture
def play(limits, clock, events):
    """Read a script to its end; gives back the counters, and the times of the frames that came."""

    def play(script, **changes):
        chosen = replace(limits, **changes)
        counters = Counters()
        camera = FakeCamera(script, chosen, clock, clock.sleep)
        kept = ReconnectingCamera(camera, chosen, counters, events, clock, clock.wait)
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


def test_tries_come_at_growing_pauses_and_only_the_first_is_told(play, events, monkeypatch):
    tried = []
    reopen = FakeCamera.reopen

    def noted(camera):
        tried.append(round(camera._clock() - 100.1, 2))
        reopen(camera)

    monkeypatch.setattr(FakeCamera, "reopen", noted)
    counters, times = play("frames 1; gone 60s; frames 1")
    assert tried[:8] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    assert tried[9:15] == [5.0, 5.5, 6.05, 6.66, 7.32, 8.05]  # a tenth of the time so far
    pauses = [after - before for before, after in pairwise(tried)]
    assert max(pauses) == pytest.approx(4.0, abs=0.01)  # retry_max_s
    assert times[1] - times[0] <= 60 + 4.1
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
    message = r"lost after 12 tries in 6 s \(camera.give_up_s = 6\).*Check its cable"
    with pytest.raises(CameraLost, match=message):
        play("frames 1; gone 60s; frames 1", give_up_s=6.0)
    assert clock() == pytest.approx(106.1, abs=0.01)


def test_never_gives_up_by_default(play, clock):
    _, times = play("frames 1; gone 86400s; frames 1")
    assert len(times) == 2


def test_a_camera_pulled_out_every_five_seconds_gives_most_of_its_frames(play):
    """It gave 33 %: pauses grew to 39 s, and only 30 good seconds in a row made them short again."""
    counters, times = play("; ".join(["frames 50; end"] * 120))
    assert counters.restarts == 119
    assert len(times) / (10 * (times[-1] - 100)) == pytest.approx(0.93, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kinds", [("gone",), ("stall",), ("gone", "stall")])
def test_ten_minutes_of_a_camera_that_fails_now_and_then(play, seed, kinds):
    """It was dark for 560 of 605 s."""
    random, steps, own = Random(seed), [], 0.0
    for _ in range(45):  # some ten minutes
        outage = round(random.uniform(0.2, 4.0), 2)
        steps += [f"frames {random.randint(20, 200)}", f"{random.choice(kinds)} {outage}s"]
        own += outage
    _, times = play("; ".join([*steps, "frames 1"]), timeout_s=2.0, retry_max_s=30.0)
    dark = times[-1] - 100 - len(times) / 10
    assert dark <= 1.1 * own


def test_pauses_grow_for_a_camera_that_gives_one_frame_each_time(play, clock):
    counters, _ = play("; ".join(["frames 1; end"] * 300))
    assert clock() - 100 > 200 * 3.9  # nearly all of the longest, 4 s
    assert counters.restarts == 299


def test_pauses_are_short_again_after_a_good_time(play):
    """A second with a picture makes good for four without."""
    _, times = play("frames 1; gone 20s; frames 100; end; frames 1")
    assert times[-1] - times[-2] == pytest.approx(0.5, abs=0.01)
    _, times = play("frames 1; gone 20s; frames 30; end; frames 1")
    outage = times[1] - times[0]
    assert times[-1] - times[-2] == pytest.approx(0.1 * (outage - 4 * 2.9), abs=0.01)


def test_a_long_outage_is_forgotten_after_less_than_a_minute(play):
    _, times = play("frames 1; gone 86400s; frames 110; end; frames 1")
    assert times[-1] - times[-2] == pytest.approx(0.5, abs=0.01)


def test_stopping_ends_a_pause_and_the_source(limits, clock, events):
    clock.stopping = True
    camera = FakeCamera("gone 60s; frames 1", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), events, clock, clock.wait)
    assert not kept.read(Frame(kept.size), 1.0)


def watch(kept, clock, seconds):
    """Another thread's look every 0.25 s."""
    for _ in range(round(4 * seconds)):
        clock.sleep(0.25)
        kept.raise_if_hung()


def test_a_hanging_driver_is_noticed_by_another_thread(limits, clock):
    class Hanging(FakeCamera):
        def read(self, frame, timeout):
            kept.raise_if_hung()
            watch(kept, clock, limits.timeout_s + HUNG_S)
            with pytest.raises(CameraLost, match="the driver hangs for 16 s; start again"):
                watch(kept, clock, 0.25)
            return True

    camera = Hanging("", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
    kept.read(Frame(kept.size), 1.0)
    watch(kept, clock, 100)  # nobody is in the driver


def test_a_process_that_was_stopped_and_a_clock_that_jumps_are_no_driver_that_hangs(limits, clock):
    """SIGSTOP for 20 s, SIGCONT: the watching thread did not live through that time either."""

    class Stopped(FakeCamera):
        def read(self, frame, timeout):
            kept.raise_if_hung()
            for jump in (20.0, 86400.0, -50.0, 3600.0):
                clock.sleep(jump)
                kept.raise_if_hung()
            watch(kept, clock, limits.timeout_s + HUNG_S - 3 * WATCH_STEP_S)
            with pytest.raises(CameraLost, match="the driver hangs"):
                watch(kept, clock, 0.25)
            return True

    camera = Stopped("", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
    kept.read(Frame(kept.size), 1.0)


def test_each_call_of_the_driver_has_its_own_time(limits, clock):
    class Slow(FakeCamera):
        def read(self, frame, timeout):
            watch(kept, clock, 10)
            return True

    camera = Slow("", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
    for _ in range(5):
        kept.read(Frame(kept.size), 1.0)


def test_a_stopped_process_does_not_lose_its_camera_without_a_try(play, limits, clock, events):
    """give_up_s counts from the first try, not from a moment before the process was stopped."""
    chosen = replace(limits, give_up_s=6.0)
    camera = FakeCamera("frames 1; stall 0.5s; end; frames 3", chosen, clock, clock.sleep)
    kept = ReconnectingCamera(camera, chosen, Counters(), events, clock, clock.wait)
    frame = Frame(kept.size)
    assert kept.read(frame, 1.0)
    clock.sleep(20.0)
    assert kept.read(frame, 1.0)


def test_lost_camera_is_not_tried_again(limits, clock):
    class Lost(FakeCamera):
        def read(self, frame, timeout):
            raise CameraLost("does not answer")

    kept = ReconnectingCamera(
        Lost("", limits, clock, clock.sleep), limits, Counters(), clock=clock, wait=clock.wait
    )
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
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
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
            kept.raise_if_hung()
            watch(kept, clock, 16)  # 1 s of its own and 15 s on top
            with pytest.raises(CameraLost, match="the driver hangs for 16 s; start again"):
                watch(kept, clock, 0.25)
            super().reopen()

    camera = Hanging("end; frames 1", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
    assert kept.read(Frame(kept.size), 1.0) is True
    watch(kept, clock, 100)


def test_the_end_of_a_source_is_false_and_a_stopped_pause_too(limits, clock):
    clock.stopping = True
    camera = FakeCamera("gone 60s; frames 1", limits, clock, clock.sleep)
    kept = ReconnectingCamera(camera, limits, Counters(), clock=clock, wait=clock.wait)
    assert kept.read(Frame(camera.size), 1.0) is False


def test_a_lens_that_was_covered_from_the_start_is_told_too(play, events):
    assert play("flat 100; frames 4")[0].garbage == 1
    assert events.kinds == ["garbage", "back"]


def test_flat_pictures_from_before_an_outage_do_not_count_after_it(play):
    """Thirty in a row, three seconds, are too many; here are twenty, and twenty."""
    counters, times = play("frames 1; flat 20; end; flat 20; frames 4")
    assert (counters.garbage, counters.restarts, len(times)) == (0, 1, 45)
