"""`python -m models noise`: learns how far single estimates are off, and writes it beside the model.

Training faces play in scenes of one person each. What differs between the frames of a person is frame noise:
its size is fitted as a function of the frame's quality, its memory from how alike neighbouring errors are.
What is left between a person's mean and their true age no number of frames can tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.age.error_model import FILE_KEYS, KNOT, ErrorModel, features, noise_path, pose_change
from device.config.loader import defaults
from device.faces.quality import Quality
from models.tracks.actors import cast_of
from models.tracks.scenes import Scene, script
from models.tracks.simulator import play

KINDS = ("still", "lively", "approach")
SPACING = 0.1  # seconds between two frames of a person, as the device's scheduler takes them
SECONDS = 5.0  # of each person
LAGS = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 4.0)  # seconds
ALIKE = tuple(i / 20 for i in range(1, 20))  # what `fit_memory` tries
MEMORIES = (0.2, 0.35, 0.6, 1.0, 1.7, 3.0, 5.0)  # seconds
POSES = (0.05, 0.1, 0.2, 0.4, 0.8, 10.0)
CAP = 9.0  # squared errors count for at most so many variances
AGES = 11  # knots of the tables by age: 0, 10, … 100 years
WIDTH = 8.0  # years that a face counts for a knot of the tables, standard deviation
FIRST_LOOKS_S = 1.5  # how a person usually looks is learnt in so many seconds
EVEN = 6.0  # how many faces on the diagonal steady each knot


class Observations(NamedTuple):
    """All frames of all people: `person` int (n,), `t` seconds, `raw` years, `given` (n, features)."""

    person: np.ndarray
    t: np.ndarray
    raw: np.ndarray
    given: np.ndarray
    quality: list[Quality]
    ages: np.ndarray  # of each person


def main(argv: list[str]) -> int:
    """Play, fit, write; 0."""
    parser = argparse.ArgumentParser(prog="python -m models noise", description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder or zip of aged faces")
    parser.add_argument("--part", choices=("train", "validation", "all"), default="train")
    parser.add_argument("--model", default="age", help="a name of models/pins.json or a .tflite file")
    parser.add_argument("--people", type=int, default=500, help="faces to learn from; default %(default)s")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    observations = observe(options)
    model = fit(observations)
    path = noise_path(options.model)
    net_path = path.with_name(path.name.replace(".noise.json", ".tflite"))
    made = {
        "made_by": f"python -m models noise --model {options.model} --part {options.part} "
        f"--people {options.people} --seed {options.seed}",
        "model_sha256": hashlib.sha256(net_path.read_bytes()).hexdigest(),
        "people": len(observations.ages),
        "frames": len(observations.raw),
    }
    write(path, model, made)
    print(report(observations, model))
    return 0


def observe(options: argparse.Namespace) -> Observations:
    """Let each face play alone in one scene of a few seconds."""
    from device.age.network import AgeNet
    from device.faces.detector import FaceDetector

    actors = cast_of(options.faces, options.part, options.people)
    net, detector = AgeNet(options.model), FaceDetector(min_score=defaults().detector.min_score)
    return collect([play(scene, actors, net, detector) for scene in solo(len(actors), options.seed)])


def solo(actors: int, seed: int) -> list[Scene]:
    """A scene of one person for each actor, of all the kinds that have one."""
    alone = [scene for scene in script(2 * actors, actors, seed) if scene.kind in KINDS]
    scenes = [alone[i * len(alone) // actors] for i in range(actors)]
    return [
        scene._replace(fps=1 / SPACING, seconds=SECONDS, walkers=[scene.walkers[0]._replace(actor=i)])
        for i, scene in enumerate(scenes)
    ]


def collect(films: list) -> Observations:
    """The frames of all scenes."""
    person, t, raw, given, quality = [], [], [], [], []
    for number, film in enumerate(films):
        for moment in film.moments:
            for one in moment.sightings:
                if one.close:
                    person.append(number)
                    t.append(moment.t)
                    raw.append(one.close.raw)
                    given.append(features(one.close.quality, one.close.raw))
                    quality.append(one.close.quality)
    ages = np.array([film.ages[0] for film in films])
    return Observations(np.array(person), np.array(t), np.array(raw), np.array(given), quality, ages)


def fit(seen: Observations, rounds: int = 4) -> ErrorModel:
    """The noise model of these observations."""
    log_variance = np.zeros(seen.given.shape[1])
    log_variance[0] = np.log(np.var(seen.raw - _means(seen, np.ones(len(seen.raw)), seen.raw)))
    for _ in range(rounds):
        weight = np.exp(-seen.given @ log_variance)
        error = seen.raw - _means(seen, weight, seen.raw)
        log_variance = fit_variance(seen.given, error**2, log_variance)
    scaled = error / np.exp(seen.given @ log_variance / 2)
    alike, memory_s, memory_pose = fit_memory(seen, scaled)
    people, estimates = _people(seen, weight)
    truth, unknown = fit_tables(estimates, seen.ages[people])
    return ErrorModel(tuple(log_variance), alike, memory_s, memory_pose, truth, unknown, *fit_looks(seen))


def _means(seen: Observations, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Each observation's own person's weighted mean of `values`, (n,) or (n, k)."""
    count = len(seen.ages)
    total = np.bincount(seen.person, weight, count)
    columns = values.reshape(len(values), -1).T
    sums = np.stack([np.bincount(seen.person, weight * column, count) for column in columns], axis=1)
    return (sums / np.maximum(total, 1e-12)[:, None])[seen.person].reshape(values.shape)


