"""The refiner: its window, its answer in the picture's pixels, and faces of known places."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from device.box import Box
from device.errors import ModelError
from device.faces.detector import FaceDetector
from device.faces.refiner import Refiner, window
from device.inference.interpreter import available
from device.inference.model_files import MODELS, model_path

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"


@pytest.fixture(scope="module", params=available())
def refiner(request):
    return Refiner(request.param)


@pytest.fixture(scope="module")
def seen():
    image = cv2.imread(str(SQUARE))
    detector = FaceDetector()
    return image, detector.detect(image)[0].box, detector.close_up(image, detector.detect(image)[0].box)


def test_the_window_is_of_a_close_up_s_size_and_a_little_higher():
    # 132 / 1.32 = 100 pixels in a close-up, of which 1.6 are shown; the middle 5.7 pixels higher
    assert window(Box(200, 100, 132, 132)) == (186, 80, 160)


def test_a_box_without_extent_has_a_window():
    assert window(Box(10, 10, 0, 0))[2] == 2


def test_eyes_are_where_a_close_up_has_them(refiner, seen):
    image, box, near = seen
    found = refiner.refine(image, box)
    assert found.score > 0.9
    assert np.abs(found.keypoints[:2] - near.keypoints[:2]).max() < 0.08 * near.box.w
    assert found.keypoints.shape == (6, 2)
    assert max(found.upper, found.lower) < 0.5


def test_each_number_of_the_network_has_its_place(monkeypatch):
    """Every output is its zero point and so many steps more: 2 of the face, 1 and -1 of the covers."""
    refiner = Refiner()
    steps = {1: [2], 2: [1, -1], 4: range(4), 8: range(4, 12)}
    outputs = [(int(one["shape"][-1]), *one["quantization"]) for one in refiner._model.outputs]
    tensors = [np.array([[zero + step for step in steps[size]]]) for size, _, zero in outputs]
    monkeypatch.setattr(refiner._model, "run", lambda picture: tensors)
    found = refiner.refine(np.zeros((240, 320, 3), np.uint8), Box(200, 100, 132, 132))
    scale = {size: scale for size, scale, _ in outputs}
    assert found.score == pytest.approx(1 / (1 + np.exp(-2 * scale[1])))
    assert found.upper == pytest.approx(1 / (1 + np.exp(-scale[2])))
    assert found.lower == pytest.approx(1 / (1 + np.exp(scale[2])))
    in_window = [scale[4] * step for step in range(4)] + [scale[8] * step for step in range(4, 12)]
    points = 160 * np.array(in_window).reshape(6, 2) + (186 + 79.5, 80 + 79.5)
    assert found.keypoints == pytest.approx(points, abs=1e-3)


def test_a_picture_moved_moves_the_keypoints(refiner, seen):
    image, box, _ = seen
    wide = cv2.copyMakeBorder(image, 30, 0, 50, 0, cv2.BORDER_REPLICATE)
    moved = refiner.refine(wide, box.shifted(50, 30)).keypoints - (50, 30)
    assert np.abs(moved - refiner.refine(image, box).keypoints).max() < 1e-3


def test_an_even_wall_is_no_face(refiner):
    wall = np.full((240, 320, 3), 150, np.uint8)
    assert refiner.refine(wall, Box(100, 100, 60, 60)).score < 0.5


@pytest.mark.parametrize("box", [Box(-500, -500, 40, 40), Box(900, 100, 40, 40), Box(-20, 200, 60, 60)])
def test_beyond_the_picture_there_is_an_answer(refiner, seen, box):
    assert np.isfinite(refiner.refine(seen[0], box).keypoints).all()


def test_another_network_is_refused():
    with pytest.raises(ModelError, match="not a refiner"):
        Refiner(graph=(MODELS / "age.tflite").read_bytes())


def test_the_file_keeps_within_120_kb():
    assert model_path("refiner").stat().st_size <= 120 * 1024
