import numpy as np
import pytest

from device.box import Box
from device.faces.close_up import CloseUp, CloseUps
from device.faces.detector import Detection

BOX = Box(100.0, 100.0, 80.0, 80.0)
FACE = Detection(BOX, 0.9, np.zeros((6, 2), np.float32))


@pytest.mark.parametrize(
    ("box", "now", "holds"),
    [
        (BOX, 1.1, True),
        (BOX, 1.2, False),
        (BOX.shifted(2, -1), 1.1, True),
        (BOX.shifted(5, 0), 1.1, False),
        (BOX.shifted(4, 0), 1.1, True),
        (BOX.shifted(0, -5), 1.1, False),
        (BOX.scaled(1.04), 1.1, True),
        (BOX.scaled(1.1), 1.1, False),
        (BOX.scaled(0.9), 1.1, False),
    ],
)
def test_it_holds_for_a_while_and_where_it_was(box, now, holds):
    assert CloseUp(FACE, BOX, 1.2).holds(box, now) == holds


class Answers:
    """A detector that sees the face, or none."""

    def __init__(self, face):
        self.face = face

    def close_up(self, image, box):
        return self.face


@pytest.mark.parametrize(("settled", "hold"), [(False, 0.2), (True, 1.0)])
def test_they_are_too_old_at_different_times(settled, hold):
    close_ups = CloseUps(Answers(FACE))
    ends = sorted(close_ups.make(None, BOX, 0.0, settled).until for _ in range(16))
    assert ends[0] >= 0.75 * hold
    assert ends[-1] <= 1.25 * hold
    assert max(np.diff(ends)) < 0.1 * hold


def test_how_long_the_first_ones_are_used():
    close_ups = CloseUps(Answers(FACE))
    ends = [close_ups.make(None, BOX, 10.0).until for _ in range(3)]
    assert ends == pytest.approx([10.2118, 10.1736, 10.2354])  # 0.15 s and a tenth of 0.618, 0.236 and 0.854


def test_without_a_face_there_is_none():
    assert CloseUps(Answers(None)).make(None, BOX, 0.0) is None
