"""Batches of training faces, prepared ahead by one thread in an order that a seed fixes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np

AHEAD = 6  # batches that wait
PATIENCE = 120.0  # seconds without a batch after which training gives up

Draw = Callable[
    [int, np.random.Generator], tuple[np.ndarray, ...]
]  # face → crop, age, and what else it takes


def epoch(count: int, draw: Draw, size: int, seed: int, number: int) -> Iterator[tuple[np.ndarray, ...]]:
    """All of `count` faces once in random order, in whole batches; the same for the same seed and epoch.

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
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            if stopping.is_set():
                return
            drawn = [draw(int(i), rng) for i in order[start : start + size]]
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
