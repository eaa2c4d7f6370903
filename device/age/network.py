"""The age network: int8 SSR-Net, and the soft stagewise regression that turns its outputs into years.

SSR-Net: A Compact Soft Stagewise Regression Network for Age Estimation, Yang et al., IJCAI 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from device.errors import ModelError
from device.faces.alignment import SIDE
from device.frame import Image
from device.inference.interpreter import Model
from device.inference.model_files import model_path

AGE_SPAN = 101.0  # V: ages run from 0 to 101 years
MIN_SCALE = 1 / 128  # of a stage: where an int8 Δ is -1 exactly, the width would be infinite
STAGES = 3
TENSORS = ("p", "eta", "delta")  # outputs of a stage: distribution, shifts, scale

Values = Sequence[float] | NDArray[Any]
Stage = tuple[Values, Values, float]  # p, η, Δ


def stagewise_age(stages: Sequence[Stage], span: float = AGE_SPAN) -> float:
    """Soft stagewise regression (paper, equations 4–7): the age in years.

    Each stage k gives its distribution p (s_k,), shifts η (s_k,) and scale Δ:
    age = Σ_k Σ_i p_i (i + η_i) · V / Π_{j≤k} s_j (1 + Δ_j), clipped to 0…V.
    """
    age, width = 0.0, span
    for p, eta, delta in stages:
        width /= len(p) * max(1.0 + delta, MIN_SCALE)
        bins = enumerate(zip(p, eta, strict=True))
        age += width * float(sum(probability * (i + shift) for i, (probability, shift) in bins))
    return min(max(age, 0.0), span)


def by_stage(tensors: Sequence[Values]) -> list[Stage]:
    """The network's nine tensors, p, η and Δ of each stage in turn, as `stagewise_age` takes them."""
    kinds = (tensors[i :: len(TENSORS)] for i in range(len(TENSORS)))
    return [(p, eta, float(delta[0])) for p, eta, delta in zip(*kinds, strict=True)]


class AgeNet:
    """The shipped network by name ("age", "age-wide"), or any of the same form: a file by its path, or bytes.

    Input: the crop's bytes (64, 64, 3) RGB less 128, int8. Outputs: nine int8 tensors, each with a scale.
    """

    def __init__(self, model: str | Path | bytes = "age", interpreter: str = "auto", threads: int = 1):
        if isinstance(model, bytes):
            self.path = None
        else:
            self.path = Path(model) if str(model).endswith(".tflite") else model_path(str(model))
        self._model = Model(self.path or model, interpreter, threads)
        self.package = self._model.package
        self._input = np.empty((1, SIDE, SIDE, 3), np.int8)
        self._bytes = self._input.view(np.uint8)[0]
        self._scales = self._read_scales()

    def _read_scales(self) -> list[tuple[float, int]]:
        details = self._model.outputs
        if self._model.input_shape != (1, SIDE, SIDE, 3) or len(details) != STAGES * len(TENSORS):
            name = self.path or "this model"
            raise ModelError(f"{name}: not an age network (it must have a 64×64×3 input and nine outputs)")
        return [detail["quantization"] for detail in details]

    def outputs(self, crop: Image) -> list[NDArray[np.int8]]:
        """The nine int8 tensors (1, values) for a crop, sorted by name: p, η, Δ of each stage in turn."""
        np.bitwise_xor(crop, 0x80, out=self._bytes)  # byte − 128 in two's complement
        return self._model.run(self._input)

    def values(self, crop: Image) -> list[list[float]]:
        """The outputs, dequantised; in plain Python, since NumPy takes four times as long over so few."""
        scaled = zip(self.outputs(crop), self._scales, strict=True)
        return [[(value - zero) * scale for value in tensor[0].tolist()] for tensor, (scale, zero) in scaled]

    def estimate(self, crop: Image) -> float:
        """Age in years, 0–101, of a crop: uint8 RGB (64, 64, 3)."""
        return stagewise_age(by_stage(self.values(crop)))


class AgeEstimator(Protocol):
    """What tells an age from a crop: `AgeNet`, or whatever stands in for it."""

    def estimate(self, crop: Image) -> float:
        """As `AgeNet.estimate`."""


def flip_averaged(net: AgeEstimator, crop: Image) -> float:
    """The mean of the crop's age and its mirror image's, in years (test-time augmentation)."""
    return (net.estimate(crop) + net.estimate(crop[:, ::-1])) / 2
