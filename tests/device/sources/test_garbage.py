import numpy as np
import pytest

from device.sources.garbage import PictureCheck


@pytest.fixture
def noise():
    random = np.random.default_rng(0)
    return lambda: random.integers(90, 110, (48, 64, 3), np.uint8)


@pytest.fixture
def check():
    return PictureCheck((64, 48), fps=2.0)  # 6 frames are 3 s


def test_pictures_are_right(check, noise):
    assert all(check.wrong(noise()) is None for _ in range(20))
    assert not check.suspicious


@pytest.mark.parametrize("colour", [(0, 0, 0), (0, 135, 0), (255, 255, 255)])
def test_one_flat_colour_for_seconds_is_wrong(check, colour):
    flat = np.full((48, 64, 3), colour, np.uint8)
    verdicts = [check.wrong(flat) for _ in range(6)]
    assert verdicts[:5] == [None] * 5
    assert verdicts[5] == "one flat colour for 6 frames"


def test_the_same_picture_for_seconds_is_wrong(check, noise):
    picture = noise()
    verdicts = [check.wrong(picture) for _ in range(7)]
    assert verdicts[:6] == [None] * 6
    assert verdicts[6] == "the very same picture for 6 frames"


def test_one_good_picture_clears_all_suspicion(check, noise):
    flat = np.zeros((48, 64, 3), np.uint8)
    for _ in range(5):
        check.wrong(flat)
    assert check.suspicious
    check.wrong(noise())
    assert not check.suspicious
    assert check.wrong(flat) is None


def test_a_dark_room_with_sensor_noise_is_a_picture(check):
    random = np.random.default_rng(1)
    assert not any(check.wrong(random.integers(0, 6, (48, 64, 3), np.uint8)) for _ in range(20))
