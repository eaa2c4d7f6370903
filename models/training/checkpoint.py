"""What a training run keeps after every epoch: its state, its log, and the log as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from torch import nn

from device.files import replacing
from models.training.ema import Average


def save(out: Path, model, optimizer, average: Average, done: int, row: dict) -> None:
    """Replace the checkpoint atomically, and add the epoch to the log and to the plot."""
    state = {
        "done": done, "model": [t.detach().cpu() for t in average.tensors(model)],
        "optimizer": optimizer.state_dict(), "average": average.values, "steps": average.steps,
    }  # fmt: skip
    with replacing(out / "checkpoint.pt") as part:
        torch.save(state, part)
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
    state = torch.load(out / "checkpoint.pt", map_location=average.values[0].device, weights_only=True)
    with torch.no_grad():
        for tensor, value in zip(average.tensors(model), state["model"], strict=True):
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
    of_ages = "stored" in rows[0]
    for name in ("stored", "aligned") if of_ages else ("eyes", "missed", "false"):
        axes[1].plot(epochs, [float(row[name]) for row in rows], label=f"{name} crops" if of_ages else name)
    if of_ages:
        axes[1].set(xlabel="epoch", ylabel="validation MAE, years", ylim=(4.5, 9))
    else:
        axes[1].set(xlabel="epoch", ylabel="validation error, %", ylim=(0, 10))
    axes[1].legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=100)
    plt.close(figure)


def averaged(model: nn.Module, out: Path) -> None:
    """Put the averaged weights of the newest checkpoint into the model."""
    average = Average(model, 0)
    restore(out, model, torch.optim.AdamW(model.parameters()), average)
    average.swap(model)
