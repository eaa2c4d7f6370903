import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.budget.timing import NAMES, Histogram, Timings
from tests.floats import floats

DURATIONS = st.lists(floats(1e-6, 50.0), min_size=1, max_size=200)


def filled(seconds):
    histogram = Histogram()
    for duration in seconds:
        histogram.add(duration)
    return histogram


def test_nothing_measured_is_zero():
    assert Histogram().percentile(0.5) == 0.0


def test_the_median_of_a_hundred_durations():
    assert filled(n / 1000 for n in range(1, 101)).percentile(0.5) == pytest.approx(0.050, rel=0.01)


@given(DURATIONS, floats(0.01, 1.0))
def test_percentiles_are_within_a_percent_of_a_measured_duration(seconds, share):
    found = filled(seconds).percentile(share)
    rank = max(0, -int(-share * len(seconds) // 1) - 1)
    assert found == pytest.approx(sorted(seconds)[rank], rel=0.011)


@given(DURATIONS)
def test_percentiles_rise(seconds):
    histogram = filled(seconds)
    assert histogram.percentile(0.5) <= histogram.percentile(0.95) <= histogram.longest


def test_durations_of_nothing_and_of_minutes_are_counted_too():
    histogram = filled([0.0, 1000.0])
    assert histogram.count == 2
    assert histogram.longest == 1000.0


def test_only_stages_that_ran_are_reported_in_milliseconds():
    stages = Timings()
    stages.add("detect", 0.002)
    assert stages.milliseconds() == {"detect": {"p50": 2.0, "p95": 2.0}}


def test_clearing_forgets_the_warm_up():
    stages = Timings()
    for name in NAMES:
        stages.add(name, 1.0)
    stages.clear()
    assert stages.milliseconds() == {}
