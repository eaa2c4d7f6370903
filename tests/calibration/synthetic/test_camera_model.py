"""The camera model: light, focus, JPEG."""

import numpy as np
import pytest

from calibration.synthetic import camera_model
from calibration.synthetic.random_ints import RandomInts

RAMP = np.repeat(np.linspace(20, 230, 128).astype(np.uint8)[None, :, None], 128, axis=0).repeat(3, axis=2)


@pytest.mark.parametrize("light", camera_model.LIGHTS)
@pytest.mark.parametrize("sharpness", camera_model.SHARPNESS)
def test_take_gives_a_crop(light, sharpness):
    crop = camera_model.simulate(RAMP, light, sharpness, RandomInts(1))
    assert crop.shape == (64, 64, 3)
    assert crop.dtype == np.uint8
    assert np.array_equal(crop, camera_model.simulate(RAMP, light, sharpness, RandomInts(1)))


def test_lights_do_what_they_say():
    mean = {
        light: np.mean([camera_model.expose(RAMP.astype(int), light, RandomInts(n)).mean() for n in range(8)])
        for light in ("dim", "even", "bright")
    }
    assert mean["dim"] < 0.6 * mean["even"] < 0.6 * mean["bright"]


def test_blur_softens_an_edge():
    edge = np.zeros((64, 64, 3), int)
    edge[:, 32:] = 200
    for sharpness in ("soft", "moving", "coded"):
        soft = [camera_model.focus(edge, sharpness, RandomInts(n)) for n in range(6)]
        steps = [np.abs(np.diff(picture, axis=1)).max() for picture in soft]
        assert min(steps) < 200


def test_jpeg_of_high_quality_is_nearly_the_picture():
    crop = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    error = {q: np.abs(camera_model.jpeg(crop, q).astype(int) - crop).mean() for q in (20, 60, 98)}
    assert error[98] < 2
    assert error[98] < error[60] < error[20]


def test_jpeg_of_a_flat_picture_is_flat():
    assert np.ptp(camera_model.jpeg(np.full((64, 64, 3), 100), 50)) == 0


def test_halve():
    assert camera_model.halve(np.array([[[0], [2]], [[4], [6]]]))[0, 0, 0] == 3
