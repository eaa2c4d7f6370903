"""Where faces are looked for that the whole picture does not show."""

import numpy as np
import pytest

from device.box import Box
from device.pipeline.search_order import SearchOrder, windows

STILL = np.full((480, 640, 3), 100, np.uint8)


def parts(order, image, count, known=()):
    return [order.next(image, known) for _ in range(count)]


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (480, 270), (1280, 720), (320, 320)])
def test_the_windows_cover_the_picture(size):
    width, height = size
    seen = np.zeros((height, width), bool)
    for x, y, w, h in windows(*size):
        assert (w, h) == pytest.approx((0.4 * min(size), 0.4 * min(size)))
        assert x >= 0
        assert y >= 0
        assert x + w <= width + 1e-6
        assert y + h <= height + 1e-6
        seen[int(y) : round(y + h), int(x) : round(x + w)] = True
    assert seen.all()
    assert len(windows(*size)) <= 18


def test_still_pictures_are_searched_from_the_top_and_turned_in_between():
    places = parts(SearchOrder(640, 480), STILL, 18)
    assert [place.part for place in places if not place.quarters] == windows(640, 480)
    assert [place.quarters for place in places] == [0, 0, 2, 0, 0, 1, 0, 0, 3] * 2
    assert {place.part for place in places if place.quarters} == {Box(0, 0, 640, 480)}


def test_with_somebody_there_the_picture_is_the_right_way_up():
    assert {place.quarters for place in parts(SearchOrder(640, 480), STILL, 9, [Box(0, 0, 9, 9)])} == {0}


def moving(x, y):
    image = STILL.copy()
    image[y : y + 16, x : x + 16] = 200
    return image


def test_windows_in_which_something_moves_come_first():
    order = SearchOrder(640, 480)
    order.next(STILL)
    part, _ = order.next(moving(600, 440))
    assert part == windows(640, 480)[-1]


def test_what_moves_in_a_known_face_does_not_count():
    order = SearchOrder(640, 480)
    order.next(STILL)
    part, _ = order.next(moving(600, 440), [Box(590, 430, 50, 50)])
    assert part == windows(640, 480)[1]


def test_noise_is_no_motion():
    order = SearchOrder(640, 480)
    order.next(STILL)
    part, _ = order.next(STILL + np.uint8(8))
    assert part == windows(640, 480)[1]
