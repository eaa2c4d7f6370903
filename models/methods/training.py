"""A row trained: its network learns from the shared faces, by the loop that trains what ships."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras: see torch_kernels.py

import numpy as np
import torch

from device.files import replacing
from models.data import augment
from models.evaluation.evaluate import labels_of
from models.methods.faces import TESTS, Faces, read_test
from models.methods.learner import Learner
from models.methods.networks import multiply_adds
from models.methods.recipe import RANDOM, Recipe
from models.methods.run_files import FLOAT, RECIPE, WEIGHTS
from models.network import twin
from models.training.checkpoint import averaged
from models.training.processor import DEVICE
from models.training.split import Course
from models.training.student import begin_as, seed_all
from models.training.train import predict, train


def train_row(recipe: Recipe, seed: int, folder: Path, others: dict[str, Path], cache: Path) -> None:
    """Train one row with one seed into `folder`; goes on after the last whole epoch.

    `others`: the folders of the rows it needs, by name. `cache`: of the shared faces.
    """
    torch.set_num_threads(threads())
    seed_all(seed)
    faces = Faces.read(cache)
    model = Learner(recipe, _teacher(recipe.teacher, recipe, others), _teacher(recipe.hinted, recipe, others))
    model.begin_at(float(faces.labels.mean()))
    _begin(model, recipe, others)
    settings = {
        **{name: getattr(recipe.protocol, name) for name in recipe.protocol.__dataclass_fields__},
        "seed": seed, "balance": 0.0, "phase": f"{recipe.name}, seed {seed}",
    }  # fmt: skip
    every = np.zeros(len(faces.labels), np.float32)  # each face comes up once an epoch
    held = {"stored": np.array(faces.stored), "aligned": np.array(faces.aligned)}
    course = Course(every, lambda i, rng: draw(faces, recipe, i, rng), held, np.asarray(faces.held))
    started = time.process_time()
    train(model, settings, course, folder)
    spent = time.process_time() - started
    averaged(model, folder)
    said = {
        "parameters": model.net.count_params(),
        "multiply_adds": multiply_adds(model.net),
        "cpu_seconds": round(spent),  # of this process's epochs; those before an interruption are in the log
    }
    if recipe.scored:
        said["float"] = {name: in_float(model, cache, name) for name in TESTS}
    model.net.save_weights(folder / f"part.{WEIGHTS}")
    (folder / f"part.{WEIGHTS}").replace(folder / WEIGHTS)
    with replacing(folder / FLOAT) as part:
        part.write_text(json.dumps(said))


def threads() -> int:
    """How many threads a run may use: its share of the processors, which the schedule set."""
    return int(os.environ.get("OMP_NUM_THREADS", 1))


def draw(faces: Faces, recipe: Recipe, i: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Face i in one of its versions, either way round: crop, label, and what teachers see."""
    crop = np.asarray(faces.versions[i, rng.integers(faces.versions.shape[1])])
    crop = np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop
    if not recipe.cover:
        return crop, faces.labels[i]
    covered = crop.copy()
    if rng.random() < recipe.cover:
        covered = (augment.mask if rng.random() < 0.5 else augment.glasses)(rng, covered)
    return (covered, faces.labels[i], crop) if recipe.teacher else (covered, faces.labels[i])


def in_float(model: Learner, cache: Path, name: str) -> float | None:
    """The float network's mean absolute error on a test's faces; None where there is no such test."""
    test = read_test(cache, name)
    if test is None:
        return None
    return round(float(np.abs(predict(model, test[1]) - labels_of(test[0])).mean()), 3)


def trained(folder: Path) -> Learner:
    """The row whose training is in `folder`, with its averaged weights."""
    recipe = Recipe.from_dict(json.loads((folder / RECIPE).read_text())["recipe"])
    model = Learner(recipe)
    model.net.load_weights(folder / WEIGHTS)
    return model.to(DEVICE)


def _teacher(name: str | None, recipe: Recipe, others: dict[str, Path]) -> Learner | None:
    """The row that teaches; RANDOM is the row's own form, as it was before it learnt anything."""
    if name == RANDOM:
        return Learner(replace(recipe, teacher=None, hinted=None)).to(DEVICE)
    return trained(others[name]) if name else None


def _begin(model: Learner, recipe: Recipe, others: dict[str, Path]) -> None:
    """Give the network the weights of the rows it begins with."""
    before = [trained(others[name]).net for name in recipe.begins]
    if recipe.network["name"] == "twin":
        twin.begin_as(model.net, before)
    elif before:
        begin_as(model.net, before[0])
