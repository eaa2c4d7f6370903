"""`python -m models noise`: fits the error model of single estimates, and writes it beside the network.

Training faces are simulated in scenes of one person each. What differs between the frames of a person is
frame noise: its variance is fitted as a function of the frame's quality, its time constant to the correlation
of neighbouring errors. The residual between a person's mean and their true age is the same on every frame.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from device.age.belt import Belt
from device.age.error_model import FILE_KEYS, KNOT, ErrorModel, features, noise_path, pose_change
from device.config.loader import defaults
from device.faces.quality import Quality
from models.tracks.actors import load_actors
from models.tracks.fit_belt import fit_belt, read_faces, weighted_quantile
from models.tracks.scenes import Scene, script
from models.tracks.simulator import play

KINDS = ("still", "lively", "approach")
SPACING = 0.1  # seconds between two frames of a person, as the device's scheduler takes them
SECONDS = 5.0  # of each person
LAGS = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 4.0)  # seconds
# the grid that `fit_correlation` searches
CORRELATIONS = tuple(i / 20 for i in range(1, 20))
TIMES_S = (0.2, 0.35, 0.6, 1.0, 1.7, 3.0, 5.0)
POSE_CHANGES = (0.05, 0.1, 0.2, 0.4, 0.8, 10.0)
MAX_RATIO = 9.0  # of a squared error to its variance; larger ones are clipped to it
KNOTS = 11  # of the tables by age: 0, 10, … 100 years
KERNEL_YEARS = 8.0  # standard deviation of the weights around a knot of the tables
REFERENCE_S = 1.5  # the reference appearance of a person is the mean over so many seconds
TYPICAL_ERROR = 5.0  # years that a network expects, for which the report says the interval
PRIOR_FACES = 6.0  # without bias, which regularise each knot


class Samples(NamedTuple):
    """All frames of all people: `person` int (n,), `t` seconds, `raw` estimates in years, `inputs` (n, k)."""

    person: np.ndarray
    t: np.ndarray
    raw: np.ndarray
    inputs: np.ndarray  # `device.age.error_model.features` of each frame
    quality: list[Quality]
    ages: np.ndarray  # of each person


def main(argv: list[str]) -> int:
    """Simulate, fit, write; 0. Raises DataError or ModelError for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models noise", description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder or zip of aged faces")
    parser.add_argument("--part", choices=("train", "validation", "all"), default="train")
    parser.add_argument("--model", default="age", help="a name of models/pins.json or a .tflite file")
    parser.add_argument("--people", type=int, default=500, help="faces to fit to; default %(default)s")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    observations = simulate(options)
    model = fit(observations, fit_belt(*read_faces(options.faces, options.model)))
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


def simulate(options: argparse.Namespace) -> Samples:
    """Simulate each face alone in one scene of a few seconds."""
    from device.age.network import AgeNet
    from device.faces.detector import FaceDetector

    actors = load_actors(options.faces, options.part, options.people)
    net, detector = AgeNet(options.model), FaceDetector(min_score=defaults().detector.min_score)
    return samples_of(
        [play(scene, actors, net, detector) for scene in solo_scenes(len(actors), options.seed)]
    )