def _people(seen: Observations, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who was seen at all, and the network's weighted mean of each of them."""
    people, first = np.unique(seen.person, return_index=True)
    return people, _means(seen, weight, seen.raw)[first]


def fit_variance(given: np.ndarray, squares: np.ndarray, start: np.ndarray, rounds: int = 30) -> np.ndarray:
    """Log-linear variance by a gamma regression, errors beyond `CAP` variances counted as that."""
    weights = start.copy()
    lhs = given.T @ given + 1e-2 * len(given) * np.eye(given.shape[1])
    for _ in range(rounds):
        ratio = np.minimum(squares * np.exp(-given @ weights), CAP)
        weights = weights + 0.5 * np.linalg.solve(lhs, given.T @ (ratio - 1))
    return weights


def fit_memory(seen: Observations, scaled: np.ndarray) -> tuple[float, float, float]:
    """The share of variance that neighbouring frames have in common, its memory in seconds and in pose.

    Half the mean squared difference of two errors is 1 − alike · exp(−seconds / memory − change / pose).
    """
    rows = [
        (
            seen.t[b] - seen.t[a],
            pose_change(seen.quality[a], seen.quality[b]),
            min((scaled[a] - scaled[b]) ** 2 / 2, CAP),
        )
        for a, b in _pairs(seen)
    ]
    apart, change, half = np.array(rows).T
    level = half[apart > 2.0].mean()

    def misfit(alike: float, memory: float, pose: float) -> float:
        return float(np.mean((half / level - 1 + alike * np.exp(-apart / memory - change / pose)) ** 2))

    return min(product(ALIKE, MEMORIES, POSES), key=lambda tried: misfit(*tried))


def _pairs(seen: Observations):
    """Pairs of observations of one person at about the lags wanted."""
    for begin, end in pairwise([*np.flatnonzero(np.diff(seen.person, prepend=-1)), len(seen.person)]):
        for lag in LAGS:
            for a in range(begin, end, 9):
                b = a + int(np.searchsorted(seen.t[a:end], seen.t[a] + lag - 1e-3))
                if b < end and seen.t[b] - seen.t[a] < lag + SPACING:
                    yield a, b


def fit_tables(estimates: np.ndarray, ages: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """By the network's mean of a person: the middle of the true ages, and half of their 80 % interval."""
    knots = KNOT * np.arange(AGES)
    truth = np.array([_middle(knot, estimates, ages) for knot in knots])
    truth = np.maximum.accumulate(truth)
    errors = np.abs(ages - np.interp(estimates, knots, truth))
    near = np.exp(-0.5 * ((estimates - knots[:, None]) / (1.5 * WIDTH)) ** 2) + 1e-3
    return tuple(truth.tolist()), tuple(_quantile(errors, weights, 0.8) for weights in near)


def _middle(knot: float, estimates: np.ndarray, ages: np.ndarray) -> float:
    """A knot and the weighted median of what ages near it exceed estimates by, with `EVEN` faces at none."""
    near = np.exp(-0.5 * ((estimates - knot) / WIDTH) ** 2)
    excess = np.append(ages - estimates, np.zeros(1))
    return float(knot + _quantile(excess, np.append(near, EVEN), 0.5))


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(np.interp(share * reached[-1], reached - weights[order] / 2, values[order]))


def fit_looks(seen: Observations, rounds: int = 12) -> tuple[np.ndarray, np.ndarray, float]:
    """Logistic regression that tells another person's looks from one's own of later frames.

    Returns the scale of each number of the look (four variances of a person), the weights and their even sum.
    """
    looks = np.array([quality.appearance for quality in seen.quality])
    scale = 4 * np.square(looks - _means(seen, np.ones(len(looks)), looks)).mean(axis=0)
    early = seen.t < FIRST_LOOKS_S
    usual = _means(seen, early + 1e-9, looks)
    _, first = np.unique(seen.person, return_index=True)
    later = np.flatnonzero(seen.t > FIRST_LOOKS_S + 1)
    others = usual[np.random.default_rng(1).choice(first, len(later))]
    apart = np.square(np.concatenate([looks[later] - usual[later], looks[later] - others]))
    x = apart / (apart + scale)
    x = np.column_stack([x, np.ones(len(x))])
    is_other = np.repeat([0.0, 1.0], len(later))
    weights = np.zeros(x.shape[1])
    keep = 1e-3 * len(x) * np.diag([1.0] * (x.shape[1] - 1) + [0.0])
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (is_other - chance) - keep @ weights
        weights += np.linalg.solve((x * (chance * (1 - chance))[:, None]).T @ x + keep, slope)
    return scale, weights[:-1], -float(weights[-1])


def write(path: Path, model: ErrorModel, made: dict) -> None:
    """The model as JSON, beside the network it belongs to."""
    rounded = {
        FILE_KEYS.get(name, name): [round(float(v), 4) for v in value] if np.ndim(value) else round(value, 4)
        for name, value in model._asdict().items()
    }
    text = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in (made | rounded).items())
    path.write_text("{\n" + text + "\n}\n")


def report(seen: Observations, model: ErrorModel) -> str:
    """What was learnt, for a person to look at."""
    sigma = np.exp(seen.given @ np.array(model.log_variance) / 2)
    names = (
        "good frame",
        "nearness",
        "sharpness",
        "yaw",
        "low score",
        "brightness",
        "contrast",
        "age",
        "far from 50",
    )
    low, middle, high = np.percentile(sigma, (10, 50, 90))
    lines = [
        f"{len(seen.ages)} people, {len(seen.raw)} frames",
        f"one frame's error: {middle:.2f} years ({low:.2f} to {high:.2f})",
        f"correlation {model.correlation:.2f}, for {model.correlation_s:.2f} s "
        f"or a change of pose of {model.correlation_pose:.2f}",
    ]
    pairs = zip(names, model.log_variance, strict=True)
    lines += [f"  {name:12} log variance {weight:+.2f}" for name, weight in pairs]
    for i, (middle, half) in enumerate(zip(model.bias_table, model.residual_spread, strict=True)):
        lines.append(f"  {KNOT * i:3.0f} years said: {middle:.1f} ± {half:.1f}")
    return "\n".join(lines)
