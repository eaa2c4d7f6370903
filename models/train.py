"""Training: one command, resumable after any epoch, for SSR-Net and for its teacher."""

from __future__ import annotations

import copy
import csv
import math
import os
import shutil
import time
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # models/native.py runs the graph's torch parameters

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tqdm import tqdm

from device.pins import MODELS
from models import augment, lessons, native, teacher
from models.batches import Draw, epoch, shares
from models.data import DataError, is_validation, load
from models.faces import FaceBank, load_bank, plain_crops
from models.revival import revive
from models.ssrnet import regress, ssrnet
from models.widen import widen

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
EYE_CACHE = Path(".cache")


class Student(nn.Module):
    """SSR-Net, with a linear reading of its features as a distribution of ages that only training sees."""

    def __init__(self, settings: dict):
        super().__init__()
        self.net = ssrnet(settings["channels"], settings["stages"], dynamic_range=settings["dynamic_range"])
        flats = [layer.output for layer in self.net.layers if layer.name.endswith("_flat")]
        self.graph = keras.Model(self.net.input, [*self.net.outputs, *flats])
        self.count = len(self.net.outputs)
        self.weights_of_loss = settings["loss"]
        self.leak = 0.0  # of the gradient through inactive units; each phase sets it
        self.reading = nn.Linear(sum(flat.shape[1] for flat in flats), teacher.YEARS)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ages (batch,) in years, and logits over whole years (batch, 101)."""
        mode = native.Mode(self.training, self.leak)
        tensors = [t.float() for t in native.forward(self.graph, pixels, mode)]
        stages, flats = tensors[: self.count], tensors[self.count :]
        return regress(stages), self.reading(torch.cat(flats, 1))

    def loss(self, pixels: torch.Tensor, ages: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
        """The label, the teacher's mean and its whole distribution, weighted as the settings say."""
        guess, logits = self(pixels)
        weights = self.weights_of_loss
        taught_years = taught @ torch.arange(teacher.YEARS, dtype=torch.float32, device=taught.device)
        cross = -(taught * F.log_softmax(logits, 1)).sum(1).mean()
        label, mean = (guess - ages).abs().mean(), (guess - taught_years).abs().mean()
        return weights["label"] * label + weights["teacher"] * mean + weights["distribution"] * cross


class TeacherInTraining(nn.Module):
    """The published teacher with its own loss, in the student's place."""

    def __init__(self, published: Path):
        super().__init__()
        self.net = teacher.published(published)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ages (batch,) and logits (batch, 101)."""
        logits = self.net(pixels)
        return teacher.years(logits), logits

    def loss(self, pixels: torch.Tensor, ages: torch.Tensor) -> torch.Tensor:
        """Against the labels alone."""
        return teacher.loss(self.net(pixels), ages)


class Average:
    """An exponential average of a model's parameters, and of the states of its normalisation."""

    def __init__(self, model: nn.Module, keep: float):
        self.keep = keep
        self.steps = 0
        self.values = [t.detach().clone() for t in self._tensors(model)]

    @staticmethod
    def _tensors(model: nn.Module) -> list[torch.Tensor]:
        # Keras counts moving means and variances among the parameters, and its random seeds, which stay
        return [parameter for parameter in model.parameters() if parameter.is_floating_point()]

    def update(self, model: nn.Module) -> None:
        """Take a step's result in; the first steps count for more, so that the beginning is forgotten."""
        self.steps += 1
        keep = min(self.keep, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self.values, [t.detach() for t in self._tensors(model)], 1 - keep)

    def swap(self, model: nn.Module) -> None:
        """Exchange the model's values and the averages; twice is as before."""
        with torch.no_grad():
            for kept, tensor in zip(self.values, self._tensors(model), strict=True):
                now = tensor.detach().clone()
                tensor.copy_(kept)
                kept.copy_(now)


def pixels(crops: np.ndarray) -> torch.Tensor:
    """uint8 (n, 64, 64, 3) as float (n, 3, 64, 64), 0–255, channels last in memory."""
    return torch.from_numpy(crops).to(DEVICE).permute(0, 3, 1, 2).float()


