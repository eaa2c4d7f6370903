"""A good site passes every step; each of ten made faults is found, named and told how it is mended."""

import pytest

from device.box import Box
from device.config.loader import changed, defaults
from device.faces.exposure_check import Measures
from device.field_test.judge import Sample, judge, judge_machine, judge_step, worst
from device.field_test.measures import followed, kept, still_boxes, without
from device.field_test.sights import Face, Sight
from device.field_test.steps import Check, machine_checks, steps
from tests.device.field_test.script import FPS, FRAMES, SAMPLES, altered, person, sights

STEPS = {step.name: step for step in steps()}
MACHINE = machine_checks(changed(defaults(), limits={"memory_mib": 128, "hot_c": 80.0}))
POSTER = Face(9, Box(0.1, 0.2, 0.12, 0.12), 30.0)


def finding(name, measure, seen):
    return next(one for one in judge_step(STEPS[name], seen) if one.measure == measure)


def machine(samples=SAMPLES, rate=14.0, p95=30.0, restarts=0):
    return {one.measure: one for one in judge_machine(MACHINE, samples, rate, p95, restarts)}


def test_a_step_is_as_good_as_its_worst_finding():
    def graded(*grades):
        return worst([judge(MACHINE[0], None)._replace(grade=grade) for grade in grades])

    assert graded("well", "poor", "well") == "poor"
    assert graded("poor", "failed", "well") == "failed"
    assert graded() == "failed"


@pytest.mark.parametrize("name", STEPS)
def test_a_good_site_passes_the_step(name):
    found = judge_step(STEPS[name], sights(name))
    assert [one for one in found if one.grade != "well"] == []
    assert [one.remedy for one in found] == [""] * len(STEPS[name].checks)


def test_a_good_machine_passes():
    assert worst(list(machine().values())) == "well"
    assert machine()["rate"].figure == "14.0 a second"
    assert machine()["memory"].limit == "at most 115 MiB"


@pytest.mark.parametrize("name", sorted(set(STEPS) - {"nobody", "3 m", "4 m"}))
def test_fault_1_nobody_stands_there(name):
    found = judge_step(STEPS[name], [Sight(frame / FPS) for frame in range(FRAMES)])
    assert found[0].grade == "failed"
    assert "?" in found[0].remedy  # whether somebody was there at all
    assert [one.measure for one in found[1:]] in (
        [],
        ["picture"],
    )  # nothing of a face


@pytest.mark.parametrize("name", ["3 m", "4 m"])
def test_far_away_nobody_found_is_poor_as_the_default_detector_does_not_reach_there(name):
    (found,) = judge_step(STEPS[name], [Sight(frame / FPS) for frame in range(FRAMES)])
    assert (found.grade, found.figure) == ("poor", "0 %")
    assert "--detector full" in found.remedy


def test_fault_2_too_far():
    far = finding("1 m", "eyes", altered(sights("1 m"), eyes=14.0))
    assert (far.grade, far.figure, far.limit) == ("failed", "14 pixels", "at least 24 pixels")
    assert "nearer" in far.remedy
    assert finding("1 m", "eyes", altered(sights("1 m"), eyes=18.0)).grade == "poor"


@pytest.mark.parametrize(
    ("facts", "measure", "remedy"),
    [
        ({"yaw": -0.5}, "yaw", "straight at those"),
        ({"yaw": 0.5}, "yaw", "straight at those"),
        ({"roll": 88.0}, "roll", "--rotate"),
        ({"roll": -88.0}, "roll", "--rotate"),
        ({"box": Box(0.95, 0.4, 0.1, 0.1)}, "inside", "in the middle"),
    ],
)
def test_fault_3_a_turned_camera(facts, measure, remedy):
    found = finding("1 m", measure, altered(sights("1 m"), **facts))
    assert found.grade == "failed"
    assert remedy in found.remedy


def test_fault_4_dark():
    black = finding("light", "picture", sights("light", picture=0.03))
    assert (black.grade, black.figure, black.limit) == ("failed", "0.03", "0.12 to 0.88")
    assert "lamp" in black.remedy
    nobody = judge_step(STEPS["1 m"], [Sight(frame / FPS, (), 0.02) for frame in range(FRAMES)])
    assert {one.measure: one.grade for one in nobody} == {"found": "failed", "picture": "failed"}
    face = finding("light", "brightness", altered(sights("light"), light=Measures(0.08, -1.2, 0.25, -0.25)))
    assert face.grade == "poor"
    assert "more light" in face.remedy


def test_too_bright_has_another_remedy_than_too_dark():
    assert "lower the camera's exposure" in finding("light", "picture", sights("light", picture=0.97)).remedy


def test_fault_5_a_poster_is_found_and_its_zone_named():
    seen = [one._replace(faces=(POSTER,)) for one in sights("nobody")]
    found = finding("nobody", "still", seen)
    assert (found.grade, found.figure) == ("failed", "1")
    assert 'tracker.ignore = "0.07 0.17 0.25 0.35"' in found.remedy
    assert finding("nobody", "moving", seen).grade == "well"


def test_a_posters_place_is_not_taken_for_the_person():
    places = still_boxes([Sight(frame / FPS, (POSTER,)) for frame in range(FRAMES)])
    seen = [Sight(frame / FPS, (POSTER._replace(id=12),)) for frame in range(FRAMES)]
    assert finding("2 m", "found", without(seen, places)).figure == "0 %"
    assert finding("2 m", "found", without(sights("2 m"), places)).figure == "100 %"


