"""What the detector's network learns from, as arrays: one sample, and files of many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from device.faces.detector import anchor_centres

SIDE = 128  # pixels of the network's square
ANCHORS = anchor_centres(SIDE, ((8, 2), (16, 6))) * SIDE
MOST = 64  # anchors of one picture that answer for a face


class Sample(NamedTuple):
    """What the network is shown, uint8 RGB (128, 128, 3), and what it should say of it."""

    pixels: np.ndarray
    chances: np.ndarray  # float16 (896,): of a face at each anchor; NaN: whatever it says is right
    anchors: np.ndarray  # int16 (64,): those that answer for a face; −1 behind the last one
    places: np.ndarray  # float16 (64, 17): their 16 values in pixels, and the face's width


class Samples(NamedTuple):
    """Many samples: each field of `Sample` as one array, mapped from a file."""

    pixels: np.ndarray
    chances: np.ndarray
    anchors: np.ndarray
    places: np.ndarray


FIELDS = {
    "pixels": (np.uint8, (SIDE, SIDE, 3)),
    "chances": (np.float16, (len(ANCHORS),)),
    "anchors": (np.int16, (MOST,)),
    "places": (np.float16, (MOST, 17)),
}


def write_samples(draw: Callable[[np.random.Generator], Sample], count: int, seed: int, folder: Path) -> None:
    """Have `draw` make so many samples, kept in the folder; it has its name only when all are there."""
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    kept = {
        name: np.lib.format.open_memmap(part / f"{name}.npy", "w+", dtype, (count, *shape))
        for name, (dtype, shape) in FIELDS.items()
    }
    rng = np.random.default_rng(seed)
    for i in tqdm(range(count), desc="samples", disable=None):
        for name, value in draw(rng)._asdict().items():
            kept[name][i] = value
    for array in kept.values():
        array.flush()
    part.rename(folder)


def read_samples(folder: Path) -> Samples:
    """What `write_samples` wrote."""
    return Samples(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in FIELDS))
