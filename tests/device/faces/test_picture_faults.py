from pathlib import Path

import cv2
import numpy as np
import pytest

from device.bench.disturbances import CASES
from device.faces.detector import FaceDetector
from device.faces.picture_faults import faults, look

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(min_score=0.4)


@pytest.fixture(scope="module")
def person(detector):
    image = cv2.imread(str(SQUARE))
    return image, detector.detect(image)[0].box


@pytest.mark.parametrize(
    ("case", "named"),
    [
        ("clean", []),
        ("JPEG 20", []),
        ("turned 15°", []),
        ("grey", ["grey"]),
        ("infrared", ["infrared"]),
        ("dark, 1/4", ["dark"]),
        ("dark, 1/10", ["dark"]),
        ("green", ["cast, green"]),
        ("violet", ["cast, violet"]),
        ("tungsten", ["cast, yellow"]),
        ("swapped", ["swapped"]),
    ],
)
def test_each_fault_is_named(detector, person, case, named):
    image, box = person
    said = faults(CASES[case](image, box, np.random.default_rng(1)).image, detector)
    assert [text.split(":")[0] for text in said] == named
    assert all(len(text.split(": ")[1]) > 20 for text in said)  # the remedy


def test_a_person_before_a_window(detector):
    image = np.full((120, 160, 3), 255, np.uint8)
    image[40:, 50:110] = np.random.default_rng(1).integers(10, 60, (80, 60, 3))
    assert [text.split(":")[0] for text in faults(image, detector)] == ["backlit"]


def test_a_blurred_picture(detector):
    rng = np.random.default_rng(1)
    coarse = rng.integers(20, 236, (5, 7, 3), np.uint8)
    image = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
    assert look(image).sharpness < 0.025
    assert any(text.startswith("blurred: focus the camera") for text in faults(image, detector))


def test_the_measures_by_hand():
    image = np.zeros((6, 8, 3), np.uint8)
    image[:, :4] = (100, 50, 200)  # half of it; the other half is black
    seen = look(image)
    assert seen.colour == pytest.approx(100)  # (50 + 150) / 2
    assert (seen.red, seen.blue) == pytest.approx((np.log(4), np.log(2)))
    assert (seen.clipped, seen.shade) == (0.0, 0.5)
    assert seen.brightness == pytest.approx(0.5 * 100 / 255, abs=0.002)  # 0.299·200 + 0.587·50 + 0.114·100
