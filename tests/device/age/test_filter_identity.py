"""Whose face it is: the log odds for another person, worked by hand, and what follows from them.

An appearance is two numbers here. Where both differ by one from the usual, each tells half of its weight.
"""

import math

import numpy as np
import pytest

from device.age.bands import Bands
from device.age.belt import Belt
from device.age.error_model import ErrorModel
from device.age.filter import AgeFilter
from device.config.loader import defaults
from device.faces.quality import Quality

FLAT = np.ones(2, np.float32)
NOISE = ErrorModel(
    log_variance=(math.log(4.0), *[0.0] * 8),
    correlation=0.25, correlation_s=1 / math.log(2), correlation_pose=1 / math.log(2),
    bias_table=tuple(range(0, 101, 10)),
    belt=Belt(ages=(0.0, 100.0), low=(0.0, 0.0), high=(0.0, 0.0), own=False),
    appearance_scale=FLAT, appearance_weights=4 * FLAT, appearance_bias=2.0,
)  # fmt: skip
USUAL = Quality(30.0, -1.0, 0.0, 0.0, 0.8, 0.5, 0.2, appearance=np.zeros(2, np.float32))
OTHER = USUAL._replace(
    appearance=np.full(2, 3.0, np.float32)
)  # 9/10 · 4 · 2 − 2 = 5.2, more than one frame may tell


def seen_as(x, y=0.0):
    return USUAL._replace(appearance=np.array([x, y], np.float32))


def new_filter(noise=NOISE):
    settings = defaults().smoother
    return AgeFilter(settings, noise, Bands(settings.bands))


@pytest.fixture
def ages():
    """Seen once, as 30 years old: the mean is known to a variance of 4."""
    ages = new_filter()
    ages.update(30.0, USUAL, 0.0)
    return ages


@pytest.mark.parametrize(
    ("raw", "appearance", "odds"),
    [
        # an estimate's variance about the mean is 8 for the same person, 8 + 20² = 408 for another
        # the age alone: −ln(1 + 400 / 8) / 2 = −1.965913 where it is the same
        (30.0, (1, 1), 4 - 2 - 1.965913),  # 1/2 · 4 twice, less `appearance_bias`
        (34.0, (1, 1), 0.034087 + (16 / 8 - 16 / 408) / 2),  # 4 years apart: 0.980392 more
        (26.0, (1, 1), 0.034087 + 0.980392),  # to either side alike
        (
            38.0,
            (0, 1),
            -1.965913 + (64 / 8 - 64 / 408) / 2,
        ),  # 8 years: 3.921569, and the appearance tells nothing
        (40.0, (0, 0.5), 0.8 - 2 - 1.965913 + (9 - 100 / 408) / 2),  # 10 years would be 12.5: 9 at most
        (30.0, (0, 0), -2.0),  # −2 − 1.97, but a frame tells 2 at most
        (30.0, (3, 3), 2.0),  # 5.2 − 1.97, likewise
    ],
)
def test_the_odds_by_hand(ages, raw, appearance, odds):
    assert ages._identity_log_odds(raw, 4.0, seen_as(*appearance)) == pytest.approx(odds, abs=1e-5)


def test_a_variance_other_than_the_means(ages):
    """5 + 4 = 9 for the same: 6 years apart tell (36/9 − 36/409 − ln(1 + 400/9)) / 2 = 0.0478925."""
    expected = 2.0 - 2.0 + (4 - 36 / 409 - math.log(1 + 400 / 9)) / 2
    assert expected == pytest.approx(0.0478, abs=1e-3)
    assert ages._identity_log_odds(36.0, 5.0, seen_as(1, 0)) == pytest.approx(expected, abs=1e-6)


def test_where_no_appearance_is_known_it_is_the_same_person(ages):
    assert ages._identity_log_odds(80.0, 4.0, USUAL._replace(appearance=None)) == -2.0
    assert new_filter()._identity_log_odds(80.0, 4.0, OTHER) == -2.0
    blind = new_filter(NOISE._replace(appearance_weights=np.empty(0, np.float32)))
    blind.update(30.0, USUAL, 0.0)
    assert blind._identity_log_odds(80.0, 4.0, OTHER) == -2.0


def seen(ages, frames, raw=30.0, quality=USUAL, start=0.0, step=0.1):
    for i in range(frames):
        ages.update(raw, quality, start + i * step)


def test_doubt_begins_at_its_least_and_adds_up(ages):
    assert ages._log_odds == -60.0
    ages.update(30.0, OTHER, 0.1)
    assert ages._log_odds == -58.0
    ages.update(30.0, USUAL, 0.2)
    ages.update(30.0, USUAL, 0.3)
    assert ages._log_odds == -60.0


