from device.bench.synthetic_detector import Crowd
from device.budget.timing import Timings
from device.config import loader
from device.pipeline.pipeline import Vision
from tests.device.pipeline.test_pipeline import FPS, SIZE, Nothing, Scale, film


def vision(privacy="off", **tracker):
    settings = loader.changed(
        loader.defaults(),
        tracker=tracker,
        age={"model": "scale.tflite"},
        schedule={"detect_every": 1},
        overlay={"privacy": privacy},
    )
    return Vision(settings, SIZE, FPS, Timings(), Crowd(Nothing(), 2, SIZE), Scale())


def test_faces_in_a_zone_are_nobody():
    eyes = vision(ignore="0 0 0.5 1")
    assert [len(persons) for persons in film(eyes, 30)][-1] == 1
    assert eyes.tracks[0].box.centre[0] > SIZE[0] / 2


def test_faces_that_never_move_are_told_once_and_leave():
    eyes, told = vision(still_minutes=0.1), []
    eyes.notify = lambda event, **facts: told.append((event, facts))
    seen = film(eyes, 300)
    assert len(seen[150]) == 2
    assert seen[-1] == []
    assert [event for event, _ in told] == ["still", "still"]
    assert told[0][1]["box"] == [32.0, 32.0, 256.0, 256.0]


def test_faces_that_are_left_out_are_hidden_as_all_others_where_faces_are_blurred():
    eyes = vision(privacy="blur", ignore="0 0 0.5 1")
    film(eyes, 3)
    assert any(box.centre[0] < SIZE[0] / 2 for box in eyes.faces)
    assert any(box.centre[0] > SIZE[0] / 2 for box in eyes.faces)
