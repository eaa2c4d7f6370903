from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.box import Box
from device.config.schema import ScheduleSettings, Settings
from device.pipeline.scheduler import Scheduler, inference_count
from tests.floats import floats

FPS = 30.0


def scheduler(budget_ms=0.0, every=4, settled_s=0.5):
    schedule = ScheduleSettings(frame_budget_ms=budget_ms, detect_every=every, settled_every_s=settled_s)
    return Scheduler(Settings(schedule=schedule), FPS)


def track(number=1, settled=True, velocity=(0.0, 0.0), misses=0):
    return SimpleNamespace(
        id=number,
        box=Box(0.0, 0.0, 100.0, 100.0),
        velocity=velocity,
        misses=misses,
        companion=SimpleNamespace(settled=settled),
    )


def detections(plan, tracks, frames, start=0, has_tentative=False):
    return [plan.should_detect(tracks, has_tentative, (start + n) / FPS) for n in range(frames)]


def test_the_first_frame_is_searched():
    assert scheduler().should_detect([], False, 0.0)


def test_every_fourth_frame_while_nobody_is_there():
    assert detections(scheduler(), [], 9) == [True, False, False, False, True, False, False, False, True]


def test_every_frame_while_a_track_is_young():
    assert all(detections(scheduler(), [track()], 30))


def test_every_fourth_frame_once_it_is_not():
    plan = scheduler()
    detections(plan, [track()], 61)
    assert sum(detections(plan, [track()], 40, start=61)) == 10


@pytest.mark.parametrize(
    "unsteady",
    [
        {"tracks": [track(misses=1)]},
        {"tracks": [track(velocity=(300.0, 0.0))]},
        {"tracks": [], "has_tentative": True},
    ],
)
def test_every_frame_while_one_is_missed_fast_or_tentative(unsteady):
    plan = scheduler()
    detections(plan, [track()], 61)
    assert all(detections(plan, frames=8, start=61, **unsteady))


def test_slow_cameras_are_searched_more_often_than_every_fourth_frame():
    plan = Scheduler(
        Settings(schedule=ScheduleSettings(frame_budget_ms=0.0, detect_every=4, settled_every_s=0.5)), fps=8.0
    )
    assert sum(detections(plan, [], 8)) == 8


def test_a_slow_detector_runs_on_fewer_frames():
    plan = scheduler(budget_ms=10.0, every=1)
    for _ in range(50):
        plan.on_detection_cost(0.015)
    assert detections(plan, [], 6) == [True, False, False, True, False, False]


def test_a_loaded_machine_detects_half_as_often():
    plan = scheduler(every=1)
    plan.level = 2
    assert sum(detections(plan, [], 10)) == 5


def chosen(plan, tracks, now, spent=0.0, detected=True):
    return [one.id for one in plan.choose(tracks, detected, spent, now)]


def test_a_new_face_is_estimated_at_once():
    assert chosen(scheduler(), [track()], 0.0) == [1]


def test_a_settled_face_at_a_low_rate():
    plan = scheduler(settled_s=0.5)
    times = [n / FPS for n in range(60) if chosen(plan, [track()], n / FPS)]
    assert times == pytest.approx([0.0, 0.5, 1.0, 1.5])


def test_an_uncertain_face_ten_times_a_second():
    plan = scheduler()
    assert sum(bool(chosen(plan, [track(settled=False)], n / FPS)) for n in range(30)) == 10


def test_every_face_on_every_frame_when_the_settings_say_so():
    plan = scheduler(settled_s=0.0)
    plan.on_age_cost(0.001, 1)
    assert all(chosen(plan, [track(), track(2, settled=False)], n / FPS) == [1, 2] for n in range(1, 20))


def test_new_before_uncertain_before_settled():
    plan = scheduler()
    plan.on_age_cost(0.001, 1)
    tracks = [track(1), track(2, settled=False), track(3)]
    chosen(plan, tracks[:2], 0.0)
    plan.inference_cost = plan.budget / 3.5
    assert chosen(plan, tracks, 0.4) == [3, 2]


def test_faces_that_are_not_seen_are_not_estimated():
    assert chosen(scheduler(), [track(misses=1)], 0.0) == []


def test_between_detections_only_faces_without_an_age():
    plan = scheduler(settled_s=0.0)
    chosen(plan, [track(1)], 0.0)
    assert chosen(plan, [track(1), track(2)], 1.0, detected=False) == [2]


def test_the_budget_limits_how_many():
    plan = scheduler(budget_ms=11.0)  # of which 10.1 are given away, here and in the tests below
    plan.on_age_cost(0.004, 2)
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0, spent=0.004)) == 3


def test_an_unsettled_face_takes_two_inferences():
    plan = scheduler(budget_ms=11.0)
    plan.on_age_cost(0.002, 1)
    assert len(chosen(plan, [track(n, settled=False) for n in range(1, 9)], 0.0)) == 2
    assert len(chosen(plan, [track(n) for n in range(11, 19)], 0.0)) == 5


