"""What the teachers are shown and how they are heard together."""

import numpy as np
import pytest

REASON = "needs the workstation's set (make train makes it)"
torch = pytest.importorskip("torch", reason=REASON)
teacher = pytest.importorskip("models.training.teacher", reason=REASON)
lessons = pytest.importorskip("models.training.distillation", reason=REASON)


def certain(year):
    """A teacher who says `year` of every face."""
    net = teacher.Teacher().eval()
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.zero_()
        net.head.bias[year] = 100
    return net


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
    one, other = certain(20), certain(40)
    taught = teacher.teach(one, other, torch.zeros(2, 3, 64, 64))
    assert taught.shape == (2, 2, 101)
    assert taught[1].argmax(1).tolist() == [20, 40]


@pytest.mark.parametrize(("age", "published"), [(30.0, 0.25), (70.0, 0.0)])
def test_of_the_old_the_published_teacher_is_not_asked(age, published):
    taught = np.zeros((1, lessons.PLACINGS, 2, 101), np.float16)
    taught[..., 0, 20] = taught[..., 1, 40] = 1
    crops = np.zeros((1, lessons.PLACINGS, 64, 64, 3), np.uint8)
    draw = lessons.Lessons(crops, taught, np.array([age], np.float32)).draw
    settings = {"cover": 0.0, "disturb": 0.0, "published": 0.25}
    _, label, distribution = draw(0, np.random.default_rng(0), settings=settings)
    assert (label, distribution[20], distribution[40]) == (age, 1 - published, published)


def test_what_is_taught_further_remembers_what_it_knew_of_the_young(monkeypatch):
    monkeypatch.setattr(teacher, "published", lambda path: certain(40))
    clean = torch.zeros(2, 64, 64, 3, dtype=torch.uint8)
    pixels = torch.zeros(2, 3, 64, 64)

    def forgetting(ages):
        """What it costs to say 20 of all where it said 40."""
        losses = []
        for remember in (0.0, 1.0):
            pupil = teacher.InTraining(None, remember)
            pupil.net = certain(20)
            losses.append(pupil.loss(pixels, torch.tensor(ages), clean).item())
        return losses[1] - losses[0]

    assert forgetting([20.0, 20.0]) == pytest.approx(100, rel=0.01)
    assert forgetting([20.0, 70.0]) == pytest.approx(50, rel=0.01)
    assert forgetting([70.0, 70.0]) == 0


def test_its_memory_does_not_learn(monkeypatch):
    monkeypatch.setattr(teacher, "published", lambda path: certain(40))
    pupil = teacher.InTraining(None, 1.0).train()
    assert pupil.net.training
    assert not pupil.before.training
    assert not any(parameter.requires_grad for parameter in pupil.before.parameters())


def test_the_median_of_a_distribution():
    taught = torch.zeros(3, 101)
    taught[0, 20] = 1
    taught[1, 10:13] = 1 / 3
    taught[2, [20, 30]] = torch.tensor([0.75, 0.25])
    assert teacher.median(taught).tolist() == pytest.approx([20, 11, 19.5 + 0.5 / 0.75], abs=1e-3)
