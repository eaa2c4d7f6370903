"""The face model: faces that follow their conditions."""

import numpy as np
import pytest

from calibration.synthetic.face_model import Conditions, FaceModel, blur, features, root_age, sample, to_rgb
from calibration.synthetic.occlusions import EYES
from calibration.synthetic.random_ints import ONE, RandomInts


@pytest.fixture(scope="module")
def model():
    return FaceModel()


def chip(model, seed=1, **changes):
    wanted = Conditions(**{"age": 30, "male": False, "group": "white", **changes})
    return model.chip(model.latent(wanted, RandomInts(seed), 200), wanted.age, RandomInts(seed, 1))


def test_same_seed_same_face(model):
    assert np.array_equal(chip(model), chip(FaceModel()))
    assert not np.array_equal(chip(model), chip(model, seed=2))


def test_chip_is_a_picture(model):
    face = chip(model)
    assert face.shape == (128, 128, 3)
    assert face.dtype == np.uint8
    assert 60 < face.mean() < 200


def test_groups_differ_in_tone(model):
    faces = {
        group: np.mean([chip(model, seed, group=group).mean() for seed in range(4)])
        for group in ("white", "black")
    }
    assert faces["white"] > faces["black"] + 20


def test_estimated_age_is_the_wanted_one(model):
    for age in (3, 25, 80):
        latent = model.latent(Conditions(age, True, "asian"), RandomInts(7))
        seen = (int(latent @ model._age_weights) >> 12) + model._age_offset
        assert abs(seen - root_age(age)) < 40  # of 4096: rounding


def test_eyes_are_where_the_crop_wants_them(model):
    spots = [
        model.points(model.latent(Conditions(40, True, "indian"), RandomInts(seed)))[list(EYES)].mean(axis=1)
        for seed in range(6)
    ]
    left, right = np.mean(spots, axis=0) / ONE / 128
    assert left == pytest.approx((0.305, 0.30), abs=0.035)
    assert right == pytest.approx((0.695, 0.30), abs=0.035)


def test_yaw_moves_the_nose(model):
    left, right = (
        model.points(model.latent(Conditions(40, True, "white", yaw), RandomInts(1)))[1, 0]
        for yaw in (-512, 512)
    )
    assert right - left > 8 * ONE


def test_features_sum_to_their_parts():
    known = features(Conditions(12, True, "black"))
    assert known.shape == (63,)
    assert known[:13].sum() == ONE  # ages between two knots share one
    assert known[13:26].tolist() == known[:13].tolist()


@pytest.mark.parametrize(("age", "root"), [(2, 2 * 4096), (14, 4 * 4096), (120, 40340)])
def test_root_age(age, root):
    assert root_age(age) == root


def test_sample_between_pixels_and_beyond():
    plane = np.array([[0, 256], [512, 768]])
    at = np.array([0, 128, 255, -999, 9999])
    assert sample(plane, at, np.zeros(5, int)).tolist() == [0, 128, 255, 0, 255]


def test_blur_keeps_a_flat_plane():
    assert (blur(np.full((8, 8), 77)) == 77).all()


def test_grey_stays_grey():
    grey = np.full((2, 2, 3), 128 * 16)
    grey[..., 0] = 90 * 16
    assert (to_rgb(grey) == 90).all()
