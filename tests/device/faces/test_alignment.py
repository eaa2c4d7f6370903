"""The crop puts the eyes where training has them, whatever the face's place, size and tilt."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.faces.alignment import (
    EYE_DISTANCE,
    EYE_HEIGHT,
    SIDE,
    Cropper,
    _whole_blocks,
    crop_transform,
    face_crop,
)
from tests.floats import floats

LEFT_EYE = np.array([(SIDE - 1) / 2 - EYE_DISTANCE * SIDE / 2, EYE_HEIGHT * SIDE - 0.5])
RIGHT_EYE = LEFT_EYE + np.array([EYE_DISTANCE * SIDE, 0])


def eyes_at(x: float, y: float, distance: float, tilt: float) -> np.ndarray:
    """Two eyes about (x, y), that far apart, turned by `tilt` radians."""
    half = distance / 2 * np.array([math.cos(tilt), math.sin(tilt)])
    return np.array([np.array([x, y]) - half, np.array([x, y]) + half], np.float32)


@given(floats(-50, 700), floats(-50, 500), floats(2, 400), floats(-3, 3))
def test_the_transform_takes_the_eyes_places_to_the_eyes(x, y, distance, tilt):
    eyes = eyes_at(x, y, distance, tilt)
    matrix = crop_transform(eyes)
    for place, eye in zip((LEFT_EYE, RIGHT_EYE), eyes, strict=True):
        np.testing.assert_allclose(matrix @ [*place, 1], eye, atol=1e-3)


@pytest.mark.parametrize("distance", [12, 25, 60, 200])
@pytest.mark.parametrize("tilt", [0.0, 0.4, -1.2])
def test_a_dot_on_each_eye_comes_out_where_the_eyes_belong(distance, tilt):
    eyes = eyes_at(320, 240, distance, tilt)
    image = np.zeros((480, 640, 3), np.uint8)
    for channel, eye in zip((0, 2), eyes, strict=True):
        spot = np.zeros((480, 640), np.uint8)
        middle, radius = (eye * 16).round().astype(int).tolist(), int(distance * 16 * 0.1)
        cv2.circle(spot, middle, radius, 255, -1, cv2.LINE_AA, 4)
        image[..., channel] = spot
    crop = face_crop(image, eyes).astype(float)
    grid = np.mgrid[0:SIDE, 0:SIDE]
    for channel, place in ((2, LEFT_EYE), (0, RIGHT_EYE)):  # the crop is RGB, the picture was BGR
        weight = crop[..., channel]
        y, x = (grid * weight).sum((1, 2)) / weight.sum()
        assert (x, y) == pytest.approx(tuple(place), abs=0.35)


def test_a_large_face_is_averaged_not_sampled():
    checks = np.indices((480, 640)).sum(0) % 2 * 255  # a board of single pixels: sampling it gives noise
    image = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    crop = face_crop(image, eyes_at(320, 200, 150, 0.1))
    assert abs(crop.astype(float).mean() - 127) < 3
    assert crop.std() < 12


def test_the_buffer_given_is_the_one_filled():
    out = np.empty((SIDE, SIDE, 3), np.uint8)
    image = np.full((100, 100, 3), (10, 20, 30), np.uint8)
    assert Cropper().cut(image, eyes_at(50, 40, 20, 0), out) is out
    assert (out == (30, 20, 10)).all()


@given(
    st.integers(1, 90), st.integers(1, 90),
    floats(-1e4, 1e4), floats(-1e4, 1e4), floats(0, 5e3), floats(-4, 4),
)  # fmt: skip
def test_no_eyes_are_too_wild_to_cut(rows, columns, x, y, distance, tilt):
    crop = face_crop(np.full((rows, columns, 3), 77, np.uint8), eyes_at(x, y, distance, tilt))
    assert crop.shape == (SIDE, SIDE, 3)
    assert (crop == 77).all()


@pytest.mark.parametrize(("eyes", "matrix"), [
    (((0, 0), (24.96, 0)), [[1, 0, -19.02], [0, 1, -18.7]]),  # 0.39 of 64 apart: a pixel is a pixel
    (((0, 0), (0, 24.96)), [[0, -1, 18.7], [1, 0, -19.02]]),
    (((0, 0), (49.92, 0)), [[2, 0, -38.04], [0, 2, -37.4]]),
    (((5, 5), (5.5, 5)), [[1 / 24.96, 0, 5.25 - 31.5 / 24.96], [0, 1 / 24.96, 5 - 18.7 / 24.96]]),
    (((5, 5), (5, 5.5)), [[1 / 24.96, 0, 5 - 31.5 / 24.96], [0, 1 / 24.96, 5.25 - 18.7 / 24.96]]),
    (((5, 5), (5, 6)), [[0, -1 / 24.96, 5 + 18.7 / 24.96], [1 / 24.96, 0, 5.5 - 31.5 / 24.96]]),
])  # fmt: skip
def test_transforms_worked_by_hand(eyes, matrix):
    np.testing.assert_allclose(crop_transform(np.array(eyes)), matrix, atol=1e-9)


def test_the_crop_is_what_the_networks_take():
    assert face_crop(np.zeros((9, 9, 3), np.uint8), eyes_at(4, 4, 3, 0)).shape == (64, 64, 3)


@pytest.mark.parametrize(("scale", "shade", "left", "top"), [(1, 1, 40, 50), (2, 2, 0, 0), (3, 1, 20, 30)])
def test_a_shaded_picture_is_cut_at_its_place_to_a_tenth_of_a_pixel(scale, shade, left, top):
    y, x = np.mgrid[0 : 256 // shade, 0 : 256 // shade]
    image = np.stack([shade * x, shade * y, np.full_like(x, 9)], axis=-1).astype(np.uint8)
    eyes = np.array([[19.02 * scale + left, 18.7 * scale + top], [43.98 * scale + left, 18.7 * scale + top]])
    crop = face_crop(image, eyes).astype(float)
    v, u = np.mgrid[2:62, 2:62]
    inner = crop[2:62, 2:62]
    assert (inner[..., 0] == 9).all()
    assert (inner[..., 2] / shade - (scale * u + left)).mean() == pytest.approx(0, abs=0.1)
    assert (inner[..., 1] / shade - (scale * v + top)).mean() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("tilt", [0.0, math.pi / 2])
def test_every_pixel_of_a_large_face_counts(tilt):
    stripes = np.where(np.arange(480) % 3 == 0, 255, 0).astype(np.uint8)
    image = np.repeat(np.tile(stripes, (480, 1))[..., None], 3, axis=2)
    crop = face_crop(image, eyes_at(240, 200, 74.88, tilt))  # three times the crop's scale
    assert (crop == 85).all()


@pytest.mark.parametrize(("span", "blocks"), [
    ((10.5, 64, 0, 1000, 2), (8, 68)),
    ((10.5, 0, 64, 1000, 2), (8, 68)),
    ((100.5, -64, 0, 1000, 2), (34, 68)),
    ((100.5, 0, -64, 1000, 2), (34, 68)),
    ((100.5, 64, -32, 1000, 2), (66, 100)),
    ((-500.0, 64, 0, 1000, 2), (0, 2)),
    ((2000.0, 64, 0, 1000, 2), (998, 2)),
    ((50.0, 64, 0, 2, 2), (0, 2)),
    ((0.0, 900, 0, 1000, 2), (0, 280)),  # no more than the buffer of 140
])  # fmt: skip
def test_the_part_that_is_shrunk_is_whole_blocks_around_the_crop(span, blocks):
    assert _whole_blocks(*span) == blocks


def test_a_third_of_a_pixel_is_not_lost_in_shrinking():
    image = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, axis=2)
    crop = face_crop(image, np.array([[3 * 19.02 + 20.4, 100], [3 * 43.98 + 20.4, 100]]))
    assert (crop[2:62, 2:62, 0] == 3 * np.arange(2, 62) + 20).all()  # a third further on it were 21
