import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.box import Box
from device.overlay.label_placement import LabelPlacer
from tests.floats import floats

GAP = 6.0
SIZE = (640, 480)
INSIDE = (GAP, GAP, 640 - GAP, 480 - GAP)

boxes = st.builds(Box, floats(-50, 640), floats(-50, 480), floats(4, 200), floats(4, 200))
crowds = st.lists(st.tuples(boxes, floats(30, 120)), max_size=16).map(
    lambda faces: [(number, box, width, 28.0) for number, (box, width) in enumerate(faces)]
)


def place(faces, taken=(), placer=None):
    return (placer or LabelPlacer(*SIZE, GAP)).place(faces, list(taken))


def test_above_the_face_in_its_middle():
    assert place([(1, Box(300, 200, 80, 80), 60, 28)]) == [Box(310, 166, 60, 28)]


def test_below_where_there_is_no_room_above():
    assert place([(1, Box(300, 10, 80, 80), 60, 28)]) == [Box(310, 96, 60, 28)]


def test_moved_inside_at_the_side():
    assert place([(1, Box(-20, 200, 80, 80), 60, 28)]) == [Box(GAP, 166, 60, 28)]


def test_away_from_what_is_taken():
    assert place([(1, Box(300, 200, 80, 80), 60, 28)], [Box(0, 150, 640, 30)]) == [Box(310, 286, 60, 28)]


def test_a_label_hops_back_only_when_there_is_room_to_spare():
    """A face trembling at the place where its label just fits above made the label hop at every frame."""
    placer = LabelPlacer(*SIZE, GAP)

    def above(y):
        return place([(1, Box(300, y, 80, 80), 60, 28)], placer=placer)[0].y < y

    assert [above(y) for y in (42.0, 33.0, 35.0, 33.0, 36.0)] == [True, False, False, False, False]
    assert above(42.0)


FACE = Box(300, 200, 80, 80)
PLACES = [(310, 166), (310, 286), (386, 200), (234, 200), (310, 132), (310, 320), (310, 98), (310, 354)]


@pytest.mark.parametrize("number", range(8))
def test_the_places_in_their_order(number):
    """Above, below, to the right, to the left, then a row further up, down, and so on, 6 pixels away."""
    taken, placer = [Box(x, y, 60, 28) for x, y in PLACES[:number]], LabelPlacer(*SIZE, GAP)
    assert place([(1, FACE, 60, 28)], taken, placer) == [Box(*PLACES[number], 60, 28)]
    assert placer._sides == {1: number}


@pytest.mark.parametrize(
    "beside", [(250, 166, 60, 28), (370, 166, 60, 28), (310, 146, 60, 20), (310, 194, 60, 6)]
)
def test_what_only_touches_is_in_nobodys_way(beside):
    assert place([(1, FACE, 60, 28)], [Box(*beside)]) == [Box(310, 166, 60, 28)]


def test_moved_inside_at_the_right_and_at_the_left():
    wide = [Box(0, 0, 640, 480 - 1)]  # nothing is free: the first place, moved inside
    assert place([(1, Box(600, 200, 80, 80), 60, 28)], wide) == [Box(574, 166, 60, 28)]
    beside = [Box(610, 166, 30, 28), Box(610, 286, 30, 28)]
    everywhere = (2, Box(0, 0, 640, 480), 10, 10)
    assert place([(1, Box(500, 200, 130, 80), 126, 28), everywhere], beside)[0] == Box(508, 200, 126, 28)
    around = [Box(*corner, 60, 28) for corner in [(20, 166), (20, 286), (96, 200)]]
    assert place([(1, Box(10, 200, 80, 80), 60, 28), everywhere], around)[0] == Box(6, 200, 60, 28)


def test_a_face_is_left_free_where_one_of_the_nearest_places_is():
    crowd = Box(0, 127, 640, 353)  # covers all but what lies two rows further up
    assert place([(1, FACE, 60, 28), (2, crowd, 10, 10)])[0] == Box(310, 98, 60, 28)


def test_where_none_of_the_eight_nearest_is_the_nearest_it_is():
    crowd = Box(0, 93, 640, 387)  # a place three rows up would be free
    assert place([(1, FACE, 60, 28), (2, crowd, 10, 10)])[0] == Box(310, 166, 60, 28)


def _room_elsewhere(face, placer_faces):
    """Whether one of the eight nearest places of an only label covers no face."""
    _, box, width, height = face
    middle = box.x + (box.w - width) / 2
    places = [(middle, box.y - height - GAP), (middle, box.y + box.h + GAP)]
    inside = [
        p
        for p in places
        if INSIDE[0] <= p[0]
        and p[0] + width <= INSIDE[2]
        and INSIDE[1] <= p[1]
        and p[1] + height <= INSIDE[3]
    ]
    return any(
        all(Box(*p, width, height).intersection(other) == 0 for _, other, _, _ in placer_faces)
        for p in inside
    )


@given(crowds)
def test_the_first_label_never_covers_a_face_that_has_room_elsewhere(faces):
    if faces and _room_elsewhere(faces[0], faces):
        label = place(faces)[0]
        assert all(label.intersection(other) < 1e-6 for _, other, _, _ in faces)


@given(crowds)
def test_labels_are_always_inside_the_picture(faces):
    for label in place(faces):
        assert label.x >= INSIDE[0]
        assert label.y >= INSIDE[1]
        assert label.x + label.w <= INSIDE[2] + 1e-6
        assert label.y + label.h <= INSIDE[3] + 1e-6


@given(crowds.filter(lambda faces: len(faces) <= 8))
def test_labels_do_not_cover_each_other(faces):
    labels = place(faces)
    for number, label in enumerate(labels):
        for other in labels[:number]:
            assert label.intersection(other) < 1e-6


@given(crowds)
def test_the_same_faces_keep_their_labels(faces):
    placer = LabelPlacer(*SIZE, GAP)
    first = place(faces, placer=placer)
    assert place(faces, placer=placer) == first
