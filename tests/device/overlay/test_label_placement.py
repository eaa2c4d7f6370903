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
