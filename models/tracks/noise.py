"""`python -m models noise`: learns how far single estimates are off, and writes it beside the model.

Training faces play in scenes of one person each. What differs between the frames of a person is frame noise:
its size is fitted as a function of the frame's quality, its memory from how alike neighbouring errors are.
What is left between a person's mean and their true age no number of frames can tell.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.noise import KNOT, NoiseModel, features, noise_path, pose_change
from models.tracks.actors import cast_of
from models.tracks.scenes import Scene, script
from models.tracks.stage import Sighting, play

KINDS = ("still", "lively", "approach")
SPACING = 0.1  # seconds between two frames of a person, as the device's scheduler takes them
LAGS = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0)  # seconds
CAP = 9.0  # squared errors count for at most so many variances
AGES = 11  # knots of the tables by age: 0, 10, … 100 years
WIDTH = 8.0  # years that a face counts for a knot of the tables, standard deviation
EVEN = 20.0  # how many faces on the diagonal steady each knot


class Observations(NamedTuple):
    """All frames of all people: `person` int (n,), `t` seconds, `raw` years, `given` (n, features)."""

    person: np.ndarray
    t: np.ndarray
    raw: np.ndarray
    given: np.ndarray
    sightings: list[Sighting]
    ages: np.ndarray  # of each person


def main(argv: list[str]) -> int:
    """Play, fit, write; 0."""
    parser = argparse.ArgumentParser(prog="python -m models noise", description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="a face set: a folder or zip with ages in its names")
    parser.add_argument("--part", choices=("train", "validation", "all"), default="train")
    parser.add_argument("--model", default="age", help="the age network: a name of models/pins.json or a .tflite file")
    parser.add_argument("--people", type=int, default=600, help="how many faces to learn from; default %(default)s")
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
    """Let each face play alone in one scene of five or ten seconds."""
    from device.age import AgeNet

    actors = cast_of(options.faces, options.part, options.people)
    net = AgeNet(options.model)
    return collect([play(scene, actors, net) for scene in solo(len(actors), options.seed)])


def solo(actors: int, seed: int) -> list[Scene]:
    """A scene of one person for each actor."""
    scenes = [scene for scene in script(2 * actors, actors, seed) if scene.kind in KINDS]
    return [
        scene._replace(seconds=min(scene.seconds, 10.0), walkers=[scene.walkers[0]._replace(actor=i)])
        for i, scene in enumerate(scenes[:actors])
    ]


def collect(films: list) -> Observations:
    """The frames of all scenes, as far apart as the device takes them."""
    person, t, raw, given, sightings = [], [], [], [], []
    for number, film in enumerate(films):
        due = 0.0
        for moment in film.moments:
            for one in moment.sightings:
                if one.person == 0 and moment.t >= due:
                    due = moment.t + SPACING - 1e-6
                    person.append(number)
                    t.append(moment.t)
                    raw.append(one.raw)
                    given.append(features(one.quality, one.raw))
                    sightings.append(one)
    ages = np.array([film.ages[0] for film in films])
    return Observations(np.array(person), np.array(t), np.array(raw), np.array(given), sightings, ages)


def fit(seen: Observations, rounds: int = 4) -> NoiseModel:
    """The noise model of these observations."""
    log_variance = np.zeros(seen.given.shape[1])
    log_variance[0] = np.log(np.var(seen.raw - _means(seen, np.ones(len(seen.raw)), seen.raw)))
    shift = np.zeros_like(log_variance)
    for _ in range(rounds):
        weight = np.exp(-seen.given @ log_variance)
        shift = fit_shift(seen, weight)
        level = seen.raw - seen.given @ shift
        error = level - _means(seen, weight, level)
        log_variance = fit_variance(seen.given, error**2, log_variance)
    scaled = error / np.exp(seen.given @ log_variance / 2)
    alike, memory_s, memory_pose = fit_memory(seen, scaled)
    people, estimates = _people(seen, weight, level)
    truth, unknown = fit_tables(estimates, seen.ages[people])
    within, between = fit_looks(seen)
    return NoiseModel(tuple(log_variance), tuple(shift), alike, memory_s, memory_pose, truth, unknown, within, between)


def _means(seen: Observations, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Each observation's own person's weighted mean of `values`, (n,) or (n, k)."""
    count = len(seen.ages)
    total = np.bincount(seen.person, weight, count)
    columns = values.reshape(len(values), -1)
    means = np.stack([np.bincount(seen.person, weight * c, count) / np.maximum(total, 1e-12) for c in columns.T], 1)
    return means[seen.person].reshape(values.shape)


