"""One person of forty, ten frames a second."""

import numpy as np
import pytest

from device.age.bands import Bands
from models.tracks import age_metrics as ages
from models.tracks.replay import OURS

NAN = np.nan


def person(values, settled_from=0, band=None, low=-4.0, high=6.0):
    values = np.array(values, float)
    n = len(values)
    return ages.Series(
        "still",
        False,
        40.0,
        np.arange(n) / 10,
        {OURS: values, "other": values},
        np.ones(n, int),
        values + low,
        values + high,
        np.arange(n) >= settled_from,
        band or [None] * n,
    )


def test_the_error_is_taken_at_a_time_and_only_where_an_age_is_shown():
    someone, nobody = person([NAN, 44, 43, 42]), person([NAN] * 4)
    assert ages.error_at([someone, nobody], OURS, 0.2) == (3.0, 0.5)


def test_convergence_is_when_it_stays_near_its_last_value():
    assert ages.convergence_time(person([NAN, 30, 40.5, 30, 39.5, 40]), OURS) == pytest.approx(0.4)
    assert ages.convergence_time(person([NAN, NAN]), OURS) == np.inf


def test_the_deviation_counts_from_settled_on():
    assert ages.settled_deviation(person([10, 10, 40, 40, 40], settled_from=2), OURS) == 0


def test_other_filters_are_measured_from_a_second_on():
    assert ages.settled_deviation(person([0] * 10 + [40] * 5), "other") == 0


def test_changes_a_minute():
    assert ages.changes([person([40.0, 40.2, 41.0, 40.0])], OURS, round) == pytest.approx(2 * 60 / 0.4)


def test_the_device_has_its_own_bands():
    someone = person([40] * 4, band=[None, "a", "a", "b"])
    assert ages.band_changes([someone], OURS, Bands([50])) == pytest.approx(60 / 0.3)
    assert ages.band_changes([person([40] * 10 + [40, 60])], "other", Bands([50])) == pytest.approx(60 / 0.2)


def test_coverage_counts_intervals_with_the_true_age():
    assert ages.interval_coverage([person([44] * 4), person([45] * 4)]) == 0.5  # within 4 below, 6 above
    assert ages.interval_coverage([person([34] * 4), person([33] * 4)]) == 0.5
