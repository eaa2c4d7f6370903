"""The detector's training: what the float BlazeFace says of good pictures, learnt from disturbed ones."""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything imports Keras: see torch_kernels.py

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from device.inference.model_files import model_path
from models.data.datasets import DataError, FaceSet, is_validation, load
from models.data.face_pictures import FINE, Pictures
from models.data.face_windows import MIRRORED, chips
from models.data.samples import ANCHORS, Samples, read_samples, write_samples
from models.data.scenes import clip_scenes, demo_scenes
from models.network.blazeface import begin_with
from models.network.detector import HEADS, block_names, detector
from models.training import torch_kernels
from models.training.checkpoint import averaged, restore, save
from models.training.ema import Average
from models.training.processor import in_bfloat16
from models.training.train import rate_at

CACHE = Path(".cache")
CHIPS_USED = 6  # every so many of a data set's: their heads are before cameras, their ages do not matter here
BETA = 0.05  # face widths from which an error of place counts linearly
FOCUS = 1.0  # power of how wrong a chance is, by which its loss is weighted (focal loss, Lin et al., 2017)
LEVEL = 0.75  # power of a channel's range by which depthwise outputs are made alike (METHODS: 1 is worse)
SCORES = 8.0  # logits; farther from 0 nothing is decided
SHARE = 95  # per cent of the pictures whose whole range an activation's steps must reach
WARMUP = 20  # steps
# of box centre, size, and keypoints (eyes first) in the loss of places
WEIGHTS = torch.tensor([1.0, 1, 1, 1, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1])


class DetectorInTraining(nn.Module):
    """The network on torch's kernels, with its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.net = detector()

    def forward(self, pixels: torch.Tensor, seen: dict | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (n, 896) and places (n, 896, 16), in pixels, of uint8 RGB (n, 128, 128, 3)."""
        mode = torch_kernels.Mode(self.training, seen=seen)
        rows = [t.float().permute(0, 2, 3, 1) for t in torch_kernels.forward(self.net, raw(pixels), mode)]
        count = len(pixels)
        named = dict(zip(HEADS, rows, strict=True))
        logits = [named[f"{cells}_scores"].reshape(count, -1) for cells in ("fine", "coarse")]
        places = [named[f"{cells}_places"].reshape(count, -1, 16) for cells in ("fine", "coarse")]
        return torch.cat(logits, 1), torch.cat(places, 1)

    def loss(self, pixels: torch.Tensor, chances, anchors, places) -> torch.Tensor:
        """Of uint8 pictures and what `Samples` say of them."""
        logits, placed = self(pixels)
        asked = ~torch.isnan(chances)
        target = torch.nan_to_num(chances)
        wrong = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        wrong = wrong * (logits.sigmoid() - target).abs().detach() ** FOCUS * asked
        picture, slot = torch.nonzero(anchors >= 0, as_tuple=True)
        known = places[picture, slot]
        off = (placed[picture, anchors[picture, slot]] - known[:, :16]) / known[:, 16:]
        far = F.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=BETA) @ WEIGHTS
        count = max(len(picture), 1)
        return 4 * wrong.sum() / count + 2 * far.sum() / count


def raw(pixels: torch.Tensor) -> torch.Tensor:
    """As the network takes them, float (n, 3, 128, 128), less 128."""
    return (pixels.permute(0, 3, 1, 2).float() - 128).contiguous(memory_format=torch.channels_last)


def mirror_anchors() -> np.ndarray:
    """The anchor that each becomes in a mirror image, int (896,)."""
    turned = np.empty(len(ANCHORS), int)
    for first, last, cells, each in ((0, FINE, 16, 2), (FINE, len(ANCHORS), 8, 6)):
        numbers = np.arange(first, last).reshape(cells, cells, each)
        turned[first:last] = numbers[:, ::-1].ravel()
    return turned


MIRROR = mirror_anchors()


def batch(samples: Samples, chosen: np.ndarray, flipped: bool) -> list[torch.Tensor]:
    """Pictures with what they should give, or all of them in the mirror."""
    pixels, chances, anchors, places = (np.array(field[chosen]) for field in samples)
    anchors, places, chances = anchors.astype(int), places.astype(np.float32), chances.astype(np.float32)
    if flipped:
        pixels, chances = np.ascontiguousarray(pixels[:, :, ::-1]), chances[:, MIRROR]
        anchors = np.where(anchors >= 0, MIRROR[anchors], -1)
        points = places[..., 4:16].reshape(*places.shape[:2], 6, 2)[:, :, MIRRORED] * np.array(
            (-1, 1), np.float32
        )
        places[..., 0] *= -1
        places[..., 4:16] = points.reshape(*places.shape[:2], 12)
    return [torch.from_numpy(array) for array in (pixels, chances, anchors, places)]


def errors(model: DetectorInTraining, held: Samples) -> dict[str, float]:
    """Of the held pictures: eyes off by, % of a face's width; faces missed, pictures with false ones, %."""
    model.eval()
    off, missed, false = [], [], []
    with torch.no_grad():
        for start in range(0, len(held.pixels), 50):
            pixels, chances, anchors, places = batch(
                held, np.arange(start, min(start + 50, len(held.pixels))), False
            )
            logits, placed = model(pixels)
            away = (torch.nan_to_num(chances, nan=1.0) < 0.05) & (logits > 0)
            false += away.any(1).tolist()
            for row in range(len(pixels)):
                own = anchors[row][anchors[row] >= 0]
                if len(own):
                    best = int(logits[row, own].argmax())
                    missed.append(bool(logits[row, own[best]] < 0))
                    known = places[row, best]
                    eyes = (placed[row, own[best], 4:8] - known[4:8]).reshape(2, 2).norm(dim=1).mean()
                    off.append(float(eyes / known[16]))
    model.train()
    return {
        "eyes": 100 * float(np.median(off)),
        "missed": 100 * float(np.mean(missed)),
        "false": 100 * float(np.mean(false)),
    }