def test_fault_6_throttled():
    held = machine([*SAMPLES, Sample(60.0, 55.0, ("the supply voltage is too low",))])["throttled"]
    assert (held.grade, held.figure) == ("failed", "33 %")
    assert held.remedy.startswith("the supply voltage is too low: ")
    assert "short cable" in held.remedy


@pytest.mark.parametrize(("celsius", "grade"), [(74.0, "well"), (77.0, "poor"), (83.0, "failed")])
def test_hot(celsius, grade):
    assert (
        machine([Sample(60.0, 40.0), Sample(60.0, celsius), Sample(60.0, 50.0)])["temperature"].grade == grade
    )


def test_a_temperature_that_nothing_tells_is_left_out():
    assert "temperature" not in machine([Sample(60.0)])


def test_fault_7_slow():
    assert (machine(rate=2.0)["rate"].grade, machine(rate=8.0)["rate"].grade) == ("failed", "poor")
    assert machine(p95=300.0)["p95"].grade == "failed"
    assert "smaller picture" in machine(p95=300.0)["p95"].remedy
    assert machine(rate=None)["rate"].grade == "failed"


@pytest.mark.parametrize(("restarts", "grade"), [(0, "well"), (1, "poor"), (2, "failed")])
def test_a_camera_that_was_lost(restarts, grade):
    assert machine(restarts=restarts)["restarts"].grade == grade


@pytest.mark.parametrize(("mib", "grade"), [(110.0, "well"), (118.0, "poor"), (126.0, "failed")])
def test_memory_near_its_budget(mib, grade):
    assert machine([Sample(mib)])["memory"].grade == grade


def test_fault_8_false_faces():
    seen = sights("nobody")
    for frame in range(0, FRAMES, 10):
        seen[frame] = seen[frame]._replace(faces=(person(frame, number=frame),))
    found = finding("nobody", "moving", seen)
    assert (found.grade, found.figure) == ("failed", "10 %")
    assert "--min-score" in found.remedy
    assert finding("nobody", "still", seen).grade == "well"


@pytest.mark.parametrize(("ids", "grade"), [((1, 3), "poor"), ((4, 3), "failed"), ((2, 1), "failed")])
def test_fault_9_numbers_lost_while_two_cross(ids, grade):
    seen = sights("crossing")
    for frame in range(40, FRAMES):
        first, second = seen[frame].faces
        seen[frame] = seen[frame]._replace(faces=(first._replace(id=ids[0]), second._replace(id=ids[1])))
    found = finding("crossing", "kept", seen)
    assert found.grade == grade
    assert "change sides" in found.remedy


def test_fault_10_unsure_ages_and_blur():
    assert finding("2 m", "spread", altered(sights("2 m"), spread=18.0)).grade == "failed"
    assert finding("2 m", "spread", altered(sights("2 m"), spread=14.0)).grade == "poor"
    none = finding("2 m", "spread", altered(sights("2 m"), spread=None))
    assert (none.grade, none.figure) == ("failed", "none")
    assert "focus" in none.remedy
    blurred = finding("light", "sharpness", altered(sights("light"), light=Measures(0.5, -4.5, 0.25, -0.25)))
    assert blurred.grade == "failed"
    assert "focus" in blurred.remedy


def test_a_head_that_is_lost_when_it_turns_to_one_side():
    seen = [one._replace(faces=one.faces if one.faces[0].yaw > -0.05 else ()) for one in sights("turn")]
    assert finding("turn", "left", seen).grade == "failed"
    assert finding("turn", "right", seen).grade == "well"


def test_who_walks_past_too_fast_is_poor():
    seen = [one if 10 <= n < 20 else one._replace(faces=()) for n, one in enumerate(sights("walk past"))]
    found = finding("walk past", "followed", seen)
    assert (found.grade, found.figure) == ("poor", "0.5 s")


def test_followed_counts_no_time_away():
    away = [Sight(t, (person(0),)) for t in (0.0, 0.4, 2.0, 2.3)]
    assert followed(away) == pytest.approx(0.4)
    assert followed([]) is None


def test_kept_is_nothing_without_two():
    assert kept([Sight(0.0, (person(0),))]) is None


def test_one_who_sways_is_no_poster():
    assert still_boxes(sights("1 m")) == []
    assert still_boxes([Sight(frame / FPS, (POSTER,)) for frame in range(9)]) == []  # too few to know


@pytest.mark.parametrize(
    ("value", "grade"), [(1.0, "well"), (2.0, "well"), (2.1, "poor"), (3.1, "failed"), (0.4, "failed")]
)
def test_both_limits_hold(value, grade):
    check = Check("x", "x", (1.0, 2.0), (0.5, 3.0), "more", "less", unit="m", places=1)
    found = judge(check, value)
    assert (found.grade, found.limit) == (grade, "1.0 to 2.0 m")
    assert found.remedy == {True: "less", False: "more"}[value > 2] * (grade != "well")


def test_each_wrong_value_has_a_remedy():
    for check in [*MACHINE, *(check for step in steps() for check in step.checks)]:
        low, high = check.well
        possible = (0.0, 1.0) if check.unit == "%" or check.measure == "score" else (-100.0, 1e4)
        if check.measure in ("moving", "still", "kept", "throttled", "restarts", "p95", "memory"):
            possible = (0.0, 2.0) if check.measure == "kept" else (0.0, possible[1])
        for value in possible:
            assert (judge(check, value).remedy == "") == (low <= value <= high), check