def _people(seen: Observations, weight: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who was seen at all, and the network's weighted mean of each of them."""
    people, first = np.unique(seen.person, return_index=True)
    return people, _means(seen, weight, level)[first]


def fit_shift(seen: Observations, weight: np.ndarray) -> np.ndarray:
    """What quality alone makes of an estimate: regression of what differs within each person on what does."""
    given = seen.given.copy()
    given[:, -2:] = 0.0  # the estimate itself is no quality
    x = given - _means(seen, weight, given)
    y = seen.raw - _means(seen, weight, seen.raw)
    scale = np.sqrt(weight)
    lhs = (x * weight[:, None]).T @ x + 1e-3 * len(y) * weight.mean() * np.eye(x.shape[1])
    shift = np.linalg.solve(lhs, (x * scale[:, None]).T @ (y * scale))
    shift[0] = -float(np.median(given @ shift))  # the middle quality is what the tables by age are for
    return shift


def fit_variance(given: np.ndarray, squares: np.ndarray, start: np.ndarray, rounds: int = 30) -> np.ndarray:
    """Log-linear variance by a gamma regression, errors beyond `CAP` variances counted as that."""
    weights = start.copy()
    lhs = given.T @ given + 1e-2 * len(given) * np.eye(given.shape[1])
    for _ in range(rounds):
        ratio = np.minimum(squares * np.exp(-given @ weights), CAP)
        weights = weights + 0.5 * np.linalg.solve(lhs, given.T @ (ratio - 1))
    return weights


def fit_memory(seen: Observations, scaled: np.ndarray) -> tuple[float, float, float]:
    """The share of variance that neighbouring frames have in common, and how it fades with time and pose.

    Half the mean squared difference of two errors is 1 − alike · exp(−seconds / memory − change / pose).
    """
    apart, change, half = [], [], []
    for a, b in _pairs(seen):
        apart.append(seen.t[b] - seen.t[a])
        change.append(pose_change(seen.sightings[a].quality, seen.sightings[b].quality))
        half.append(min((scaled[a] - scaled[b]) ** 2 / 2, CAP))
    apart, change, half = np.array(apart), np.array(change), np.array(half)
    level = half[apart > 2.0].mean()
    best = min(
        ((np.mean((half / level - 1 + alike * np.exp(-apart / seconds - change / pose)) ** 2), alike, seconds, pose)
         for alike in np.arange(0.05, 1.0, 0.05)
         for seconds in (0.2, 0.35, 0.6, 1.0, 1.7, 3.0, 5.0)
         for pose in (0.05, 0.1, 0.2, 0.4, 0.8, 10.0)),
    )
    return tuple(float(v) for v in best[1:])


def _pairs(seen: Observations):
    """Pairs of observations of one person at about the lags wanted."""
    for begin, end in pairwise([*np.flatnonzero(np.diff(seen.person, prepend=-1)), len(seen.person)]):
        for lag in LAGS:
            for a in range(begin, end, 3):
                b = a + int(np.searchsorted(seen.t[a:end], seen.t[a] + lag - 1e-3))
                if b < end and seen.t[b] - seen.t[a] < lag + SPACING:
                    yield a, b


def fit_tables(estimates: np.ndarray, ages: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """By the network's mean of a person: the middle of the true ages, and half of the 80 % interval around it."""
    knots = KNOT * np.arange(AGES)
    truth = np.array([_middle(knot, estimates, ages) for knot in knots])
    truth = np.maximum.accumulate(truth)
    errors = np.abs(ages - np.interp(estimates, knots, truth))
    unknown = [_quantile(errors, np.exp(-0.5 * ((estimates - knot) / (1.5 * WIDTH)) ** 2) + 1e-3, 0.8) for knot in knots]
    return tuple(truth), tuple(float(v) for v in unknown)


def _middle(knot: float, estimates: np.ndarray, ages: np.ndarray) -> float:
    """The weighted median of what the ages exceed the estimates by, near a knot; with `EVEN` faces at none."""
    near = np.exp(-0.5 * ((estimates - knot) / WIDTH) ** 2)
    excess = np.append(ages - estimates, np.zeros(1))
    return float(knot + _quantile(excess, np.append(near, EVEN), 0.5))


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(np.interp(share * reached[-1], reached - weights[order] / 2, values[order]))


def fit_looks(seen: Observations) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Variance of each number of the look within a person and between persons."""
    looks = np.array([one.quality.look for one in seen.sightings])
    means = _means(seen, np.ones(len(looks)), looks)
    within = np.square(looks - means).mean(axis=0)
    _, first = np.unique(seen.person, return_index=True)
    return tuple(within.tolist()), tuple(means[first].var(axis=0).tolist())


def write(path: Path, model: NoiseModel, made: dict) -> None:
    """The model as JSON, beside the network it belongs to."""
    rounded = {name: [round(float(v), 4) for v in value] if isinstance(value, tuple) else round(value, 4)
               for name, value in model._asdict().items()}
    text = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in (made | rounded).items())
    path.write_text("{\n" + text + "\n}\n")


def report(seen: Observations, model: NoiseModel) -> str:
    """What was learnt, for a person to look at."""
    sigma = np.exp(seen.given @ np.array(model.log_variance) / 2)
    names = ("good frame", "distance", "sharpness", "yaw", "low score", "brightness", "contrast", "age", "far from 50")
    lines = [f"{len(seen.ages)} people, {len(seen.raw)} frames; one frame's error {np.median(sigma):.2f} years "
             f"({np.percentile(sigma, 10):.2f} to {np.percentile(sigma, 90):.2f})",
             f"alike {model.alike:.2f}, fading in {model.memory_s:.2f} s or with a change of {model.memory_pose:.2f}"]
    lines += [f"  {name:12} log variance {v:+.2f}  shift {s:+.2f} years"
              for name, v, s in zip(names, model.log_variance, model.shift, strict=True)]
    lines.append("by age: " + ", ".join(f"{KNOT * i:.0f}: {t:.1f} ± {u:.1f}"
                                        for i, (t, u) in enumerate(zip(model.truth, model.unknown, strict=True))))
    return "\n".join(lines)
