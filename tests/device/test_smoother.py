import numpy as np
import pytest

from device.bands import Bands
from device.config import defaults
from device.noise import TYPICAL
from device.quality import Quality
from device.smoother import AgeFilter

GOOD = Quality(size=60, sharpness=-0.5, yaw=0.0, roll=0.0, score=0.9, brightness=0.5, contrast=0.2)
STEP = 1 / 15


def new_filter():
    settings = defaults().smoother
    return AgeFilter(settings, TYPICAL, Bands(settings.bands))


@pytest.fixture
def ages():
    return new_filter()


def feed(ages, raws, start=0.0, step=STEP):
    shown = []
    for i, raw in enumerate(raws):
        ages.update(raw, GOOD, start + i * step)
        shown.append(ages.age)
    return shown


def test_nothing_is_shown_at_first(ages):
    assert (ages.age, ages.spread, ages.band, ages.state) == (None, None, None, "finding")
    ages.update(30.0, GOOD._replace(size=12, yaw=0.3), 0.0)
    assert (ages.age, ages.state) == (None, "finding")


def test_a_steady_face_settles_within_a_second(ages):
    feed(ages, [30 + 3 * np.sin(i) for i in range(15)])
    assert ages.state == "settled"
    assert ages.age == pytest.approx(30, abs=1.5)
    assert ages.band == "25–34"
    assert 3 < ages.spread < 15


def test_a_settled_age_holds_still(ages):
    rng = np.random.default_rng(1)
    shown = feed(ages, 40 + 3 * rng.standard_normal(450))
    assert np.std(shown[75:]) < 0.3
    assert len(set(shown[60:])) <= 3


def test_one_wild_estimate_hardly_moves_it(ages):
    feed(ages, [30.0] * 10)
    ages.update(90.0, GOOD, 10 * STEP)
    assert ages.age == pytest.approx(30, abs=1)


def test_many_frames_at_one_moment_are_one_observation():
    slow, fast = new_filter(), new_filter()
    feed(slow, [30.0] * 8, step=1.0)
    feed(fast, [30.0] * 8, step=0.001)
    assert fast.spread is None or fast.spread > slow.spread


def test_reset_forgets_the_person(ages):
    feed(ages, [30.0] * 20)
    ages.reset()
    assert (ages.age, ages.band, ages.state) == (None, None, "finding")
    feed(ages, [60.0] * 20, start=5.0)
    assert ages.age == pytest.approx(60, abs=0.1)
