"""Batches of training faces, prepared ahead by one thread in an order that a seed fixes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np

AHEAD = 6  # batches that wait
PATIENCE = 120.0  # seconds without a batch after which training gives up
BALANCE_MAX_AGE = 25  # years above which weights no longer grow; the old would pull up all estimates
OLD_AGE = 40  # years from which faces are a third of all and half of the error
AGE_KERNEL_STD = 2.0  # years, of the kernel of the density of ages

# face → crop, age, and the model's other targets
Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, ...]]


def sampling_weights(ages: np.ndarray, balance: float, old: float = 1.0) -> np.ndarray:
    """The sampling weight of each face, (n,) with a sum of 1; faces of frequent ages get less.

    A weight falls with the density of faces of nearly the same age (`ages`: years, (n,)) to the power of
    `balance`: 0 weights all faces equally, 1 all ages up to `BALANCE_MAX_AGE`. Faces of `OLD_AGE` years
    and over get `old` times the weight.
    """
    years = np.arange(int(ages.max()) + 1)
    kernel = np.exp(-((years[:, None] - ages[None]) ** 2) / (2 * AGE_KERNEL_STD**2))
    density = kernel.sum(1)
    floor = density[BALANCE_MAX_AGE : BALANCE_MAX_AGE + 1].sum()  # 0 where nobody is as old
    density[BALANCE_MAX_AGE:] = np.maximum(density[BALANCE_MAX_AGE:], floor)
    weights = density[ages.astype(int)] ** -balance * np.where(ages >= OLD_AGE, old, 1.0)
    return weights / weights.sum()


def order(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many faces as there are, by their weights, in random order; equal weights give every face once."""
    count = len(weights)
    places = (rng.random() + np.arange(count)) / count  # systematic resampling
    return rng.permutation(np.minimum(np.searchsorted(np.cumsum(weights), places), count - 1))


def epoch(
    weights: np.ndarray, draw: Draw, size: int, seed: int, number: int
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
        faces = order(weights, rng)
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
