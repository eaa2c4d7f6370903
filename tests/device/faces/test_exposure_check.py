"""The doctor's check of the picture: what it says of light, focus and colour."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from calibration.synthetic.build import FACES
from device.box import Box
from device.faces.exposure_check import Measures, calibrated_range, complaints, judge, measure

ALLOWED = {"brightness": (0.2, 0.8), "sharpness": (-2.0, 0.0), "red": (0.0, 0.6), "blue": (-0.6, 0.1)}
GOOD = Measures(0.5, -0.7, 0.3, -0.2)


@pytest.fixture(scope="module")
def crop():
    return cv2.cvtColor(cv2.imread(str(FACES / "000.png")), cv2.COLOR_BGR2RGB)


def test_good_picture_has_no_complaint():
    assert complaints(GOOD, ALLOWED) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"brightness": 0.1}, "too dark"),
        ({"brightness": 0.9}, "too bright"),
        ({"sharpness": -3.0}, "too blurred"),
        ({"sharpness": 1.0}, "noisy"),
        ({"red": -0.2}, "too green or blue"),
        ({"red": 0.9}, "too red"),
        ({"blue": -0.9}, "too yellow"),
        ({"blue": 0.4}, "too blue"),
    ],
)
def test_each_fault_is_named_with_its_remedy(change, words):
    (said,) = complaints(GOOD._replace(**change), ALLOWED)
    assert said.startswith(words)
    assert ": " in said
    assert "calibrated for" in said


def test_measures_follow_the_picture(crop):
    plain = measure(crop)
    assert measure(crop // 2).brightness == pytest.approx(plain.brightness / 2, abs=0.01)
    assert measure(cv2.GaussianBlur(crop, (0, 0), 2.0)).sharpness < plain.sharpness - 0.5
    assert measure(cv2.blur(crop, (9, 1))).sharpness < plain.sharpness - 0.3  # moved sideways
    assert measure(np.ascontiguousarray(crop[..., ::-1])).red == pytest.approx(plain.blue)


def test_range_is_stored_for_every_measure():
    allowed = calibrated_range()
    assert set(allowed) == set(Measures._fields)
    assert all(low < high for low, high in allowed.values())


def test_most_of_the_representative_faces_are_within_it():
    allowed = calibrated_range()
    paths = sorted(FACES.glob("*.png"))[::10]
    faces = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    assert np.mean([not complaints(measure(face), allowed) for face in faces]) > 0.5


def test_black_and_white_frames_without_a_face():
    fit, said = judge(np.zeros((48, 64, 3), np.uint8), [])
    assert not fit
    assert said.startswith("black: ")
    assert not judge(np.full((48, 64, 3), 255, np.uint8), [])[0]
    fit, said = judge(np.full((48, 64, 3), 120, np.uint8), [])
    assert fit
    assert "stand before the camera" in said


def test_a_dark_face_is_told(crop):
    frame = cv2.cvtColor(crop, cv2.COLOR_RGB2BGR) // 16
    eyes = np.array([(19.0, 19.0), (44.0, 19.0)] + [(32.0, 40.0)] * 4, np.float32)
    face = SimpleNamespace(box=Box(0, 0, 64, 64), keypoints=eyes)
    fit, said = judge(frame, [face])
    assert not fit
    assert "too dark" in said
