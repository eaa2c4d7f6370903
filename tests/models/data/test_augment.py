"""Augmented faces stay faces: shape, dtype, and the same for the same seed."""

import numpy as np
import pytest

from models.data import augment

FACE = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)


CHANGES = [
    augment.camera, augment.clear_glasses, augment.lit, augment.shaded,
    augment.blurred, augment.faded, augment.grainy, augment.sharpened,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_shape_and_repetition(change):
    for seed in range(40):
        first = change(np.random.default_rng(seed), FACE.copy())
        again = change(np.random.default_rng(seed), FACE.copy())
        assert first.shape == FACE.shape
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, again)


def test_a_mask_leaves_the_eyes_and_glasses_leave_the_mouth():
    for seed in range(20):
        masked = augment.mask(np.random.default_rng(seed), FACE.copy())
        assert (masked[:26] == FACE[:26]).all()
        assert (masked[40:50, 30:34] != FACE[40:50, 30:34]).any()
        worn = augment.glasses(np.random.default_rng(seed), FACE.copy())
        assert (worn[36:] == FACE[36:]).all()
        assert (worn[18:22, 18:22] != FACE[18:22, 18:22]).any()


def test_covering_does_not_write_into_its_input():
    before = FACE.copy()
    for seed in range(20):
        augment.occluded(np.random.default_rng(seed), FACE)
    np.testing.assert_array_equal(FACE, before)


def test_what_was_drawn_is_said_with_the_face():
    said = {}
    for seed in range(60):
        face, cover = augment.occluded(np.random.default_rng(seed), FACE)
        again, same = augment.occluded(np.random.default_rng(seed), FACE)
        np.testing.assert_array_equal(face, again)
        assert cover == same
        said.setdefault(cover, []).append(face)
    assert set(said) == {(0, 1), (1, 0), (2, 0), (1, 1), (2, 1), (-1, -1)}
    for (glasses, mouth), faces in said.items():
        for face in faces:
            drawn = (face != FACE).any(2)
            if mouth == 1:
                assert drawn[44:48, 28:36].all()  # the mouth
            if mouth == 0:
                assert not drawn[44:].any()
            if glasses == 2:
                assert drawn[18:20, 18:20].all()  # a lens
            if glasses == 0:
                assert not drawn[:26].any()


def test_clear_glasses_leave_the_pupils_and_frame_them():
    grey = np.full((64, 64, 3), 200, np.uint8)
    for seed in range(20):
        worn = augment.clear_glasses(np.random.default_rng(seed), grey.copy()).astype(int)
        changed = np.abs(worn[:, 14:25] - 200).max((1, 2))  # around one eye
        assert changed[19:21].min() < 60
        assert changed.max() > 25
        assert (worn[40:] == 200).all()


def test_jitter_keeps_the_middle_near_the_middle():
    moved = [augment.jitter(np.random.default_rng(seed)) @ [31.5, 31.5, 1] for seed in range(200)]
    assert np.abs(np.mean(moved, axis=0)[:2] - 31.5).max() < 0.6
    mirrored = [np.linalg.det(augment.jitter(np.random.default_rng(seed))[:2, :2]) < 0 for seed in range(200)]
    assert 0.4 < np.mean(mirrored) < 0.6


def test_light_from_above_leaves_the_chin_in_the_shade():
    grey = np.full((64, 64, 3), 120, np.uint8)
    lit = [augment.shaded(np.random.default_rng(seed), grey).astype(int) for seed in range(60)]
    vertical = [face for face in lit if (face[:, 0] == face[:, 63]).all()]
    assert 15 < len(vertical) < 45
    assert any(face[2, 0, 0] > 140 and face[61, 0, 0] < 100 for face in vertical)
    assert any(face[2, 0, 0] < 100 and face[61, 0, 0] > 140 for face in vertical)


def test_sharpening_deepens_what_is_there_and_leaves_what_is_even():
    face = np.full((64, 64, 3), 100, np.uint8)
    face[:, 32:] = 140
    for seed in range(20):
        sharp = augment.sharpened(np.random.default_rng(seed), face)[32, :, 0].astype(int)
        assert sharp[31] < 100
        assert sharp[32] > 140
        assert (sharp[0], sharp[63]) == (100, 140)
