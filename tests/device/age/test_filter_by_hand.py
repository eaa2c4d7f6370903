"""The age filter against a dense Kalman filter and against values worked by hand from a small model.

Every estimate has a variance of 4 squared years, of which a quarter is shared with its neighbours; the shared
error halves in a second, or with a change of pose of one; the network says what is true.
"""

import math

import numpy as np
import pytest

from device.age.bands import Bands
from device.age.belt import Belt
from device.age.error_model import ErrorModel
from device.age.filter import AgeFilter
from device.config.loader import changed, defaults
from device.faces.quality import Quality
from device.person import UNSURE

EXACT = ErrorModel(
    log_variance=(math.log(4.0), *[0.0] * 8),
    correlation=0.25, correlation_s=1 / math.log(2), correlation_pose=1 / math.log(2),
    bias_table=tuple(range(0, 101, 10)),
    belt=Belt(ages=(0.0, 100.0), low=(0.0, 0.0), high=(0.0, 0.0), own=False),
)  # fmt: skip
FRAME = Quality(30.0, -1.0, yaw=0.0, roll=0.0, score=0.8, brightness=0.5, contrast=0.2)
Z80 = 1.2816  # 90 % of a normal distribution lie below so many standard deviations
NEVER = 1e9


def new_filter(noise=EXACT, **settings):
    section = changed(defaults(), smoother=settings).smoother
    return AgeFilter(section, noise, Bands(section.bands))


def always_shown(noise=EXACT):
    """What is shown is what the filter believes, from the third estimate on."""
    return new_filter(noise, show_within=NEVER, settle_s=NEVER)


class DenseFilter:
    """State (what the network says of the person, the error its frames share); textbook equations."""

    def __init__(self, raw):
        self.x = np.array([raw, 0.0])
        self.P = np.array([[4.0, -1.0], [-1.0, 1.0]])  # an estimate too high by its error's 1/2 · 2 years

    def update(self, raw, seconds, change):
        kept = 0.5 ** (seconds + change)
        F, Q = np.diag([1.0, kept]), np.diag([0.05**2 * seconds, 1 - kept**2])
        self.x, self.P = F @ self.x, F @ self.P @ F.T + Q
        H, R = np.array([1.0, 1.0]), 3.0  # √(0.25 · 4) = 1 of the shared error; 0.75 · 4 of its own
        S = H @ self.P @ H + R
        surprise = raw - H @ self.x
        S *= (4 + surprise**2 / S) / 5  # Student's t of four degrees of freedom
        gain = self.P @ H / S
        self.x = self.x + gain * surprise
        self.P = self.P - np.outer(gain, H @ self.P)


@pytest.mark.parametrize("seed", range(10))
def test_random_estimates_as_by_a_dense_filter(seed):
    rng = np.random.default_rng(seed)
    ages, dense, t, last = always_shown(), None, 100.0, FRAME
    for step in range(40):
        seconds = float(rng.choice([0.0, 1 / 30, 0.5, 4.0]))
        frame = FRAME._replace(yaw=float(rng.uniform(-0.2, 0.2)), brightness=float(rng.uniform(0.4, 0.6)))
        raw = float(40 + 2 * rng.standard_normal() + 25 * (rng.random() < 0.1))
        t += seconds
        if dense is None:
            dense = DenseFilter(raw)
        else:
            change = abs(frame.yaw - last.yaw) + abs(frame.brightness - last.brightness)
            dense.update(raw, seconds, change)
        ages.update(raw, frame, t)
        last = frame
        if step >= 2:
            assert ages.age == pytest.approx(dense.x[0], abs=1e-9)
            assert ages.spread == pytest.approx(Z80 * math.sqrt(dense.P[0, 0]), abs=1e-9)


def test_the_second_estimate_by_hand():
    """30 years, and 33 a second later.

    variance of the mean, of both, of the shared error   4, −1, 1; a second later 4.0025, −0.5, 1
    the estimate with the mean and with the error        4.0025 − 0.5 = 3.5025;  −0.5 + 1 = 0.5
    variance of the surprise of 3 years                  3.5025 + 0.5 + 3 = 7.0025
    heavier tails                                        7.0025 · (4 + 9 / 7.0025) / 5 = 7.402
    gains                                                3.5025 / 7.402 = 0.473183;  0.5 / 7.402 = 0.0675493
    the mean                                             30 + 0.473183 · 3 = 31.419549
    its variance                                         4.0025 − 0.473183 · 3.5025 = 2.345177
    """
    ages = always_shown()
    ages.update(30.0, FRAME, 5.0)
    ages.update(33.0, FRAME, 6.0)
    assert ages._mean == pytest.approx(31.419549, abs=1e-6)
    assert ages._shared_error == pytest.approx(0.0675493 * 3, abs=1e-6)
    expected = [2.345177, -0.5 - 0.473183 * 0.5, 1 - 0.0675493 * 0.5]
    assert ages._variance == pytest.approx(expected, abs=1e-5)


