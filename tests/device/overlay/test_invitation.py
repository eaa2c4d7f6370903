"""What those who pass by see while nobody is in view."""

import numpy as np

from device.box import Box
from device.config.loader import changed, defaults
from device.overlay.overlay import Overlay, Status
from device.person import Person

ANNA = Person(1, Box(100.0, 80.0, 80.0, 80.0), 0.9, age=30.0, interval=(26.0, 34.0), state="settled")


def overlay(seconds=10.0, status=False):
    return Overlay((320, 240), changed(defaults(), overlay={"attract_s": seconds, "status": status}))


def invited(view, persons=(), **status):
    view.plan(list(persons), Status(**status))
    return view.inviting


def test_after_ten_seconds_without_anybody_and_until_the_first_face():
    view = overlay()
    assert [invited(view, t=t) for t in (0.0, 9.9, 10.0, 11.0)] == [False, False, True, True]
    assert [invited(view, [ANNA], t=12.0), invited(view, t=13.0), invited(view, t=22.9)] == [False] * 3
    assert invited(view, t=23.0)


def test_never_where_it_is_switched_off():
    view = overlay(0.0)
    assert not any(invited(view, t=t) for t in (0.0, 1e3, 1e6))


def test_not_while_there_is_something_the_operator_must_know_nor_when_a_clip_begins_again():
    view = overlay()
    invited(view, t=0.0)
    assert not invited(view, notice="No picture from the camera", t=20.0)
    assert not invited(view, t=21.0)
    assert not invited(view, t=0.0)
    assert not invited(view, t=9.0)


def test_the_picture_is_dimmed_with_a_sentence_on_it_and_nothing_moves():
    view, pictures = overlay(), []
    for t in (0.0, 11.0, 11.3, 60.0):
        pictures.append(np.full((240, 320, 3), 100, np.uint8))
        view.draw(pictures[-1], [], Status(t=t))
    assert (pictures[0] == 100).all()
    assert (pictures[1][0] == 45).all()
    assert pictures[1].max() > 240
    assert np.array_equal(pictures[1], pictures[2])
    assert np.array_equal(pictures[1], pictures[3])