def test_what_the_render_costs_is_kept_for_it():
    plan = scheduler(budget_ms=11.0)
    plan.on_age_cost(0.002, 1)
    plan.on_render_cost(0.006)
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0)) == 2


def test_close_ups_count_for_whom_takes_one():
    def served(refreshed):
        plan = scheduler(budget_ms=11.0)
        plan.on_age_cost(0.002, 1)
        plan.on_close_up_cost(0.003)
        return len(
            plan.choose([track(n) for n in range(1, 9)], True, 0.0, 0.0, lambda one: one.id in refreshed)
        )

    assert [served({1, 2, 3}), served({2}), served({})] == [2, 3, 5]


def test_one_is_served_even_when_nothing_is_left():
    plan = scheduler(budget_ms=1.0)
    plan.on_age_cost(0.004, 1)
    assert len(chosen(plan, [track(1), track(2)], 0.0, spent=0.005)) == 1


def test_one_only_on_the_last_load_level():
    plan = scheduler()
    plan.on_age_cost(0.0001, 1)
    plan.level = 4
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0)) == 1


def test_tracks_that_are_gone_are_forgotten():
    plan = scheduler()
    for number in range(500):
        detections(plan, [track(number)], 1, start=number)
        chosen(plan, [track(number)], number / FPS)
    assert len(plan._born) <= 2
    assert len(plan._estimated) <= 2


@given(st.integers(1, 32), floats(0.0005, 0.01), st.booleans())
def test_nobody_starves_and_everybody_has_a_first_age_within_a_second(faces, cost, settled):
    plan = scheduler()
    tracks = [track(number, settled) for number in range(faces)]
    plan.on_age_cost(cost, inference_count(tracks[0]))  # the cost of a face, however often it is read
    last = dict.fromkeys(range(faces), 0.0)
    seen = set()
    for n in range(120):
        now = n / FPS
        for number in chosen(plan, tracks, now):
            last[number] = now
            seen.add(number)
        if n == 30:
            assert len(seen) == faces
    round_trip = faces * max(cost / plan.budget, 1 / 32) / FPS
    assert all(119 / FPS - when <= 0.5 + 2 * round_trip + 2 / FPS for when in last.values())


def test_without_real_time_nothing_depends_on_how_long_things_take():
    plan = Scheduler(
        Settings(schedule=ScheduleSettings(frame_budget_ms=0.0, detect_every=1, settled_every_s=0.5)),
        FPS,
        realtime=False,
    )
    plan.on_detection_cost(5.0)
    plan.on_age_cost(5.0, 1)
    assert all(detections(plan, [], 5))
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0, spent=5.0)) == 8


def test_a_track_is_young_for_two_seconds_to_the_frame():
    seen = detections(scheduler(), [track()], 65)
    assert seen[:60] == [True] * 60
    assert seen[60:] == [False, False, False, True, False]


def test_fast_is_a_seventh_of_the_face_between_two_detections():
    """100 pixels wide, 4 frames apart: 15 pixels in 0.1333 s are 112.5 pixels a second, of both axes."""
    for velocity, steady in (((60.0, 50.0), True), ((-60.0, 55.0), False)):
        plan = scheduler()
        detections(plan, [track()], 61)
        assert sum(detections(plan, [track(velocity=velocity)], 8, start=61)) == (2 if steady else 8)


def test_costs_are_learnt_by_a_tenth():
    plan = scheduler()
    for seconds in (0.010, 0.020):
        plan.on_detection_cost(seconds)
        plan.on_age_cost(2 * seconds, 2)
        plan.on_close_up_cost(seconds)
        plan.on_render_cost(seconds)
    costs = plan.detection_cost, plan.inference_cost, plan.close_up_cost, plan.render_cost
    assert costs == pytest.approx([0.011] * 4)


@pytest.mark.parametrize(("level", "pause"), [(0, 0.5), (1, 2.0), (3, 2.0)])
def test_a_loaded_machine_estimates_settled_faces_a_quarter_as_often(level, pause):
    plan = scheduler()
    plan.level = level
    times = [n / FPS for n in range(130) if chosen(plan, [track()], n / FPS)]
    assert times[:3] == pytest.approx([0.0, pause, 2 * pause])


def test_who_is_gone_is_forgotten_and_who_stays_is_not():
    plan = scheduler()
    detections(plan, [track(1, misses=0), track(2)], 61)
    detections(plan, [track(1), track(2)], 1, start=61)
    chosen(plan, [track(1), track(2)], 2.1)
    detections(plan, [track(1)], 1, start=64)
    assert set(plan._born) == set(plan._estimated) == {1}


def test_what_just_fits_is_done():
    plan = scheduler()
    plan.budget, plan.inference_cost = 0.5, 0.125
    plan.render_cost = 0.92 * 0.5 - 0.25
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0)) == 2


def test_close_ups_count_for_nobody_unless_asked():
    plan = scheduler(budget_ms=11.0)
    plan.on_age_cost(0.002, 1)
    plan.on_close_up_cost(0.003)
    assert len(chosen(plan, [track(n) for n in range(1, 9)], 0.0)) == 5