@pytest.mark.parametrize(("seconds", "doubt"), [(0.1, -30.0), (0.5, -6.0), (1.0, -3.0), (20.0, -3.0)])
def test_the_longer_out_of_view_the_likelier_it_is_another(ages, seconds, doubt):
    ages.unseen(seconds)
    assert ages._log_odds == pytest.approx(doubt)


def test_a_second_absence_never_makes_it_surer(ages):
    ages.unseen(2.0)
    ages.unseen(0.2)
    assert ages._log_odds == -3.0


def test_beyond_doubt_below_minus_eighteen():
    ages = new_filter()
    seen(ages, 10)
    assert (ages.state, ages.stable) == ("settled", True)
    ages.unseen(1.0)  # −3, and each frame of the same face tells −2
    calm = []
    for i in range(9):
        ages.update(30.0, USUAL, 2.0 + 0.1 * i)
        calm.append((ages._log_odds, ages.stable))
    assert calm[6:] == [(-17.0, False), (-19.0, True), (-21.0, True)]
    ages._log_odds = -18.0
    assert not ages.stable


def test_unsettled_is_never_beyond_doubt():
    ages = new_filter()
    seen(ages, 3)
    assert (ages.state, ages.stable) == ("settling", False)


def test_another_person_starts_over_once_the_odds_are_above_even():
    """Back after a second (−3): two strange frames make +1, and the second is the new person's first."""
    ages = new_filter()
    seen(ages, 10)
    ages.unseen(1.0)
    ages.update(60.0, OTHER, 2.0)
    assert (ages._log_odds, ages.identity_changed, ages.age) == (-1.0, False, 30.0)
    ages.update(60.0, OTHER, 2.1)
    assert (ages._log_odds, ages.identity_changed, ages.age) == (-60.0, True, None)
    assert (ages.interval, ages.band, ages.state) == (None, None, "finding")
    assert (ages._mean, ages._variance, ages._converging_since) == (60.0, (4.0, -1.0, 1.0), 2.1)
    assert ages._appearance.tolist() == [3.0, 3.0]
    seen(ages, 1, 60.0, OTHER, start=2.2)
    assert ages.age is None
    seen(ages, 1, 60.0, OTHER, start=2.3)
    assert ages.age == pytest.approx(60.0)


def test_even_odds_are_not_another_person(ages):
    ages._log_odds = -2.0
    ages.update(60.0, OTHER, 0.1)
    assert (ages._log_odds, ages.identity_changed) == (0.0, False)


def test_a_strange_frame_is_no_estimate_of_this_persons_age(ages):
    seen(ages, 5, start=0.1)
    variance = ages._variance[0]
    ages.update(45.0, OTHER, 0.6)
    assert ages._mean == 30.0
    assert ages._variance[0] == pytest.approx(variance + 0.05**2 * 0.1)
    ages.update(
        45.0, USUAL, 0.7
    )  # the appearance alone weighs against the age: −2 − 1.9 and 4.4 for 9 deviations
    assert ages._mean != 30.0 or ages._log_odds > -58.0


def test_the_usual_appearance_follows_by_a_tenth(ages):
    ages.update(30.0, seen_as(0.5), 0.1)
    assert ages._appearance.tolist() == pytest.approx([0.05, 0.0])
    ages.update(30.0, seen_as(0.5, 0.2), 0.2)
    assert ages._appearance.tolist() == pytest.approx([0.05 + 0.1 * 0.45, 0.02])
    ages.update(30.0, USUAL._replace(appearance=None), 0.3)
    assert ages._appearance.tolist() == pytest.approx([0.095, 0.02])


def test_who_stays_may_turn_but_who_is_back_may_not_become_another(ages):
    """A strange appearance is learnt while nothing speaks for another person, below −3; then no longer."""
    ages._log_odds = -10.0
    ages.update(30.0, OTHER, 0.1)
    assert (ages._log_odds, ages._appearance.tolist()) == (-8.0, pytest.approx([0.3, 0.3]))
    ages._log_odds = -5.0
    ages.update(30.0, OTHER, 0.2)
    assert (ages._log_odds, ages._appearance.tolist()) == (-3.0, pytest.approx([0.3, 0.3]))


def test_the_first_appearance_is_kept_not_borrowed():
    """Whoever measures may use the buffer again."""
    ages = new_filter()
    buffer = np.zeros(2, np.float32)
    ages.update(30.0, USUAL._replace(appearance=buffer), 0.0)
    buffer[:] = 7.0
    assert ages._appearance.tolist() == [0.0, 0.0]


def test_an_appearance_that_comes_late_is_taken_as_it_is():
    ages = new_filter()
    ages.update(30.0, USUAL._replace(appearance=None), 0.0)
    assert ages._appearance is None
    ages.update(30.0, seen_as(1.0, 2.0), 0.1)
    assert ages._appearance.tolist() == [1.0, 2.0]
