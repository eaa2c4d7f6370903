"""The refiner's training: keypoints, face or not, covers, as the float detector's close-ups have them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from device.faces.refiner import WINDOW
from device.inference.model_files import MODELS
from models.data.datasets import FaceSet, is_validation, load
from models.data.face_windows import Sighting, Windows, chips, clip_faces
from models.network.refiner import refiner
from models.training import torch_kernels
from models.training.checkpoint import averaged, restore, save
from models.training.ema import Average
from models.training.processor import DEVICE
from models.training.split import Course
from models.training.train import one_epoch, pixels

CACHE = Path(".cache")
CLIP_SHARE = 0.2  # of the windows: frames have what is around a face, and they are few
REPRESENTATIVE = 500  # windows that set the int8 ranges
BETA = 0.01  # sides of the window from which an error counts linearly: a third of an eye's


class RefinerInTraining(nn.Module):
    """The network on torch's kernels, with its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.net = refiner()

    def forward(self, windows: torch.Tensor) -> list[torch.Tensor]:
        """Eyes (n, 4), other keypoints (n, 8), face (n, 1), cover (n, 2)."""
        return [
            t.float() for t in torch_kernels.forward(self.net, windows, torch_kernels.Mode(self.training))
        ]

    def loss(self, windows: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Of windows float (n, 3, 48, 48) and what `Windows.draw` says of them."""
        eyes, rest, face, cover = self(windows)
        is_face = target[:, 12]
        off = torch.cat([eyes, rest], 1) - target[:, :12]
        far = F.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=BETA)
        far = (2 * far[:, :4].mean(1) + far[:, 4:].mean(1)) * is_face
        sure = F.binary_cross_entropy_with_logits(face[:, 0], is_face)
        covered = F.binary_cross_entropy_with_logits(cover, target[:, 13:15], reduction="none").mean(1)
        count = is_face.sum().clamp(min=1)
        return 20 * far.sum() / count + 2 * sure + 0.5 * (covered * is_face).sum() / count


def sightings(sources: list[str], clips: list[str]) -> tuple[Windows, np.ndarray, Windows]:
    """What is learnt from, each window's share in an epoch, and what is held apart."""
    learnt: list[Sighting] = []
    held: list[Sighting] = []
    for source in sources:
        found = load(source).part("train")
        for part, faces in ((learnt, False), (held, True)):
            chosen = FaceSet(found.source, [f for f in found.faces if is_validation(f) == faces])
            part += chips(chosen, CACHE / f"refiner-{chosen.fingerprint()[:12]}.npz")
    empty: list[np.ndarray] = []
    framed: list[Sighting] = []
    for path in clips:
        seen, around = clip_faces(Path(path))
        framed, empty = framed + seen, empty + around
        print(f"{path}: {len(seen)} faces")
    shares = np.full(len(learnt) + len(framed), 1 / max(1, len(learnt)))
    if framed:
        shares[: len(learnt)] *= 1 - CLIP_SHARE
        shares[len(learnt) :] = CLIP_SHARE / len(framed)
    print(f"{len(learnt)} chips and {len(framed)} faces of clips to learn from, {len(held)} held apart")
    return Windows(learnt + framed, empty), shares / shares.sum(), Windows(held, empty)


def held_windows(faces: Windows, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The same windows in every run, of as many faces, with their targets."""
    rng = np.random.default_rng(7)
    chosen = np.linspace(0, faces.count, count, endpoint=False).astype(int)
    drawn = [faces.draw(int(i), rng) for i in chosen]
    return np.stack([window for window, _ in drawn]), np.stack([target for _, target in drawn])


def errors(model: RefinerInTraining, windows: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Of the held windows: how far the eyes are off, % of the face's width, and scores on the wrong side."""
    model.eval()
    with torch.no_grad():
        parts = [model(part) for part in pixels(windows).split(256)]
    eyes, _, face, cover = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    is_face = targets[:, 12] > 0
    off = np.hypot(*(eyes - targets[:, :4]).reshape(-1, 2, 2).transpose(2, 0, 1)).mean(1) * WINDOW * 100
    sure = face[:, 0] > 0
    return {
        "eyes": float(np.median(off[is_face])),
        "eyes_mean": float(off[is_face].mean()),
        "missed": 100 * float((~sure[is_face]).mean()),
        "false": 100 * float(sure[~is_face].mean()),
        "cover": float(np.abs(1 / (1 + np.exp(-cover[is_face])) - targets[is_face, 13:]).mean()),
    }


def train_refiner(settings: dict, sources: list[str], clips: list[str], out: Path) -> None:
    """Train for the epochs still to do; keeps the averaged weights as out/refiner.weights.h5."""
    out.mkdir(parents=True, exist_ok=True)
    learnt, shares, held = sightings(sources, clips)
    np.save(out / "representative.npy", held_windows(learnt, REPRESENTATIVE)[0])
    windows, targets = held_windows(held, settings["held"])
    model = RefinerInTraining()
    if "continues" in settings:
        model.net.load_weights(MODELS / f"{settings['continues']}.weights.h5")
    model.to(DEVICE, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        model.parameters(), settings["rate"], weight_decay=settings["decay"], fused=True
    )
    average = Average(model, settings["average"])
    course = Course(shares, learnt.draw, {}, shares)
    for number in range(restore(out, model, optimizer, average), settings["epochs"]):
        started = time.monotonic()
        loss = one_epoch(model, settings, course, optimizer, average, number, shares)
        average.swap(model)
        row = {"epoch": number + 1, "loss": loss, **errors(model, windows, targets)}
        average.swap(model)
        save(out, model, optimizer, average, number + 1, row | {"seconds": time.monotonic() - started})
    averaged(model, out)
    model.net.save_weights(out / "refiner.weights.h5")
