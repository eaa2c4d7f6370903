import numpy as np
import pytest

from device.faces.levels import correction


def picture(*colour, light=1.0):
    """Even steps of one colour from black up to it, uint8 BGR (90, 120, 3)."""
    ramp = np.linspace(0, 1, 120)[None, :, None] * np.array(colour) * light
    return np.ascontiguousarray(np.broadcast_to(ramp, (90, 120, 3)), np.uint8)


def test_a_good_picture_stays_as_it_is():
    assert correction(picture(200, 220, 230)) is None


def test_in_a_quarter_of_the_light_white_becomes_230_again():
    found = correction(picture(200, 220, 230, light=0.25))
    assert found.grainy
    seen = picture(200, 220, 230, light=0.25)
    found.apply(seen)
    assert int(np.percentile(seen[..., 1], 99)) == pytest.approx(230, abs=5)
    assert found.table.shape == (1, 256, 3)
    assert found.table[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("colour", [(80, 150, 220), (130, 220, 130), (200, 110, 190)])
def test_a_cast_becomes_grey(colour):
    seen = picture(*colour)
    found = correction(seen)
    assert not found.grainy
    found.apply(seen)
    means = seen.reshape(-1, 3).mean(0)
    assert means == pytest.approx([means.mean()] * 3, rel=0.02)


def test_what_is_grey_but_coloured_a_little_keeps_its_colours():
    assert correction(picture(180, 200, 250)) is None


def test_black_is_not_brightened_beyond_all_bounds():
    found = correction(np.full((90, 120, 3), 2, np.uint8))
    assert found.table[0, 2].tolist() == [32, 32, 32]  # sixteen times


def test_no_colour_is_multiplied_by_more_than_three():
    found = correction(picture(2, 220, 220))
    assert found.table[0, 50].tolist() == [150, 33, 33]


def even(blue, green, red):
    """A picture of one colour, uint8 BGR."""
    return np.full((9, 12, 3), (blue, green, red), np.uint8)


def test_a_picture_is_dark_below_140_and_is_brought_to_230():
    assert correction(even(140, 140, 140)) is None
    assert correction(even(139, 139, 139)).table[0, 139].tolist() == [230, 230, 230]
    assert correction(even(115, 115, 115)).table[0, [1, 115, 128, 255]].T.tolist() == 3 * [[2, 230, 255, 255]]


def test_each_of_blue_and_red_is_held_against_green():
    assert correction(even(187, 150, 120)) is None  # blue and red are far from one another only
    assert correction(even(150, 150, 225)) is not None
    assert correction(even(225, 150, 150)) is not None


def test_a_cast_is_taken_out_as_far_as_a_third():
    found = correction(even(200, 60, 60))  # dark in green, too: times 230 / 60, and 320 / 3 is grey
    assert found.table[0, 10].tolist() == [round(10 * 230 / 60 * 0.5333), 68, 68]
