"""Batches of training faces, prepared ahead by one thread in an order that a seed fixes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.faces import FaceBank, training_pair

AHEAD = 6  # batches that wait
PATIENCE = 60.0  # seconds without a batch after which training gives up


@dataclass(frozen=True, slots=True)
class Batch:
    """Faces for the teacher and disturbed ones for the student, uint8 RGB (n, 64, 64, 3); ages (n,)."""

    clean: np.ndarray
    disturbed: np.ndarray
    ages: np.ndarray


def same_photographs(banks: list[FaceBank]) -> list[list[tuple[FaceBank, int]]]:
    """The faces of several banks, each with all its versions: one photograph in two resolutions is one face."""
    versions: dict[object, list[tuple[FaceBank, int]]] = {}
    for bank in banks:
        for i, face in enumerate(bank.faces):
            versions.setdefault((face.subject or face.path, face.age), []).append((bank, i))
    return list(versions.values())


def epoch(
    faces: list[list[tuple[FaceBank, int]]], size: int, seed: int, number: int, cover: float
) -> Iterator[Batch]:
    """All faces once in random order, in whole batches; the same for the same seed and epoch number."""
    ready: queue.Queue[Batch | None] = queue.Queue(AHEAD)
    stopping = threading.Event()

    def put(item: Batch | None) -> None:
        while not stopping.is_set():
            try:
                return ready.put(item, timeout=1.0)
            except queue.Full:
                continue

    def prepare() -> None:
        rng = np.random.default_rng((seed, number))
        order = rng.permutation(len(faces))
        for start in range(0, len(order) - size + 1, size):
            if stopping.is_set():
                return
            chosen = [faces[i][rng.integers(len(faces[i]))] for i in order[start : start + size]]
            pairs = [training_pair(bank, i, rng, cover) for bank, i in chosen]
            ages = np.array([bank.faces[i].age for bank, i in chosen], np.float32)
            put(Batch(np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs]), ages))
        put(None)

    worker = threading.Thread(target=prepare, name="batches", daemon=True)
    worker.start()
    try:
        while (batch := ready.get(timeout=PATIENCE)) is not None:
            yield batch
    finally:
        stopping.set()
        worker.join(timeout=5.0)