def test_an_estimate_from_before_is_not_one_that_shares_more():
    """Were time to run backwards, nothing would fade and nothing would grow beyond what it is."""
    ages = always_shown()
    ages.update(30.0, FRAME, 5.0)
    ages._predict(-2.0, 0.0)
    assert (ages._shared_error, ages._variance[1], ages._variance[2]) == (0.0, -1.0, 1.0)


def shown(ages, raws, start=0.0, step=0.5):
    rows = []
    for i, raw in enumerate(raws):
        ages.update(raw, FRAME, start + i * step)
        rows.append((ages.age and round(ages.age, 6), ages.band, ages.state))
    return rows


def test_nothing_before_the_third_then_settling_then_settled():
    """Constant estimates half a second apart; settled from `settle_s` after the first on, not before."""
    ages = new_filter(show_within=NEVER, settle_within=NEVER, settle_s=1.5)
    assert shown(ages, [30.0] * 4) == [
        (None, None, "finding"),
        (None, None, "finding"),
        (30.0, "25–34", "settling"),
        (30.0, "25–34", "settled"),
    ]


def test_shown_when_certain_enough_and_settled_when_more_so():
    """Half of the 80 % interval after one, two, … estimates of 30 half a second apart, in years:
    2.563, 1.786, 1.560, 1.420, 1.317, 1.237, 1.170, by the dense filter.
    """
    ages = new_filter(show_within=1.5, settle_within=1.2, settle_s=0.0)
    spreads = []
    for i in range(7):
        ages.update(30.0, FRAME, 0.5 * i)
        spreads.append((Z80 * math.sqrt(ages._variance[0]), ages.state))
    states = ["finding", "finding", "finding", "settling", "settling", "settling", "settled"]
    assert [state for _, state in spreads] == states
    assert [spread for spread, _ in spreads] == pytest.approx(SPREADS, abs=1e-3)


SPREADS = [2.563, 1.786, 1.560, 1.420, 1.317, 1.237, 1.170]


def test_an_uncertain_age_that_is_shown_goes_on_being_shown():
    """`show_within` is for the first time only: a doubtful moment later does not take the age away."""
    ages = new_filter(show_within=1.7, settle_s=NEVER)
    shown(ages, [30.0] * 3)
    assert ages.state == "settling"
    ages.update(38.0, FRAME, 4000.0)  # the mean may have wandered by 0.05² a second, and did
    assert Z80 * math.sqrt(ages._variance[0]) > 1.7
    assert 33 < ages.age < 35
    assert ages.state == "settling"


def settled(hold):
    ages = new_filter(show_within=NEVER, settle_within=NEVER, settle_s=1.0, hold=hold)
    shown(ages, [30.0] * 4)
    assert ages.state == "settled"
    return ages


def test_a_settled_age_stands_until_the_estimate_is_further_away_than_hold():
    """34, 2 s on, moves the mean to 30.600: held to 0.6 years this is shown at once, to 0.61 not."""
    held, let_go = settled(0.61), settled(0.6)
    for ages in (held, let_go):
        ages.update(34.0, FRAME, 3.5)
    assert held._mean == let_go._mean == pytest.approx(MOVED, abs=1e-4)
    assert (held.age, held.state) == (30.0, "settled")
    assert (let_go.age, let_go.state) == (pytest.approx(MOVED, abs=1e-4), "settling")
    let_go.update(34.0, FRAME, 4.4)  # 0.9 s after it began to move
    assert let_go.state == "settling"
    let_go.update(34.0, FRAME, 4.5)
    assert let_go.state == "settled"


MOVED = 30.600336  # by the dense filter


