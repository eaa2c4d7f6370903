"""Box algebra: literal cases, and what must hold for every pair of boxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.box import Box
from tests.floats import floats

sides = floats(0, 1000, allow_nan=False)
boxes = st.builds(Box, floats(-500, 1500), floats(-500, 1500), sides, sides)


def test_two_boxes_that_share_a_quarter():
    assert Box(0, 0, 10, 10).intersection(Box(5, 5, 10, 10)) == 25
    assert Box(0, 0, 10, 10).iou(Box(5, 5, 10, 10)) == pytest.approx(25 / 175)


def test_boxes_apart_share_nothing():
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 10, 10)) == 0


def test_a_tiny_box_far_from_the_origin_is_the_same_as_itself():
    tiny = Box(2.667715020909238e-05, 256.0, 1.0, 2.667715020909238e-05)
    assert tiny.iou(tiny) == 1


def test_a_centre_and_an_area():
    assert Box(10, 20, 30, 50).centre == (25, 45)
    assert Box(10, 20, 30, 50).area == 1500
    assert Box(10, 20, 0.5, 0).area == Box(10, 20, -3, 5).area == Box(10, 20, 3, -5).area == 0


def test_moved():
    assert Box(10, 20, 30, 50).shifted(3, -4) == Box(13, 16, 30, 50)


def test_a_box_without_extent_overlaps_nothing_not_even_itself():
    nothing = Box(10, 10, 0, 0)
    assert nothing.iou(nothing) == nothing.iou(Box(0, 0, 20, 20)) == 0


def test_one_box_inside_another_shares_its_whole_area():
    assert Box(0, 0, 10, 10).intersection(Box(2, 3, 4, 5)) == 20
    assert Box(0, 0, 10, 10).iou(Box(2, 3, 4, 5)) == 0.2


def test_grown_about_its_centre():
    assert Box(10, 10, 20, 40).scaled(2) == Box(0, -10, 40, 80)


def test_clipped_to_the_picture():
    assert Box(-5, 470, 20, 20).clipped(640, 480) == Box(0, 470, 15, 10)
    assert Box(630, -30, 20, 40).clipped(640, 480) == Box(630, 0, 10, 10)
    assert Box(-30, -40, 20, 20).clipped(640, 480) == Box(0, 0, 0, 0)
    assert Box(700, 500, 20, 20).clipped(640, 480) == Box(640, 480, 0, 0)
    assert Box(0.001, 0.001, 0.001, 0.001).clipped(640, 480)[:2] == (0.001, 0.001)


@given(boxes, boxes)
def test_overlap_is_mutual_and_a_share(a, b):
    assert a.iou(b) == b.iou(a)
    assert 0 <= a.iou(b) <= 1 + 1e-9


@given(boxes, floats(-100, 100), floats(-100, 100))
def test_moving_a_box_keeps_its_extent(box, dx, dy):
    assert box.shifted(dx, dy)[2:] == box[2:]


@given(boxes)
def test_what_is_clipped_lies_inside(box):
    x, y, w, h = box.clipped(640, 480)
    assert 0 <= x <= x + w <= 640.001
    assert 0 <= y <= y + h <= 480.001
