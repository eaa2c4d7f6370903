"""Occlusions: each hides what it should and leaves the rest."""

import numpy as np
import pytest

from calibration.synthetic import occlusions
from calibration.synthetic.face_model import Conditions, FaceModel
from calibration.synthetic.random_ints import RandomInts


@pytest.fixture(scope="module")
def face():
    model = FaceModel()
    latent = model.latent(Conditions(35, True, "white"), RandomInts(3), 128)
    return model.chip(latent, 35, RandomInts(4)), model.points(latent)


REGIONS = {"eyes": np.s_[30:46, 24:104], "mouth": np.s_[80:104, 44:84], "forehead": np.s_[0:10, 40:88]}


@pytest.mark.parametrize(
    ("kind", "hidden", "seen"),
    [
        ("glasses", "eyes", "mouth"),
        ("sunglasses", "eyes", "mouth"),
        ("mask", "mouth", "forehead"),
        ("hand", "mouth", "forehead"),
        ("hat", "forehead", "mouth"),
    ],
)
def test_hides(face, kind, hidden, seen):
    chip, points = face
    change = np.abs(occlusions.occlude(chip, points, kind, RandomInts(5)).astype(int) - chip)
    assert change[REGIONS[hidden]].mean() > (4 if kind == "hand" else 8)  # hands have the face's colour
    assert change[REGIONS[seen]].mean() < 4


def test_none_changes_nothing(face):
    chip, points = face
    assert np.array_equal(occlusions.occlude(chip, points, "none", RandomInts(5)), chip)


def test_a_replaced_background_keeps_the_face(face):
    chip, points = face
    for seed in range(6):
        changed = occlusions.replace_background(chip, points, RandomInts(seed))
        assert np.array_equal(changed[40:90, 40:88], chip[40:90, 40:88])


def test_polygon_of_a_square():
    inside = occlusions._polygon(np.array([(160, 160), (480, 160), (480, 480), (160, 480)]))
    assert inside[11:30, 11:30].all()
    assert inside.sum() == pytest.approx(400, abs=45)
