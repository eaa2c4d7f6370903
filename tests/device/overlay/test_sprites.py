import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from device.overlay.sprites import Canvas, arc, badge, corner, grid, solid
from device.overlay.text import Typesetter


def disc(size=20, fade=1.0):
    x, y = grid(size, size)
    canvas = Canvas(size, size)
    canvas.fill(solid(np.hypot(x - size / 2, y - size / 2) - size / 2 + 2), (10, 200, 250))
    return canvas.sprite(fade)


def test_opaque_middle_clear_corner_and_soft_edge():
    image = np.full((30, 30, 3), 100, np.uint8)
    disc().lay(image, 5, 5)
    assert image[15, 15].tolist() == [10, 200, 250]
    assert image[5, 5].tolist() == [100, 100, 100]
    assert len(np.unique(image[..., 2])) > 5


def test_fading_mixes_with_what_is_below():
    image = np.full((20, 20, 3), 100, np.uint8)
    disc(fade=0.5).lay(image, 0, 0)
    assert np.abs(image[10, 10].astype(int) - [55, 150, 175]).max() <= 1


@given(st.integers(-60, 60), st.integers(-60, 60))
def test_what_lies_outside_is_cut_off(x, y):
    whole = np.full((160, 160, 3), 100, np.uint8)
    disc().lay(whole, x + 60, y + 60)
    part = np.full((40, 40, 3), 100, np.uint8)
    disc().lay(part, x, y)
    assert np.array_equal(part, whole[60:100, 60:100])


def test_flipped_both_ways():
    x, y = grid(16, 16)
    canvas = Canvas(16, 16)
    canvas.fill(solid(corner(x, y, 2, 4, 9, 2)), (255, 255, 255))
    first = canvas.sprite()
    assert np.array_equal(first.flipped(True, True).colour, first.colour[::-1, ::-1])
    assert np.array_equal(first.flipped(False, False).keep, first.keep)


def test_areas_are_those_of_the_shapes():
    x, y = grid(60, 30)
    assert abs(solid(badge(x, y, 5, 5, 50, 20)).sum() - (30 * 20 + np.pi * 100)) < 2
    ring = solid(arc(*grid(40, 40), 20, 20, 15, 0.0, 0.25, 4)).sum()
    assert abs(ring - (0.25 * 2 * np.pi * 15 * 4 + np.pi * 4)) < 2  # a quarter, and two half-round ends


def test_a_line_of_text_is_three_caps_tall_and_stands_on_its_base_line():
    line = Typesetter().line("34", 13, "strong")
    assert line.shape[0] == 39
    rows = np.flatnonzero(line.max(axis=1) > 128)
    assert rows[0] in (13, 14)
    assert rows[-1] in (25, 26)


def test_text_keeps_its_shape_at_every_size():
    typesetter = Typesetter()
    for cap in (7, 16, 29, 32, 48):
        assert abs(typesetter.line("1 person · 30 fps", cap).shape[1] / cap - 11.4) < 0.2


def test_unknown_letters():
    typesetter = Typesetter()
    assert typesetter.line("相", 10).any()  # a question mark
    assert not typesetter.line("相", 10, "strong").any()