def solo_scenes(actors: int, seed: int) -> list[Scene]:
    """A scene for each actor, of all the kinds that have one person."""
    alone = [scene for scene in script(2 * actors, actors, seed) if scene.kind in KINDS]
    scenes = [alone[i * len(alone) // actors] for i in range(actors)]
    return [
        scene._replace(fps=1 / SPACING, seconds=SECONDS, walkers=[scene.walkers[0]._replace(actor=i)])
        for i, scene in enumerate(scenes)
    ]


def samples_of(recordings: list) -> Samples:
    """The frames of all recordings that have a close-up."""
    person, t, raw, inputs, quality = [], [], [], [], []
    for number, recording in enumerate(recordings):
        for frame in recording.frames:
            for one in frame.observations:
                if one.close:
                    person.append(number)
                    t.append(frame.t)
                    raw.append(one.close.both.age)
                    inputs.append(features(one.close.quality, raw[-1]))
                    quality.append(one.close.quality)
    ages = np.array([recording.ages[0] for recording in recordings])
    return Samples(np.array(person), np.array(t), np.array(raw), np.array(inputs), quality, ages)


def fit(seen: Samples, belt: Belt, rounds: int = 4) -> ErrorModel:
    """The error model of these samples, with the belt of single faces."""
    log_variance = np.zeros(seen.inputs.shape[1])
    log_variance[0] = np.log(np.var(seen.raw - _means(seen, np.ones(len(seen.raw)), seen.raw)))
    for _ in range(rounds):
        weight = np.exp(-seen.inputs @ log_variance)
        error = seen.raw - _means(seen, weight, seen.raw)
        log_variance = fit_variance(seen.inputs, error**2, log_variance)
    scaled = error / np.exp(seen.inputs @ log_variance / 2)
    correlation, correlation_s, correlation_pose = fit_correlation(seen, scaled)
    people, estimates = _mean_by_person(seen, weight)
    bias_table = fit_bias(estimates, seen.ages[people])
    return ErrorModel(
        tuple(log_variance),
        correlation,
        correlation_s,
        correlation_pose,
        bias_table,
        belt,
        *fit_appearance(seen),
    )


def _means(seen: Samples, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each sample the weighted mean of `values`, (n,) or (n, k), over all samples of its person."""
    count = len(seen.ages)
    total = np.bincount(seen.person, weight, count)
    columns = values.reshape(len(values), -1).T
    sums = np.stack([np.bincount(seen.person, weight * column, count) for column in columns], axis=1)
    return (sums / np.maximum(total, 1e-12)[:, None])[seen.person].reshape(values.shape)


def _mean_by_person(seen: Samples, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The people who have samples, and the weighted mean of the estimates of each."""
    people, first = np.unique(seen.person, return_index=True)
    return people, _means(seen, weight, seen.raw)[first]


def fit_variance(inputs: np.ndarray, squares: np.ndarray, start: np.ndarray, rounds: int = 30) -> np.ndarray:
    """Log-linear variance by gamma regression, with squared errors clipped to `MAX_RATIO` variances."""
    weights = start.copy()
    normal = inputs.T @ inputs + 1e-2 * len(inputs) * np.eye(inputs.shape[1])
    for _ in range(rounds):
        ratio = np.minimum(squares * np.exp(-inputs @ weights), MAX_RATIO)
        weights = weights + 0.5 * np.linalg.solve(normal, inputs.T @ (ratio - 1))
    return weights


def fit_correlation(seen: Samples, scaled: np.ndarray) -> tuple[float, float, float]:
    """The correlation of neighbouring frames' errors, and how it decays in seconds and with change of pose.

    Half the mean squared difference of two errors is 1 − correlation · exp(−apart / seconds − change / pose).
    """
    rows = [
        (
            seen.t[b] - seen.t[a],
            pose_change(seen.quality[a], seen.quality[b]),
            min((scaled[a] - scaled[b]) ** 2 / 2, MAX_RATIO),
        )
        for a, b in _pairs(seen)
    ]
    apart, change, half_square = np.array(rows).T
    level = half_square[apart > 2.0].mean()

    def squared_error(correlation: float, seconds: float, pose: float) -> float:
        decay = np.exp(-apart / seconds - change / pose)
        return float(np.mean((half_square / level - 1 + correlation * decay) ** 2))

    return min(product(CORRELATIONS, TIMES_S, POSE_CHANGES), key=lambda tried: squared_error(*tried))


def _pairs(seen: Samples):
    """Pairs of samples of one person at about each of `LAGS`."""
    for begin, end in pairwise([*np.flatnonzero(np.diff(seen.person, prepend=-1)), len(seen.person)]):
        for lag in LAGS:
            for a in range(begin, end, 9):
                b = a + int(np.searchsorted(seen.t[a:end], seen.t[a] + lag - 1e-3))
                if b < end and seen.t[b] - seen.t[a] < lag + SPACING:
                    yield a, b


def fit_bias(estimates: np.ndarray, ages: np.ndarray) -> tuple[float, ...]:
    """The median true age by the network's mean for a person."""
    knots = KNOT * np.arange(KNOTS)
    bias_table = np.array([_median_age(knot, estimates, ages) for knot in knots])
    return tuple(np.maximum.accumulate(bias_table).tolist())


def _median_age(knot: float, estimates: np.ndarray, ages: np.ndarray) -> float:
    """The median true age at a knot: the knot plus the weighted median of age − estimate near it."""
    near = np.exp(-0.5 * ((estimates - knot) / KERNEL_YEARS) ** 2)
    excess = np.append(ages - estimates, np.zeros(1))
    return float(knot + weighted_quantile(excess, np.append(near, PRIOR_FACES), 0.5))


def fit_appearance(seen: Samples, rounds: int = 12) -> tuple[np.ndarray, np.ndarray, float]:
    """Logistic regression that tells another person's appearance from the same person's in later frames.

    Returns the scale of each number of the appearance (four variances of a person), the weights and the bias.
    """
    appearances = np.array([quality.appearance for quality in seen.quality])
    scale = 4 * np.square(appearances - _means(seen, np.ones(len(appearances)), appearances)).mean(axis=0)
    early = seen.t < REFERENCE_S
    reference = _means(seen, early + 1e-9, appearances)
    _, first = np.unique(seen.person, return_index=True)
    later = np.flatnonzero(seen.t > REFERENCE_S + 1)
    other_people = reference[np.random.default_rng(1).choice(first, len(later))]
    same, other = appearances[later] - reference[later], appearances[later] - other_people
    squares = np.square(np.concatenate([same, other]))
    x = squares / (squares + scale)
    x = np.column_stack([x, np.ones(len(x))])
    is_other_person = np.repeat([0.0, 1.0], len(later))
    weights = np.zeros(x.shape[1])
    ridge = 1e-3 * len(x) * np.diag([1.0] * (x.shape[1] - 1) + [0.0])
    for _ in range(rounds):
        probability = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (is_other_person - probability) - ridge @ weights
        weights += np.linalg.solve((x * (probability * (1 - probability))[:, None]).T @ x + ridge, gradient)
    return scale, weights[:-1], -float(weights[-1])


def write(path: Path, model: ErrorModel, made: dict) -> None:
    """Write the error model as JSON, beside the network it belongs to."""
    rounded = {FILE_KEYS.get(name, name): _rounded(value) for name, value in model._asdict().items()}
    text = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in (made | rounded).items())
    path.write_text("{\n" + text + "\n}\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, Belt):
        return {name: part if name == "own" else _rounded(part) for name, part in value._asdict().items()}
    return [round(float(v), 4) for v in value] if np.ndim(value) else round(value, 4)


def report(seen: Samples, model: ErrorModel) -> str:
    """The fitted error model as text."""
    sigma = np.exp(seen.inputs @ np.array(model.log_variance) / 2)
    names = (
        "good frame",
        "eye distance",
        "sharpness",
        "yaw",
        "low score",
        "brightness",
        "contrast",
        "age",
        "distance from 50",
    )
    low, median, high = np.percentile(sigma, (10, 50, 90))
    lines = [
        f"{len(seen.ages)} people, {len(seen.raw)} frames",
        f"standard deviation of one frame's error: {median:.2f} years ({low:.2f} to {high:.2f})",
        f"correlation {model.correlation:.2f}, falls to 1/e in {model.correlation_s:.2f} s "
        f"or with a change of pose of {model.correlation_pose:.2f}",
    ]
    pairs = zip(names, model.log_variance, strict=True)
    lines += [f"  {name:17} log variance {weight:+.2f}" for name, weight in pairs]
    for i, age in enumerate(model.bias_table):
        low, high = model.belt.interval(KNOT * i, TYPICAL_ERROR)
        lines.append(f"  estimated {KNOT * i:3.0f} years: truly {age:.1f}, 80 % from {low:.1f} to {high:.1f}")
    return "\n".join(lines)
