"""The demo scene: the same on every run, with a truth that the detector can find."""

import cv2
import numpy as np
import pytest

from device.camera.demo.renderer import BAND, ROW, SceneRenderer, load_people
from device.camera.demo.script import CAST, PERIOD_S, crowd, poses, visible
from device.camera.demo.source import Demo
from device.config.schema import CameraSettings, Settings
from device.errors import ConfigError
from device.frame import Frame

SIZE = (640, 480)
SETTINGS = Settings()


@pytest.fixture(scope="module")
def demo():
    return Demo(SETTINGS)


def drawn(demo, index):
    frame = Frame(demo.size)
    demo.draw(index, frame)
    return frame.image


def test_same_index_same_picture(demo):
    first = drawn(demo, 150)
    drawn(demo, 700)
    assert np.array_equal(first, drawn(Demo(SETTINGS), 150))


def test_read_goes_on_for_ever_in_media_time(demo):
    source, frame = Demo(SETTINGS), Frame(SIZE)
    assert [source.read(frame, 1.0) for _ in range(3)] == [True] * 3
    assert frame.time == pytest.approx(2 / 30)
    assert np.array_equal(frame.image, drawn(demo, 2))


def test_nobody_at_first_and_three_later(demo):
    assert demo.truth(0) == []
    assert [truth.age for truth in sorted(demo.truth(840))] == [8, 57, 71]


def test_each_round_has_new_people(demo):
    first = {truth.person for truth in demo.truth(200)}
    second = {truth.person for truth in demo.truth(200 + round(PERIOD_S * 30))}
    assert first
    assert second == {person + 6 for person in first}


def test_back_turned_is_no_truth():
    away = [pose for pose in poses(14.0, SIZE) if pose.turn > 170]
    assert [pose.role for pose in away] == [1]
    assert away[0].person not in {truth.person for truth in visible(poses(14.0, SIZE), SIZE)}


def test_nearer_person_hides_the_farther():
    times = np.arange(30.5, 33.5, 1 / 30)
    seen = [any(truth.age == CAST[5].age for truth in visible(poses(t, SIZE), SIZE)) for t in times]
    assert sum(np.diff(np.array(seen, int)) == 1) >= 2  # seen, hidden behind somebody, seen again


@pytest.mark.parametrize("count", [1, 5, 16, 32])
def test_crowd_is_all_visible(count):
    people = crowd(count, 3.0, SIZE)
    assert len(visible(people, SIZE)) == count
    assert Demo(SETTINGS, str(count)).truth(7) == visible(crowd(count, 7 / 30, SIZE), SIZE)


@pytest.mark.parametrize("people", ["0", "33", "many", "-1"])
def test_wrong_crowd_is_refused(people):
    with pytest.raises(ConfigError, match="1 to 32"):
        Demo(SETTINGS, people)


def test_small_stream_is_filled():
    demo, frame = Demo(SETTINGS), Frame(SIZE, (320, 240))
    demo.draw(200, frame)
    assert np.array_equal(frame.small, cv2.resize(frame.image, (320, 240), interpolation=cv2.INTER_AREA))


@pytest.mark.parametrize("size", [(160, 120), (800, 450), (1280, 720)])
def test_any_size(size):
    settings = Settings(camera=CameraSettings(width=size[0], height=size[1], fps=25.0))
    assert drawn(Demo(settings), 160).shape == (size[1], size[0], 3)


def test_few_mebibytes():
    assert SceneRenderer(SIZE).held_bytes < 6 << 20


def test_people_are_multiplied_by_coverage():
    people = load_people()
    assert people.shape == (ROW * len(CAST), 704, 4)
    assert (people[..., :3] <= people[..., 3:]).all()


def test_noise_strip_covers_every_band(demo):
    empty = [drawn(demo, index).astype(int) for index in (0, 1)]
    spread = (empty[1] - empty[0]).std(axis=(1, 2))
    assert spread.shape == (480,)
    assert spread[:BAND].mean() == pytest.approx(spread[-BAND:].mean(), rel=0.1)


def test_the_detector_finds_nearly_every_true_face(demo):
    pytest.importorskip("ai_edge_litert")
    detector_module = pytest.importorskip("device.faces.detector")
    try:
        detector = detector_module.FaceDetector("short")
    except OSError as error:
        pytest.skip(f"the detector's file is not fetched: {error}")
    faces = found = 0
    for index in range(60, 1200, 60):
        detections = detector.detect(drawn(demo, index))
        for truth in demo.truth(index):
            faces += 1
            found += any(truth.box.iou(detection.box) > 0.4 for detection in detections)
    assert faces > 20
    assert found >= 0.95 * faces
