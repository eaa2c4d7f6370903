"""The age network: int8 SSR-Net, and the soft stagewise regression that turns its outputs into years.

SSR-Net: A Compact Soft Stagewise Regression Network for Age Estimation, Yang et al., IJCAI 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

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
AGE_OUTPUTS = STAGES * len(TENSORS)
# The tenth output, where a network has it: logits, and the logarithm of the age's expected error in years
ATTRIBUTES = ("female", "no_glasses", "clear_glasses", "dark_glasses", "mouth_covered", "log_spread")

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


class Reading(NamedTuple):
    """What one inference says of a face: years, and the values of `ATTRIBUTES` where the network has them."""

    age: float
    attributes: tuple[float, ...] = ()
    error: float = 1.0  # how far off the network expects the age to be, years; 1 where it has no such output


class AgeNet:
    """The shipped network by name ("age", "age-wide"), or any of the same form: a file by its path, or bytes.

    Input: the crop's bytes (64, 64, 3) RGB less 128, int8. Outputs: nine int8 tensors, each with a scale, and
    a tenth where the network has attributes.
    """

    def __init__(
        self,
        model: str | Path | bytes = "age",
        interpreter: str = "auto",
        threads: int = 1,
        attributes: bool = True,
    ):
        """Without `attributes` none is told, though the network has them. Raises ModelError."""
        if isinstance(model, bytes):
            self.path = None
        else:
            self.path = Path(model) if str(model).endswith(".tflite") else model_path(str(model))
        self._model = Model(self.path or model, interpreter, threads)
        self.package = self._model.package
        self._input = np.empty((1, SIDE, SIDE, 3), np.int8)
        self._bytes = self._input.view(np.uint8)[0]
        self._scales = self._read_scales()
        self.has_attributes = len(self._scales) > AGE_OUTPUTS
        self._told = attributes

    def _read_scales(self) -> list[tuple[float, int]]:
        details = self._model.outputs
        if self._model.input_shape != (1, SIDE, SIDE, 3) or len(details) - AGE_OUTPUTS not in (0, 1):
            name = self.path or "this model"
            raise ModelError(
                f"{name}: not an age network (it must have a 64×64×3 input and nine or ten outputs)"
            )
        return [detail["quantization"] for detail in details]

    def outputs(self, crop: Image) -> list[NDArray[np.int8]]:
        """The int8 tensors (1, values) for a crop, by name: p, η, Δ of each stage, and its attributes."""
        np.bitwise_xor(crop, 0x80, out=self._bytes)  # byte − 128 in two's complement
        return self._model.run(self._input, len(self._scales))

    def values(self, crop: Image) -> list[list[float]]:
        """The outputs, dequantised; in plain Python, since NumPy takes four times as long over so few."""
        scaled = zip(self.outputs(crop), self._scales, strict=True)
        return [[(value - zero) * scale for value in tensor[0].tolist()] for tensor, (scale, zero) in scaled]

    def read(self, crop: Image) -> Reading:
        """Age in years, 0–101, and attributes of a crop: uint8 RGB (64, 64, 3)."""
        values = self.values(crop)
        age = stagewise_age(by_stage(values[:AGE_OUTPUTS]))
        if not self.has_attributes:
            return Reading(age)
        said = values[AGE_OUTPUTS]
        return Reading(age, tuple(said) if self._told else (), math.exp(said[-1]))

    def estimate(self, crop: Image) -> float:
        """The age alone, as `read` tells it."""
        return self.read(crop).age


class AgeEstimator(Protocol):
    """What tells an age from a crop: `AgeNet`, or whatever stands in for it."""

    has_attributes: bool

    def read(self, crop: Image) -> Reading:
        """As `AgeNet.read`."""


def flip_averaged(net: AgeEstimator, crop: Image) -> Reading:
    """The mean of what is read from the crop and from its mirror image (test-time augmentation)."""
    return mean_reading(net.read(crop), net.read(crop[:, ::-1]))


def mean_reading(one: Reading, other: Reading) -> Reading:
    """The mean of two readings of a face."""
    pairs = zip(one.attributes, other.attributes, strict=True)
    return Reading(
        (one.age + other.age) / 2, tuple((a + b) / 2 for a, b in pairs), math.sqrt(one.error * other.error)
    )
