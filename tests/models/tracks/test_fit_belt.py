"""The fit of the belt recovers the quantiles that readings were made with."""

import numpy as np
import pytest

from models.tracks.fit_belt import AGES, Readings, fit_belt, weighted_quantile

Z80 = 1.2816


def made(rng, count=40_000):
    """Readings a tenth of the age too young, off by the error that the network expects, 2 to 6 years."""
    ages, errors = rng.uniform(0, 100, count), rng.uniform(2, 6, count)
    return Readings(ages, 0.9 * ages + errors * rng.standard_normal(count), errors, np.ones(count))


def test_in_years_the_belt_holds_what_is_read_of_each_age():
    rng = np.random.default_rng(1)
    ages = rng.uniform(0, 100, 40_000)
    belt = fit_belt(
        Readings(ages, 0.9 * ages + 3 * rng.standard_normal(40_000), ages, np.ones(40_000)), False
    )
    assert belt.ages == tuple(map(float, AGES))
    middle = belt.ages.index(50.0)
    assert (belt.low[middle], belt.high[middle]) == pytest.approx((-5 - Z80 * 3, -5 + Z80 * 3), abs=0.4)


def test_in_what_the_network_expects_the_interval_holds_four_in_five_of_all_ages():
    seen = made(np.random.default_rng(2))
    belt = fit_belt(seen, own=True)
    intervals = np.array([belt.interval(r, e) for r, e in zip(seen.readings, seen.errors, strict=True)])
    held = (intervals[:, 0] <= seen.ages) & (seen.ages <= intervals[:, 1])
    for decade in range(10, 90, 10):
        of = seen.ages // 10 * 10 == decade
        assert held[of].mean() == pytest.approx(0.8, abs=0.03)


def test_a_face_of_more_weight_moves_the_quantile():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert weighted_quantile(values, np.ones(4), 0.5) == 2.5
    assert weighted_quantile(values, np.array([1.0, 1.0, 1.0, 5.0]), 0.5) == pytest.approx(3.5)
