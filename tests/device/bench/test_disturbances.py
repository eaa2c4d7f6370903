import numpy as np
import pytest

from device.bench.disturbances import CASES, CLEAN
from device.box import Box

FACE = Box(30, 20, 20, 20)
GEOMETRY = ["turned 90°", "turned 180°", "turned 270°", "turned 15°", "2 m", "1 m"]


def disturbed(case, image):
    return CASES[case](image, FACE, np.random.default_rng(1))


@pytest.mark.parametrize("case", GEOMETRY)
def test_a_spot_is_where_the_map_says(case):
    image = np.zeros((60, 80, 3), np.uint8)
    image[30:33, 44:47] = 255  # its middle is at x 45, y 31
    seen, to = disturbed(case, image)
    weights = seen[..., 0].astype(float)
    rows, columns = np.indices(weights.shape)
    middle = (columns * weights).sum() / weights.sum(), (rows * weights).sum() / weights.sum()
    assert middle == pytest.approx((to @ (45, 31, 1)).tolist(), abs=0.1)


def test_a_quarter_turn_is_clockwise():
    image = np.zeros((60, 80, 3), np.uint8)
    image[0, 0] = 255
    assert disturbed("turned 90°", image).image[0, 59].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("case", "pixel"),
    [
        (CLEAN, [200, 100, 40]),
        ("grey", [93, 93, 93]),  # 0.114 · 200 + 0.587 · 100 + 0.299 · 40
        ("tungsten", [80, 75, 40]),
        ("swapped", [40, 100, 200]),
    ],
)
def test_what_becomes_of_a_colour(case, pixel):
    image = np.full((60, 80, 3), (200, 100, 40), np.uint8)
    assert disturbed(case, image).image[5, 5].tolist() == pixel


def test_a_tenth_of_the_light_is_a_tenth_with_noise():
    seen = disturbed("dark, 1/10", np.full((60, 80, 3), 200, np.uint8)).image
    assert seen.mean() == pytest.approx(20, abs=0.5)
    assert seen.std() == pytest.approx(2 + 0.4 * 20**0.5, abs=0.3)


def test_before_a_window_the_face_is_dark_and_the_rest_white():
    seen = disturbed("backlit", np.full((60, 80, 3), 140, np.uint8)).image
    assert seen[30, 40, 0] < 70
    assert seen[2, 2, 0] == 255
