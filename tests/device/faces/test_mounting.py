from pathlib import Path

import cv2
import numpy as np
import pytest

from device.box import Box
from device.faces.detector import Detection, FaceDetector
from device.faces.mounting import TURNS, best_turn, uprightness

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"


@pytest.fixture(scope="module")
def detector():
    return FaceDetector()


@pytest.mark.parametrize(("mounted", "mended"), [(0, 0), (90, 270), (180, 180), (270, 90)])
def test_a_picture_is_turned_back(detector, mounted, mended):
    image = cv2.imread(str(SQUARE))
    image = cv2.rotate(image, TURNS[mounted]) if mounted else image
    assert best_turn(image, detector) == mended


def test_a_picture_without_faces_stays_as_it_is(detector):
    assert best_turn(np.full((120, 160, 3), 90, np.uint8), detector) == 0


@pytest.mark.parametrize(("mouth", "upright"), [((50, 80), 0.8), ((80, 50), 0.0), ((50, 20), -0.8)])
def test_a_face_is_as_upright_as_its_mouth_is_below_its_eyes(mouth, upright):
    keypoints = np.float32([(40, 50), (60, 50), (0, 0), mouth, (0, 0), (0, 0)])
    assert uprightness(Detection(Box(0, 0, 100, 100), 0.8, keypoints)) == pytest.approx(upright, abs=1e-6)
