"""The interval of a reading by hand, from a belt of two knots, and that it holds the truth at every age."""

import numpy as np
import pytest

from device.age.belt import Belt

# at 0 years readings from 1 below to 2 above, at 100 from 20 to 10 below: the old are read too young
BELT = Belt(ages=(0.0, 100.0), low=(-1.0, -20.0), high=(2.0, -10.0), own=False)
OWN = BELT._replace(own=True)


@pytest.mark.parametrize(
    ("reading", "lowest", "highest"),
    [
        (46.0, 50.0, 47 / 0.81),  # upper edge 2 + 0.88 y, lower edge −1 + 0.81 y
        (2.0, 0.0, 3 / 0.81),
        (0.0, 0.0, 1 / 0.81),
        (-5.0, 0.0, 0.0),  # below the belt: its youngest
        (80.0, 78 / 0.88, 100.0),
        (95.0, 100.0, 100.0),  # above it: its oldest
    ],
)
def test_the_interval_is_between_the_belts_edges(reading, lowest, highest):
    assert BELT.interval(reading, 7.0) == pytest.approx((lowest, highest))


def test_the_belt_is_as_wide_as_the_network_expects_to_be_off():
    """With 2 years: upper edge 4 + 0.76 y, lower edge −2 + 0.62 y."""
    assert OWN.interval(42.0, 2.0) == pytest.approx((50.0, 44 / 0.62))
    assert OWN.interval(42.0, 1.0) == BELT.interval(42.0, 99.0)
    assert OWN.interval(42.0, 0.01) == OWN.interval(42.0, 0.5)
    assert OWN.interval(20.0, 99.0) == OWN.interval(20.0, 15.0)


def test_beyond_a_belt_of_more_knots_its_ends_are_told():
    belt = Belt(ages=(0.0, 50.0, 100.0), low=(-5.0, -5.0, -5.0), high=(5.0, 5.0, 5.0), own=False)
    assert belt.interval(200.0, 1.0) == (100.0, 100.0)
    assert belt.interval(-50.0, 1.0) == (0.0, 0.0)
    assert belt.interval(60.0, 1.0) == pytest.approx((55.0, 65.0))


@pytest.mark.parametrize("age", [3.0, 25.0, 50.0, 90.0])
def test_four_in_five_are_held_at_every_age(age):
    """Readings of one age, of which a tenth lie below the belt and a tenth above it."""
    low, high = (np.interp(age, BELT.ages, edge) for edge in (BELT.low, BELT.high))
    readings = age + np.linspace(low - (high - low) / 8, high + (high - low) / 8, 1001)
    held = [lowest <= age <= highest for lowest, highest in (BELT.interval(r, 1.0) for r in readings)]
    assert np.mean(held) == pytest.approx(0.8, abs=0.002)