def prepare(
    settings: dict, sources: list[str], clips: list[str], kept: list[str], out: Path
) -> tuple[Samples, Samples]:
    """Samples to learn from, and those of kept clips; drawn where there are none yet. Raises DataError."""
    learnt, held = out / "samples", out / "held"
    if not held.exists():
        scenes = [scene for path in kept for scene in clip_scenes(Path(path))]
        if not scenes:
            raise DataError(
                f"{', '.join(kept)}: not one picture in it; the kept clips are what it is measured by"
            )
        write_samples(Pictures(scenes, []).draw, settings["held"], settings["seed"] + 1, held)
    if not learnt.exists():
        scenes = demo_scenes() + [scene for path in clips for scene in clip_scenes(Path(path))]
        heads = []
        for source in sources:
            found = load(source).part("train")
            faces = [face for face in found.faces if not is_validation(face)][::CHIPS_USED]
            chosen = FaceSet(found.source, faces)
            heads += chips(chosen, CACHE / f"refiner-{chosen.fingerprint()[:12]}.npz")
        print(f"{len(scenes)} scenes and {len(heads)} heads to learn from")
        write_samples(Pictures(scenes, heads).draw, settings["samples"], settings["seed"], learnt)
    return read_samples(learnt), read_samples(held)


def train_detector(settings: dict, learnt: Samples, held: Samples, out: Path) -> None:
    """Go through the phases, each from its last checkpoint; keeps out/detector.weights.h5."""
    published = model_path("face-short")
    model = DetectorInTraining()
    begin_with(model.net, published)
    model.to(memory_format=torch.channels_last)
    for number, phase in enumerate(settings["phases"], start=1):
        folder = out / f"phase{number}"
        folder.mkdir(parents=True, exist_ok=True)
        if phase["what"] == "int8":
            set_steps(model, learnt, settings["seed"])
        _phase(model, settings | phase, learnt, held, folder)
        averaged(model, folder)
    model.net.save_weights(out / f"{settings['name']}.weights.h5")


def _phase(model: DetectorInTraining, settings: dict, learnt: Samples, held: Samples, folder: Path) -> None:
    optimizer = torch.optim.AdamW(
        model.parameters(), settings["rate"], weight_decay=settings["decay"], fused=True
    )
    average = Average(model, settings["average"])
    each, steps = settings["log_every"], settings["steps"]
    for number in range(restore(folder, model, optimizer, average), steps // each):
        started, losses = time.monotonic(), []
        rng = np.random.default_rng((settings["seed"], number))
        for step in range(number * each, (number + 1) * each):
            for group in optimizer.param_groups:
                group["lr"] = settings["rate"] * rate_at(step, steps, WARMUP)
            chosen = np.sort(rng.choice(len(learnt.pixels), settings["batch"], replace=False))
            pixels, *targets = batch(learnt, chosen, rng.random() < 0.5)
            with in_bfloat16(settings["bfloat16"]):
                loss = model.loss(pixels, *targets)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            average.update(model)
        average.swap(model)
        row = {"epoch": number + 1, "loss": float(np.mean(losses)), **errors(model, held)}
        average.swap(model)
        save(folder, model, optimizer, average, number + 1, row | {"seconds": time.monotonic() - started})


def set_steps(model: DetectorInTraining, samples: Samples, seed: int) -> None:
    """Make the depthwise outputs' channels alike, and set every tensor's 256 steps by what it holds."""
    chosen = np.sort(np.random.default_rng(seed).choice(len(samples.pixels), 256, replace=False))
    seen = _seen(model, samples, chosen)
    for name in block_names():
        ranges = seen[f"{name}_depthwise_steps"].abs().amax((2, 3))  # (pictures, channels)
        level(model.net, name, torch.quantile(ranges, SHARE / 100, dim=0).numpy())
    seen = _seen(model, samples, chosen)
    for name, values in seen.items():
        low, high = (
            torch.quantile(f(values, (1, 2, 3)), q).item()
            for f, q in ((torch.amin, 1 - SHARE / 100), (torch.amax, SHARE / 100))
        )
        if name == "pixels_steps":
            low, high = -128.0, 127.0
        elif "scores" in name:
            low, high = -SCORES, SCORES
        layer = model.net.get_layer(name)
        layer.low.assign(min(low, 0.0))
        layer.high.assign(max(high, 1e-3))


def _seen(model: DetectorInTraining, samples: Samples, chosen: np.ndarray) -> dict[str, torch.Tensor]:
    model.eval()
    seen: dict[str, list[torch.Tensor]] = {}
    with torch.no_grad():
        for part in np.split(chosen, 8):
            model(batch(samples, part, False)[0], seen)
    model.train()
    return {name: torch.cat(values) for name, values in seen.items()}


def level(net: keras.Model, block: str, ranges: np.ndarray) -> None:
    """Scale depthwise channels towards one range; the 1×1 convolution behind takes it back, exactly."""
    depthwise, pointwise = net.get_layer(f"{block}_depthwise"), net.get_layer(f"{block}_pointwise")
    gain = np.maximum(ranges / ranges.max(), 1e-3) ** -LEVEL
    kernel, bias = depthwise.get_weights()
    depthwise.set_weights([kernel * gain[:, None], bias * gain])
    kernel, bias = pointwise.get_weights()
    pointwise.set_weights([kernel / gain[:, None], bias])