def predict(model: nn.Module, crops: np.ndarray) -> np.ndarray:
    """Ages of crops uint8 (n, 64, 64, 3), clipped to 0…101 years."""
    model.eval()
    with torch.no_grad():
        parts = [model(part)[0] for part in pixels(crops).split(128)]
    return torch.cat(parts).clamp(0, 101).cpu().numpy()


def read_banks(sources: list[str]) -> list[FaceBank]:
    """The training part of each source, decoded, with eyes."""
    banks = []
    for source in sources:
        found = load(source).part("train")
        bank = load_bank(found, EYE_CACHE / f"eyes-{found.fingerprint()[:12]}.npz")
        print(f"{source}: {len(bank.faces)} faces, {len(found.skipped)} skipped")
        for path, why in list(found.skipped.items())[:5]:
            print(f"  {path}: {why}")
        banks.append(bank)
    return banks


def rate_at(step: int, steps: int, warmup: int) -> float:
    """One cycle: a linear rise over `warmup` steps, then half a cosine down to 0; 0–1."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


@dataclass(frozen=True, slots=True)
class Course:
    """What a training run goes through: the faces' true ages, and those held apart to choose by."""

    learnt: np.ndarray  # years, (n,)
    draw: Draw
    held: dict[str, np.ndarray]  # crops, uint8 (n, 64, 64, 3)
    ages: np.ndarray


def split(banks: list[FaceBank]) -> tuple[list[list[tuple[FaceBank, int]]], FaceBank]:
    """The faces to learn from, with all their versions, and the validation faces of the first source."""
    keep = [[i for i, face in enumerate(bank.faces) if not is_validation(face)] for bank in banks]
    faces = lessons.same_photographs([bank.select(k) for bank, k in zip(banks, keep, strict=True)])
    return faces, banks[0].select([i for i, face in enumerate(banks[0].faces) if is_validation(face)])


def course(learnt: np.ndarray, draw: Draw, held: FaceBank) -> Course:
    """A course whose validation faces are measured as stored and as aligned by the eyes."""
    crops = {"stored": plain_crops(held, False), "aligned": plain_crops(held, True)}
    return Course(learnt, draw, crops, held.ages)


def train(model: nn.Module, settings: dict, course: Course, out: Path) -> None:
    """Train for the epochs that are still to do; after each, the state, the log and its plot are in `out`."""
    model.to(DEVICE, memory_format=torch.channels_last)
    # fused: torch's plain step costs more than the gradients where another program shares the cores
    optimizer = torch.optim.AdamW(
        model.parameters(), settings["rate"], weight_decay=settings["decay"], fused=True
    )
    average = Average(model, settings["average"])
    steps = len(course.learnt) // settings["batch"]
    for number in range(restore(out, model, optimizer, average), settings["epochs"]):
        started = time.monotonic()
        loss = one_epoch(model, settings, course, optimizer, average, number, steps)
        average.swap(model)
        maes = {
            name: float(np.abs(predict(model, c) - course.ages).mean()) for name, c in course.held.items()
        }
        average.swap(model)
        row = {"epoch": number + 1, "loss": loss, **maes, "seconds": time.monotonic() - started}
        save(out, model, optimizer, average, number + 1, row)


def one_epoch(
    model, settings: dict, course: Course, optimizer, average: Average, number: int, steps: int
) -> float:
    """All faces once; the mean loss."""
    losses = []
    model.train()
    shown = shares(course.learnt, settings["balance"])
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


def save(out: Path, model, optimizer, average: Average, done: int, row: dict) -> None:
    """Replace the checkpoint atomically, and add the epoch to the log and to the plot."""
    state = {
        "done": done, "model": [t.detach().cpu() for t in average._tensors(model)],
        "optimizer": optimizer.state_dict(), "average": average.values, "steps": average.steps,
    }  # fmt: skip
    torch.save(state, out / "checkpoint.new")
    (out / "checkpoint.new").replace(out / "checkpoint.pt")
    log = out / "log.csv"
    new = not log.exists()
    with log.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()})
    print(
        "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True
    )
    plot(log, out / "log.png")


