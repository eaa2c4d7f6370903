"""Fits the belt: where 80 % of a network's readings lie, by true age, see device/age/belt.py.

Faces are read as stored, bare, under a drawn mask and behind drawn dark glasses, so that the interval holds
in all three. Faces that the network has not learnt from count more: what it reads of them is what it will
read of anybody.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from device.age.belt import MAX_ERROR, MIN_ERROR, Belt
from device.age.network import AgeNet, flip_averaged
from models.data.datasets import is_validation, load
from models.evaluation.evaluate import stored
from models.evaluation.intervals import COVERS

AGES = (0, 2, 4, 7, 10, 13, 16, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100)  # years
QUANTILES = (0.1, 0.9)
KERNEL = 0.12  # of a knot's age: standard deviation of the weights around it, a year at least
MOST = 10_000  # learnt faces read; a minute of one core
NOT_LEARNT = 8.0  # weight of a face that the network has not learnt from
BARE = 2.0  # weight of an uncovered face, which most are


class Readings(NamedTuple):
    """What a network reads of faces of known age; arrays of one entry a reading, in years."""

    ages: np.ndarray
    readings: np.ndarray
    errors: np.ndarray  # that the network expects
    weights: np.ndarray


def read_faces(source: Path, model: str) -> tuple[Readings, bool]:
    """All readings of the training faces of `source`, and whether the network says what error it expects."""
    net, found = AgeNet(model), load(source).part("train")
    learnt = [face for face in found.faces if not is_validation(face)]
    kept = {face.path for face in learnt[:: len(learnt) // MOST + 1]}
    found.faces = [face for face in found.faces if face.path in kept or is_validation(face)]
    rng, rows = np.random.default_rng(0), []
    for face, picture in found.pictures():
        for name, cover in COVERS.items():
            said = flip_averaged(net, cover(rng, stored(picture).copy()))
            weight = (NOT_LEARNT if is_validation(face) else 1.0) * (BARE if name == "bare" else 1.0)
            rows.append((face.age, said.age, said.error, weight))
    return Readings(*np.array(rows).T), net.has_attributes


def fit_belt(seen: Readings, own: bool) -> Belt:
    """The belt of these readings; `own`: in units of what the network expects, otherwise in years."""
    off = (seen.readings - seen.ages) / (np.clip(seen.errors, MIN_ERROR, MAX_ERROR) if own else 1.0)
    edges = []
    for age in AGES:
        near = np.exp(-0.5 * ((seen.ages - age) / max(1.0, KERNEL * age)) ** 2) + 1e-6
        edges.append([weighted_quantile(off, seen.weights * near, share) for share in QUANTILES])
    low, high = zip(*edges, strict=True)
    return Belt(tuple(map(float, AGES)), low, high, own)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The value below which `share` of the weight lies, linear between two values."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(np.interp(share * reached[-1], reached - weights[order] / 2, values[order]))
