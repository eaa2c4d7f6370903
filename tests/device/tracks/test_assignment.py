from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from device.tracks.assignment import assign

INF = float("inf")


def total(cost, pairs, limit):
    return sum(cost[i, j] - limit for i, j in pairs)


def cheapest(cost, limit):
    """By trying every order of the larger side."""
    if cost.shape[0] > cost.shape[1]:
        cost = cost.T
    rows, columns = cost.shape
    return min(
        sum(min(cost[i, j] - limit, 0.0) for i, j in enumerate(order))
        for order in permutations(range(columns), rows)
    )


def test_greedy_would_be_wrong():
    assert assign(np.array([[1.0, 2.0], [1.5, 9.0]]), limit=20) == [(0, 1), (1, 0)]


def test_a_pair_at_the_limit_is_left_apart():
    assert assign(np.array([[5.0]]), limit=5.0) == []
    assert assign(np.array([[4.9]]), limit=5.0) == [(0, 0)]


def test_two_good_pairs_may_be_given_up_for_a_better_single_one():
    assert assign(np.array([[1.0, 9.9], [9.9, 20.0]]), limit=10) == [(0, 0)]


def test_nothing_to_assign():
    assert assign(np.empty((0, 3)), limit=1) == []
    assert assign(np.empty((3, 0)), limit=1) == []
    assert assign(np.full((2, 2), INF), limit=1) == []


def test_more_rows_than_columns():
    assert assign(np.array([[3.0], [1.0], [2.0]]), limit=10) == [(1, 0)]


costs = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: arrays(float, shape, elements=st.sampled_from([0.0, 1.0, 1.5, 3.0, 4.5, 7.0, 12.0, INF]))
)


@settings(max_examples=300, deadline=None)
@given(costs, st.sampled_from([2.0, 5.0, 20.0]))
def test_exact_and_each_used_once(cost, limit):
    pairs = assign(cost, limit)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(cost[i, j] < limit for i, j in pairs)
    assert abs(total(cost, pairs, limit) - cheapest(cost, limit)) < 1e-9


def test_thirty_two_crowded_faces():
    rng = np.random.default_rng(1)
    cost = rng.uniform(0, 10, (32, 32))
    pairs = assign(cost, limit=100)
    assert sorted(i for i, _ in pairs) == sorted(j for _, j in pairs) == list(range(32))
    # no swap of two columns makes it cheaper
    column = dict(pairs)
    for a in range(32):
        for b in range(a):
            assert cost[a, column[a]] + cost[b, column[b]] <= cost[a, column[b]] + cost[b, column[a]] + 1e-9