def restore(out: Path, model, optimizer, average: Average) -> int:
    """Continue from the checkpoint where there is one; returns the epochs already done."""
    if not (out / "checkpoint.pt").exists():
        return 0
    state = torch.load(out / "checkpoint.pt", map_location=DEVICE, weights_only=True)
    with torch.no_grad():
        for tensor, value in zip(average._tensors(model), state["model"], strict=True):
            tensor.copy_(value)
    optimizer.load_state_dict(state["optimizer"])
    average.values, average.steps = state["average"], state["steps"]
    return state["done"]


def plot(log: Path, picture: Path) -> None:
    """The log as a picture: loss and validation MAE by epoch."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with log.open() as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) for row in rows]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
    axes[0].plot(epochs, [float(row["loss"]) for row in rows])
    axes[0].set(xlabel="epoch", ylabel="training loss")
    for name in ("stored", "aligned"):
        axes[1].plot(epochs, [float(row[name]) for row in rows], label=f"{name} crops")
    axes[1].set(xlabel="epoch", ylabel="validation MAE, years", ylim=(4.5, 9))
    axes[1].legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=100)
    plt.close(figure)


def train_teacher(settings: dict, sources: list[str], out: Path, published: Path) -> None:
    """Teach the published teacher further, and keep its averaged weights as out/teacher.pt."""
    faces, held = split(read_banks(sources))

    def draw(i: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        bank, k = faces[i][0]
        crop = lessons.place(faces[i], rng)
        crop = augment.covered(rng, crop) if rng.random() < settings["cover"] else crop
        return augment.camera(rng, crop), np.float32(bank.faces[k].age)

    model = TeacherInTraining(published)
    ages = np.array([versions[0][0].faces[versions[0][1]].age for versions in faces], np.float32)
    train(model, settings, course(ages, draw, held), out)
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
        lessons.write_lessons(faces, teach, folder, settings["seed"])
    taught = lessons.read_lessons(folder)
    if len(taught.ages) != len(faces):
        raise DataError(
            f"{folder}: lessons for {len(taught.ages)} faces, the data has {len(faces)}; remove it"
        )
    (out / "data.txt").write_text(" ".join(load(source).part("train").fingerprint() for source in sources))

    model = Student(settings)
    if "widened_from" in settings:
        widen(trained(settings["widened_from"]), model.net, settings["seed"])
    for number, phase in enumerate(settings["phases"], start=1):
        chance = settings["cover"], phase["disturb"]
        folder = out / f"phase{number}"
        folder.mkdir(exist_ok=True)
        model.leak = phase.get("leak", 0.0)
        if phase.get("revive") and not (folder / "checkpoint.pt").exists():
            sample = np.ascontiguousarray(taught.crops[:: len(faces) // 500 or 1, 0])
            print("revived:", revive(model.net, pixels(sample), number))
        draw = partial(taught.draw, chance=chance)
        train(model, settings | phase, course(np.asarray(taught.ages), draw, held), folder)
        averaged(model, folder)
    model.net.save_weights(out / f"{settings['name']}.weights.h5")


def trained(name: str) -> keras.Model:
    """The shipped network of that name, in float."""
    settings = tomllib.loads((MODELS / f"{name}.toml").read_text())
    net = ssrnet(settings["channels"], settings["stages"], dynamic_range=settings["dynamic_range"])
    net.load_weights(MODELS / f"{name}.weights.h5")
    return net


def averaged(model: nn.Module, out: Path) -> None:
    """Put the averaged weights of the newest checkpoint into the model."""
    average = Average(model, 0)
    restore(out, model, torch.optim.AdamW(model.parameters()), average)
    average.swap(model)


def seeded(settings: dict) -> dict:
    """Fix every random number there is."""
    keras.utils.set_random_seed(settings["seed"])
    return settings


def prepare(config: Path, out: Path) -> dict:
    """Read the configuration and keep a copy of it beside the result."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(config, out / config.name)
    return seeded(copy.deepcopy(tomllib.loads(config.read_text())))
