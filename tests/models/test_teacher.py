"""What the teachers are shown and how they are heard together."""

import pytest

REASON = "needs the workstation's set (make train makes it)"
torch = pytest.importorskip("torch", reason=REASON)
teacher = pytest.importorskip("models.teacher", reason=REASON)


def test_closer_moves_the_eyes_apart_and_keeps_their_level():
    crop = torch.zeros(1, 3, 100, 100)
    crop[..., 29:31, 30:31] = crop[..., 29:31, 69:70] = 255  # eyes of 1×2 pixels about 0.30 from the top
    seen = teacher.closer(crop)[0, 0]
    rows, columns = seen.sum(1), seen.sum(0)
    middle = torch.arange(100) + 0.5
    halves = slice(50), slice(50, 100)
    left, right = ((columns * middle)[half].sum() / columns[half].sum() for half in halves)
    assert (right - left).item() == pytest.approx(39 * 0.42 / 0.39, abs=0.3)
    assert ((rows * middle).sum() / rows.sum()).item() == pytest.approx(30, abs=0.2)


def test_both_teachers_are_asked():
    one, other = teacher.Teacher().eval(), teacher.Teacher().eval()
    with torch.no_grad():
        for net, year in ((one, 20), (other, 40)):
            net.head.weight.zero_()
            net.head.bias.zero_()
            net.head.bias[year] = 100
    taught = teacher.teach(one, other, torch.zeros(2, 3, 64, 64))
    assert taught.shape == (2, 2, 101)
    assert taught[1].argmax(1).tolist() == [20, 40]