def test_what_the_network_says_is_put_right_and_what_nobody_knows_is_added():
    """It says 35 of people of 45 (half way between 40 and 50), whose ages are from 43 to 49."""
    belt = Belt(ages=(0.0, 100.0), low=(-14.0, -14.0), high=(-8.0, -8.0), own=False)
    noise = EXACT._replace(bias_table=(10, 20, 30, 40, 50), belt=belt)
    ages = always_shown(noise)
    assert shown(ages, [35.0] * 3)[-1] == (45.0, "45–54", "settling")
    unknown = Z80 * math.sqrt(ages._variance[0])
    assert ages.interval == pytest.approx((45 - math.hypot(2.0, unknown), 45 + math.hypot(4.0, unknown)))
    assert ages.spread == pytest.approx((math.hypot(2.0, unknown) + math.hypot(4.0, unknown)) / 2)


def own_belt():
    """Half of the interval is what the network expects to be off by."""
    return EXACT._replace(belt=Belt(ages=(0.0, 100.0), low=(-1.0, -1.0), high=(1.0, 1.0), own=True))


def expecting(ages, errors, start=0.0):
    """The filter after estimates of 40 years ten seconds apart, each with what the network expects of it."""
    for i, error in enumerate(errors):
        ages.update(40.0, FRAME, start + 10.0 * i, error)
    return ages


def test_what_the_network_expects_is_averaged_over_the_last_eight():
    ages = expecting(always_shown(own_belt()), [4.0] * 8 + [12.0])
    assert ages.spread == pytest.approx(math.hypot(5.0, Z80 * math.sqrt(ages._variance[0])))


def test_a_wide_interval_names_no_band_until_it_is_clearly_narrower():
    """Unsure beyond 6 years, sure again within nine tenths of that."""
    ages = new_filter(own_belt(), show_within=NEVER, unsure_beyond=6.0)
    assert expecting(ages, [5.0] * 8).band == "35–44"
    assert expecting(ages, [9.0] * 16, start=100.0).band == UNSURE
    assert expecting(ages, [5.5] * 24, start=300.0).band == UNSURE
    assert expecting(ages, [4.0] * 24, start=600.0).band == "35–44"
    ages.reset()
    assert ages.band is None


def test_the_interval_holds_what_is_shown():
    """An age that is held stays within its interval, though the estimate has gone elsewhere."""
    ages = new_filter(show_within=NEVER, settle_within=NEVER, settle_s=0.0, hold=20.0)
    shown(ages, [30.0] * 4)
    shown(ages, [40.0] * 30, start=100.0, step=10.0)
    low, high = ages.interval
    assert (ages.age, low) == (30.0, 30.0)
    assert high > 38.0


def test_the_band_is_kept_within_its_margin():
    ages = new_filter(show_within=NEVER, settle_s=NEVER, band_margin=1.0)
    shown(ages, [34.5] * 3)
    assert ages.band == "25–34"
    shown(ages, [36.5] * 2, start=10.0, step=10.0)
    assert 35 < ages.age < 36
    assert ages.band == "25–34"
    shown(ages, [38.0] * 4, start=40.0, step=10.0)
    assert ages.age > 36
    assert ages.band == "35–44"


def test_a_good_frame_after_a_poor_one_by_hand():
    """An estimate of variance 400, then one of 4 when the shared error is forgotten: both say 30 years.

    variance of the mean, of both, of the shared error   400 + 0.05² · 40 = 400.1, 0, 1
    the estimate's with the mean and with the error      400.1; 1
    of the surprise, prior and own part                  401.1 + 3; lighter by 4 / 5 for no surprise: 323.28
    but the prior's part and a twentieth of its own      401.1 + 0.15 = 401.25, else less than nothing is left
    the mean's variance                                  400.1 − 400.1² / 401.25 = 1.146704
    """
    by_size = (math.log(4.0), -math.log(100) / math.log(2), *[0.0] * 7)
    ages = always_shown(EXACT._replace(log_variance=by_size))
    ages.update(30.0, FRAME._replace(size=15.0), 0.0)
    assert ages._variance == pytest.approx((400.0, -10.0, 1.0))
    ages.update(30.0, FRAME, 40.0)
    assert ages._variance == pytest.approx((1.146704, -400.1 / 401.25, 1 - 1 / 401.25), abs=1e-5)
    ages.update(30.0, FRAME, 80.0)
    assert ages.spread == pytest.approx(Z80 * math.sqrt(ages._variance[0]))
