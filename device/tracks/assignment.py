"""Optimal assignment of tracks to detections: Jonker and Volgenant's shortest augmenting paths.

A solver in plain Python, because SciPy's costs the device 30 MiB and a frame holds 32 faces at most.
Most rows of a gated cost table agree at once on their cheapest column; only the contested ones search.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INFINITY = float("inf")


def assign(cost: NDArray[np.float64], limit: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost, where leaving a row and a column apart costs `limit`.

    `cost` is float (rows, columns), any numbers, infinity included; no pair of cost `limit` or more is made.
    Exact: minimises Σ (cost − limit) over all sets of pairs in which each row and column occurs once at most.
    """
    if not cost.size:
        return []
    cheapest: list[int] = cost.argmin(axis=1).tolist()
    pairs = [(i, j) for i, j in enumerate(cheapest) if cost[i, j] < limit]
    if len({j for _, j in pairs}) == len(pairs):
        return pairs  # each row has its cheapest column for itself
    allowed = cost < limit
    rows = np.flatnonzero(allowed.any(axis=1))
    columns = np.flatnonzero(allowed.any(axis=0))
    table = np.minimum(cost[np.ix_(rows, columns)], limit)
    transposed = len(rows) > len(columns)
    chosen = _solve((table.T if transposed else table).tolist())
    pairs = [(j, i) if transposed else (i, j) for i, j in enumerate(chosen)]
    found = [(int(rows[i]), int(columns[j])) for i, j in pairs]
    return [(i, j) for i, j in found if allowed[i, j]]


def _solve(cost: list[list[float]]) -> list[int]:
    """The column of each row in the cheapest full assignment; there are at least as many columns as rows."""
    columns = range(len(cost[0]))
    row_of = [-1] * len(columns)
    column_of = [-1] * len(cost)
    row_price = [min(row) for row in cost]
    column_price = [0.0] * len(columns)
    contested = []
    for i, costs in enumerate(cost):
        j = costs.index(row_price[i])
        if row_of[j] < 0:
            row_of[j], column_of[i] = i, j
        else:
            contested.append(i)
    for start in contested:
        distance = [INFINITY] * len(columns)
        came_from = [start] * len(columns)
        scanned: list[int] = []
        unscanned = list(columns)
        row, base = start, 0.0
        while True:  # Dijkstra over reduced costs, until a free column is the nearest
            costs, price = cost[row], row_price[row]
            nearest, nearest_distance = -1, INFINITY
            for j in unscanned:
                reach = base + costs[j] - price - column_price[j]
                if reach < distance[j]:
                    distance[j], came_from[j] = reach, row
                if distance[j] < nearest_distance:
                    nearest, nearest_distance = j, distance[j]
            base = nearest_distance
            if row_of[nearest] < 0:
                break
            unscanned.remove(nearest)
            scanned.append(nearest)
            row = row_of[nearest]
        row_price[start] += base
        for j in scanned:
            column_price[j] -= base - distance[j]
            row_price[row_of[j]] += base - distance[j]
        column = nearest
        while True:  # augment along the path: each row on it takes the column it was reached by
            row = came_from[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
            if row == start:
                break
    return column_of
