import numpy as np
import pytest

from device.camera.frame_check import FrameCheck


@pytest.fixture
def noise():
    random = np.random.default_rng(0)
    return lambda: random.integers(90, 110, (48, 64, 3), np.uint8)


@pytest.fixture
def check():
    return FrameCheck((64, 48), fps=2.0)  # 6 frames are 3 s


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


def grey(*levels):
    """A picture whose first pixels have these grey levels, the others 100."""
    picture = np.full((48, 64, 3), 100, np.uint8)
    for number, level in enumerate(levels):
        picture[0, 4 * number] = level
    return picture


@pytest.mark.parametrize(("level", "flat"), [(102, True), (98, True), (103, False), (97, False)])
def test_three_levels_apart_is_a_picture(level, flat):
    check = FrameCheck((64, 48), fps=2.0)
    check.wrong(grey(level))
    assert check.suspicious == flat


@pytest.mark.parametrize(("row", "column", "seen"), [
    (0, 0, True), (3, 4, True), (45, 60, True), (1, 0, False), (0, 1, False), (2, 0, False), (0, 2, False),
])  # fmt: skip
def test_sixteen_rows_and_columns_are_looked_at(row, column, seen):
    check = FrameCheck((64, 48), fps=2.0)
    picture = grey()
    picture[row, column] = 255
    check.wrong(picture)
    assert check.suspicious != seen


def test_a_picture_smaller_than_the_grid_is_looked_at_whole():
    check = FrameCheck((8, 4), fps=2.0)
    picture = np.full((4, 8, 3), 100, np.uint8)
    picture[3, 7] = 0
    check.wrong(picture)
    assert not check.suspicious


def test_one_colour_channel_is_enough_of_a_picture():
    check = FrameCheck((64, 48), fps=2.0)
    picture = grey()
    picture[0, 0, 2] = 110
    check.wrong(picture)
    assert not check.suspicious


def test_the_same_picture_twice_is_suspicious_and_a_slow_camera_has_two_frames(noise):
    check = FrameCheck((64, 48), fps=0.1)
    picture = noise()
    check.wrong(picture)
    assert not check.suspicious
    assert check.wrong(picture) is None
    assert check.suspicious
    assert check.wrong(picture) == "the very same picture for 2 frames"


def test_after_the_camera_was_opened_again_counting_begins_anew(check):
    flat = np.zeros((48, 64, 3), np.uint8)
    for _ in range(5):
        check.wrong(flat)
    check.reset()
    assert [check.wrong(flat) for _ in range(5)] == [None] * 5
