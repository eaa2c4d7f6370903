from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

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
    assert assign(np.array([[1.0, 5.0], [1.5, 5.0]]), limit=5.0) == [(0, 0)]


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
    check(cost, limit, cheapest(cost, limit))


@pytest.mark.parametrize(("longest", "tables"), [(6, 200), (7, 60), (8, 12)])
def test_uniform_tables_as_by_brute_force(longest, tables):
    rng = np.random.default_rng(longest)
    for _ in range(tables):
        shape = (int(rng.integers(1, longest + 1)), longest)
        cost = rng.uniform(-3, 10, shape if rng.random() < 0.5 else shape[::-1])
        cost[rng.random(cost.shape) < rng.choice([0.0, 0.3])] = INF
        limit = float(rng.choice([4.0, 8.0, 30.0]))
        check(cost, limit, cheapest(cost, limit))


@pytest.mark.parametrize("seed", range(150))
def test_up_to_thirty_two_faces_as_by_scipy(seed):
    """Uniform tables, and those of clustered faces whose detections all want the same few tracks."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 33, 2)
    cost = rng.uniform(0, 10, (rows, columns))
    if seed % 3 == 1:
        cost += rng.uniform(0, 30, columns)  # some columns are every row's favourites
    if seed % 3 == 2:
        places, found = rng.uniform(0, 6, (rows, 1)), rng.uniform(0, 6, columns)
        cost = np.square(places - found)
    cost[rng.random(cost.shape) < (0.0, 0.2, 0.7)[seed % 7 % 3]] = INF
    limit = (3.0, 9.0, 100.0)[seed % 5 % 3]
    table = np.where(cost < limit, cost - limit, 0.0)  # apart is free, what the limit forbids is apart
    check(cost, limit, table[linear_sum_assignment(table)].sum())


def check(cost, limit, least):
    pairs = assign(cost, limit)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(type(i) is type(j) is int and cost[i, j] < limit for i, j in pairs)
    assert total(cost, pairs, limit) == pytest.approx(least, abs=1e-9)


def test_faces_in_a_row_that_all_move_on_by_almost_one_place():
    """Each row's favourite is its left neighbour's place, the last's path runs through all the others."""
    n = 12
    cost = np.full((n, n), INF)
    for i in range(n):
        cost[i, max(i - 1, 0)], cost[i, i] = 1.0, 2.0
    assert sorted(assign(cost, 50.0)) == [(i, i) for i in range(n)]
