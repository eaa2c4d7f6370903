"""Batches of training faces, prepared ahead by one thread in an order that a seed fixes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np

AHEAD = 6  # batches that wait
PATIENCE = 120.0  # seconds without a batch after which training gives up
GROWN = 25  # years: who is older comes up no further; the old would pull up everybody's estimates
OLD = 40  # years from which faces are a third of all and half of the error
CLOSE = 2.0  # years within which ages are nearly the same, standard deviation

Draw = Callable[
    [int, np.random.Generator], tuple[np.ndarray, ...]
]  # face → crop, age, and what else it takes


def shares(ages: np.ndarray, balance: float, old: float = 1.0) -> np.ndarray:
    """How often each face is to be shown, (n,) with a sum of 1, so that frequent ages count for less.

    A face's share falls with how many of nearly its age there are (`ages`: years, (n,)), to the power of
    `balance`: 0 shows every face as often, 1 every age up to `GROWN`. Those of `OLD` years and over
    come up `old` times as often.
    """
    years = np.arange(int(ages.max()) + 1)
    bell = np.exp(-((years[:, None] - ages[None]) ** 2) / (2 * CLOSE**2))
    crowd = bell.sum(1)
    crowd[GROWN:] = np.maximum(crowd[GROWN:], crowd[GROWN : GROWN + 1].sum())
    weights = crowd[ages.astype(int)] ** -balance * np.where(ages >= OLD, old, 1.0)
    return weights / weights.sum()


def order(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many faces as there are, each by its share, in random order; equal shares give every face once."""
    count = len(shares)
    places = (rng.random() + np.arange(count)) / count  # systematic resampling
    return rng.permutation(np.minimum(np.searchsorted(np.cumsum(shares), places), count - 1))


def epoch(
    shares: np.ndarray, draw: Draw, size: int, seed: int, number: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """One epoch's faces in random order, in whole batches; the same for the same seed and epoch.

    A batch is what `draw` gives for each of its faces, stacked.
    """
    ready: queue.Queue[tuple[np.ndarray, ...] | None] = queue.Queue(AHEAD)
    stopping = threading.Event()

    def put(item: tuple[np.ndarray, ...] | None) -> None:
        while not stopping.is_set():
            try:
                return ready.put(item, timeout=1.0)
            except queue.Full:
                continue

    def prepare() -> None:
        rng = np.random.default_rng((seed, number))
        faces = order(shares, rng)
        for start in range(0, len(faces) - size + 1, size):
            if stopping.is_set():
                return
            drawn = [draw(int(i), rng) for i in faces[start : start + size]]
            put(tuple(np.stack(column) for column in zip(*drawn, strict=True)))
        put(None)

    worker = threading.Thread(target=prepare, name="batches", daemon=True)
    worker.start()
    try:
        while (batch := ready.get(timeout=PATIENCE)) is not None:
            yield batch
    finally:
        stopping.set()
        worker.join(timeout=5.0)
