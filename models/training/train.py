"""Training: one command, resumable after any epoch, for SSR-Net and for its teacher."""

from __future__ import annotations

import math
import os
import shutil
import time
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras: see torch_kernels.py

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from models.data import augment
from models.data.batches import epoch, shares
from models.data.datasets import DataError, load
from models.training import distillation, teacher
from models.training.checkpoint import averaged, restore, save
from models.training.dead_units import reinitialise_dead_units
from models.training.ema import Average
from models.training.net2net import widen
from models.training.split import Course, read_banks, split, with_held
from models.training.student import Student, seed_all, trained

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pixels(crops: np.ndarray) -> torch.Tensor:
    """uint8 (n, 64, 64, 3) as float (n, 3, 64, 64), 0–255, channels last in memory."""
    return torch.from_numpy(crops).to(DEVICE).permute(0, 3, 1, 2).float()


def predict(model: nn.Module, crops: np.ndarray) -> np.ndarray:
    """Ages of crops uint8 (n, 64, 64, 3), clipped to 0…101 years."""
    model.eval()
    with torch.no_grad():
        parts = [model(part)[0] for part in pixels(crops).split(128)]
    return torch.cat(parts).clamp(0, 101).cpu().numpy()


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
    shown = shares(course.learnt, settings["balance"])
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
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=settings["bfloat16"]):
            loss = model.loss(pixels(crops), *(torch.from_numpy(t).to(DEVICE) for t in targets))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        average.update(model)
        losses.append(loss.item())
    return float(np.mean(losses))


def train_teacher(settings: dict, sources: list[str], out: Path, published: Path) -> None:
    """Teach the published teacher further, and keep its averaged weights as out/teacher.pt."""
    faces, held = split(read_banks(sources))
    ages = distillation.true_ages(faces)

    def draw(i: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        clean = distillation.place(faces[i], rng)
        crop = augment.covered(rng, clean) if rng.random() < settings["cover"] else clean
        return augment.camera(rng, crop), ages[i], clean

    model = teacher.InTraining(published, settings["remember"])
    train(model, settings, with_held(ages, draw, held), out)
    averaged(model, out)
    torch.save(model.net.state_dict(), out / "teacher.pt")


def train_student(settings: dict, sources: list[str], out: Path, weights: Path, published: Path) -> None:
    """Train SSR-Net under the teachers, and keep its averaged weights as out/NAME.weights.h5."""
    faces, held = split(read_banks(sources))
    folder = weights.parent / "lessons"
    if not folder.exists():
        guide = teacher.Teacher()
        guide.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        teach = partial(teacher.teach, guide.eval(), teacher.published(published).eval())
        distillation.write_lessons(faces, teach, folder, settings["seed"])
    taught = distillation.read_lessons(folder)
    if len(taught.ages) != len(faces):
        raise DataError(
            f"{folder}: lessons for {len(taught.ages)} faces, the data has {len(faces)}; remove it"
        )
    (out / "data.txt").write_text(" ".join(load(source).part("train").fingerprint() for source in sources))

    model = Student(settings)
    if "widened_from" in settings:
        widen(trained(settings["widened_from"]), model.net, settings["seed"])
    course = with_held(np.asarray(taught.ages), taught.draw, held)
    for number, phase in enumerate(settings["phases"], start=1):
        together = settings | phase
        folder = out / f"phase{number}"
        folder.mkdir(exist_ok=True)
        model.leak, model.dropout = phase.get("leak", 0.0), phase.get("dropout", True)
        if phase.get("revive") and not (folder / "checkpoint.pt").exists():
            sample = np.ascontiguousarray(taught.crops[:: len(faces) // 500 or 1, 0])
            print("reinitialised dead units:", reinitialise_dead_units(model.net, pixels(sample), number))
        model.weights_of_loss = together["loss"]
        drawn = replace(course, draw=partial(taught.draw, settings=together))
        train(model, together, drawn, folder)
        averaged(model, folder)
    model.net.save_weights(out / f"{settings['name']}.weights.h5")


def prepare(config: Path, out: Path) -> dict:
    """Read the configuration, keep a copy of it beside the result, and fix every random number there is."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(config, out / config.name)
    settings = tomllib.loads(config.read_text())
    seed_all(settings["seed"])
    return settings
