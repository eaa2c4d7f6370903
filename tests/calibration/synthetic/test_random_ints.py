"""Random integers that every machine must agree on: literal values."""

import numpy as np

from calibration.synthetic.random_ints import ONE, RandomInts


def test_literal_stream():
    assert RandomInts(1, 2).uniform(6).tolist() == RandomInts(1, 2).uniform(8).tolist()[:6]
    assert RandomInts(1, 2).uniform(4).tolist() == [48066, 42156, 21943, 29387]
    assert RandomInts(1, 2).normal(4).tolist() == [-236, -373, -233, -54]


def test_seeds_differ():
    assert RandomInts(1, 2).uniform(4).tolist() != RandomInts(2, 1).uniform(4).tolist()


def test_normal_has_mean_zero_and_deviation_one():
    drawn = RandomInts(3).normal(100_000) / ONE
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.01
    assert np.abs(drawn).max() <= 6


def test_between_reaches_both_ends():
    rng = RandomInts(4)
    assert {rng.between(2, 4) for _ in range(100)} == {2, 3, 4}


def test_shuffled_keeps_all():
    assert sorted(RandomInts(5).shuffled(range(50))) == list(range(50))
