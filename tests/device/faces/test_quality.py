import cv2
import numpy as np
import pytest

from device.box import Box
from device.faces.detector import Detection
from device.faces.quality import measure

POINTS = np.array([[40, 50], [80, 50], [60, 70], [60, 90], [20, 55], [100, 55]], np.float32)


def face(points=POINTS):
    return Detection(Box(10, 10, 100, 100), 0.8, points)


def noise(seed=1):
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)


def test_frontal_and_level():
    quality = measure(noise(), face())
    assert (quality.size, quality.yaw, quality.roll, quality.score) == (40.0, 0.0, 0.0, 0.8)


def test_nose_to_the_right_is_positive_yaw():
    points = POINTS.copy()
    points[2, 0] += 20
    assert measure(noise(), face(points)).yaw == pytest.approx(0.5)


def test_yaw_does_not_change_with_roll():
    turn = cv2.getRotationMatrix2D((60, 60), -30, 1.0)
    points = POINTS.copy()
    points[2, 0] += 10
    turned = (points @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    level, tilted = measure(noise(), face(points)), measure(noise(), face(turned))
    assert tilted.yaw == pytest.approx(level.yaw, abs=1e-5)
    assert tilted.roll == pytest.approx(30, abs=1e-4)


def test_blur_is_less_sharp_and_light_does_not_matter():
    crop = cv2.GaussianBlur(noise(), (3, 3), 0)
    sharp, blurred = measure(crop, face()), measure(cv2.GaussianBlur(crop, (7, 7), 0), face())
    darker = measure((crop // 2), face())
    assert blurred.sharpness < sharp.sharpness - 0.5
    assert darker.sharpness == pytest.approx(sharp.sharpness, abs=0.1)
    assert darker.brightness == pytest.approx(sharp.brightness / 2, abs=0.01)


def test_the_look_does_not_change_with_light_but_with_the_picture():
    crop = cv2.GaussianBlur(noise(), (15, 15), 0)
    other = cv2.GaussianBlur(noise(2), (15, 15), 0)
    appearance = measure(crop, face()).appearance
    lit = measure((crop * 0.7 + 20).astype(np.uint8), face()).appearance
    assert appearance.shape == (48,)
    assert (
        np.abs(lit - appearance).mean() < 0.1 < np.abs(measure(other, face()).appearance - appearance).mean()
    )


def test_an_even_picture_is_no_division_by_zero():
    quality = measure(np.full((64, 64, 3), 128, np.uint8), face())
    assert np.isfinite(quality.sharpness)
    assert np.isfinite(quality.appearance).all()


def test_two_tones_in_absolute_values():
    """One cell of the grid is white, 14 rows of 12 pixels: 168 of 4,096, a share p = 0.041016.

    brightness p; contrast √(p(1 − p)) = 0.198328; the cell (1 − p) / contrast = 4.835, others −p / contrast.
    """
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[4:18, 8:20] = 255
    quality = measure(crop, face())
    assert quality.brightness == pytest.approx(0.041016, abs=1e-6)
    assert quality.contrast == pytest.approx(0.198328, abs=1e-5)
    assert quality.appearance[:3] == pytest.approx(4.835355, abs=1e-4)
    assert quality.appearance[3:] == pytest.approx(-0.206808, abs=1e-4)


def test_an_even_crop_has_half_a_step_of_detail_over_one_step_of_contrast():
    quality = measure(np.full((64, 64, 3), 51, np.uint8), face())
    assert quality.sharpness == pytest.approx(-0.693147, abs=1e-6)
    assert (quality.brightness, quality.contrast) == (pytest.approx(0.2), 0.0)
    assert quality.appearance == pytest.approx(0.0)


def test_faint_contrast_is_over_four_steps():
    crop = np.full((64, 64, 3), 100, np.uint8)
    crop[:, 32:] = 102  # a deviation of 1
    appearance = measure(crop, face()).appearance.reshape(4, 4, 3)
    assert appearance[0, :, 0].tolist() == [-0.25, -0.25, 0.25, 0.25]


def test_eyes_in_one_place_are_a_pixel_apart():
    points = POINTS.copy()
    points[1] = points[0]
    assert measure(noise(), face(points)).size == 1.0
