"""The comparison of a float and an int8 detector, on detections given by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from calibration.proofs.detector_int8 import compare
from device.box import Box
from device.faces.detector import Detection


def face(x, eyes_off=0.0):
    points = np.array([(10, 20), (30, 20), (20, 30), (20, 40), (0, 20), (40, 20)], np.float32)
    points[:, 0] += x + eyes_off
    return Detection(Box(x, 10, 40, 40), 0.9, points)


def finder(*faces):
    return SimpleNamespace(detect=lambda picture: list(faces))


def test_same_missed_and_new_faces():
    found = compare(finder(face(0), face(100)), finder(face(0, 2.0), face(200)), [None])
    assert found["faces"] == 2
    assert found["found again, %"] == 50.0
    assert found["new ones"] == 1
    assert found["eyes moved, % of their distance"] == pytest.approx(10.0)


def test_nothing_anywhere():
    assert compare(finder(), finder(), [None])["faces"] == 0
