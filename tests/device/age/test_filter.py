import numpy as np
import pytest

from device.age.bands import Bands
from device.age.error_model import TYPICAL
from device.age.filter import AgeFilter
from device.config.loader import defaults
from device.faces.quality import Quality

APPEARANCE = np.zeros(48, np.float32)
GOOD = Quality(60.0, -0.5, yaw=0.0, roll=0.0, score=0.9, brightness=0.5, contrast=0.2, appearance=APPEARANCE)
COVERED = GOOD._replace(appearance=np.where(np.arange(48) < 16, 3.0, 0.0).astype(np.float32))
OTHER = GOOD._replace(appearance=APPEARANCE + 3)
POOR = GOOD._replace(size=12, yaw=0.3)
FLAT = np.ones(48, np.float32)
NOISE = TYPICAL._replace(appearance_scale=0.4 * FLAT, appearance_weights=0.5 * FLAT, appearance_bias=10.0)
STEP = 1 / 15


def new_filter(noise=NOISE):
    settings = defaults().smoother
    return AgeFilter(settings, noise, Bands(settings.bands))


@pytest.fixture
def ages():
    return new_filter()


def feed(ages, raws, start=0.0, step=STEP, quality=GOOD):
    shown = []
    for i, raw in enumerate(raws):
        ages.update(raw, quality, start + i * step)
        shown.append(ages.age)
    return shown


def test_nothing_is_shown_at_first(ages):
    assert (ages.age, ages.interval, ages.band, ages.state) == (None, None, None, "finding")
    assert feed(ages, [30.0, 30.0]) == [None, None]
    assert feed(ages, [30.0], start=1.0) == [pytest.approx(30.0)]


def test_a_steady_face_settles_within_a_second(ages):
    feed(ages, [30 + 3 * np.sin(i) for i in range(15)])
    assert ages.state == "settled"
    assert ages.age == pytest.approx(30, abs=1.5)
    assert ages.band == "25–34"
    assert 3 < ages.spread < 15


def test_faces_that_are_hard_to_judge_are_less_certain():
    good, poor = new_filter(), new_filter()
    feed(good, [30.0] * 10)
    feed(poor, [30.0] * 10, quality=POOR)
    assert poor.spread > good.spread


@pytest.mark.parametrize("seed", range(5))
def test_a_settled_age_holds_still(ages, seed):
    rng = np.random.default_rng(seed)
    shown = feed(ages, 40 + 2.5 * rng.standard_normal(450))
    assert np.std(shown[15:]) < 0.3


def test_a_settled_age_moves_when_it_was_wrong(ages):
    feed(ages, [30.0] * 15)
    for i in range(40):
        ages.update(44.0, GOOD._replace(brightness=0.5 + 0.2 * (i % 2)), 1 + i / 2)
    assert ages.age == pytest.approx(44, abs=6)
    assert ages.band == "35–44"


def test_one_wild_estimate_hardly_moves_it(ages):
    feed(ages, [30.0] * 8)
    ages.update(90.0, GOOD, 8 * STEP)
    assert ages.age == pytest.approx(30, abs=1.5)


def test_many_frames_at_one_moment_are_one_observation():
    slow, fast = new_filter(), new_filter()
    feed(slow, [30.0] * 8, step=1.0)
    feed(fast, [30.0] * 8, step=0.001)
    assert fast.spread > slow.spread


def test_frames_of_another_pose_tell_more_than_frames_of_the_same():
    same, turning = new_filter(), new_filter()
    feed(same, [30.0] * 8)
    for i in range(8):
        turning.update(30.0, GOOD._replace(brightness=0.5 + 0.2 * (i % 2)), i * STEP)
    assert turning.spread < same.spread


def test_reset_forgets_the_person(ages):
    feed(ages, [30.0] * 20)
    ages.reset()
    assert (ages.age, ages.band, ages.state) == (None, None, "finding")
    feed(ages, [60.0] * 20, start=5.0)
    assert ages.age == pytest.approx(60, abs=0.1)


def test_another_person_after_a_gap_starts_over_at_once(ages):
    feed(ages, [30.0] * 20)
    ages.unseen(1.0)
    feed(ages, [60.0] * 3, start=3.0, quality=OTHER)
    assert ages.identity_changed
    assert ages.age is None or ages.age > 50


def test_the_same_person_after_a_gap_stays(ages):
    feed(ages, [30.0] * 20)
    ages.unseen(1.0)
    feed(ages, [30.0] * 5, start=3.0)
    assert (ages.identity_changed, ages.state) == (False, "settled")


def test_something_before_the_face_is_neither_another_person_nor_an_age(ages):
    feed(ages, [30.0] * 20)
    feed(ages, [70.0] * 5, start=1.5, quality=COVERED)
    assert not ages.identity_changed
    assert ages.age == pytest.approx(30, abs=0.5)


def test_who_stays_in_view_may_turn_the_head_for_long(ages):
    feed(ages, [30.0] * 20)
    feed(ages, [32.0] * 30, start=1.5, quality=GOOD._replace(appearance=APPEARANCE + 1.2))
    assert (ages.identity_changed, ages.state) == (False, "settled")


def test_doubt_asks_for_frequent_estimates(ages):
    feed(ages, [30.0] * 20)
    assert ages.stable
    ages.unseen(1.0)
    assert not ages.stable
    feed(ages, [30.0] * 12, start=2.0)
    assert ages.stable
