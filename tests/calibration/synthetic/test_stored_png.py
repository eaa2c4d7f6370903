"""The PNG writer: its files are read back by another library, pixel for pixel."""

import cv2
import numpy as np
import pytest

from calibration.synthetic import stored_png


@pytest.mark.parametrize("shape", [(1, 1, 3), (64, 64, 3), (200, 150, 3)])  # the last needs two blocks
def test_read_back(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = cv2.imdecode(np.frombuffer(stored_png.encode(picture), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(found[..., ::-1], picture)


def test_size_depends_on_the_shape_alone():
    flat = np.zeros((64, 64, 3), np.uint8)
    noisy = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert len(stored_png.encode(flat)) == len(stored_png.encode(noisy))
