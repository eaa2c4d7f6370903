"""Age networks of other forms than the device's: how the int8 files of the comparison are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from device.age.network import AgeNet, Reading, Values, by_stage, stagewise_age
from device.errors import ModelError
from device.faces.alignment import SIDE
from device.frame import Image
from device.inference.interpreter import Model

METADATA = "kiosk-age"  # name of the metadata inside the files of this project
HEADS = ("stages", "static", "distribution", "value", "ranks", "two_points")


def read_metadata(data: bytes) -> dict[str, Any]:
    """What a file of this project says of itself; {} where it says nothing."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(data)
    for i in range(model.MetadataLength()):
        entry = model.Metadata(i)
        if entry.Name() == METADATA.encode():
            return json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes())
    return {}


def decode(head: str, tensors: list[Values], low: float, high: float, step: float) -> float:
    """The label that a network's outputs mean, within its range; `head` is one of `HEADS`.

    The same as `models/methods/learner.py` has it in training.
    """
    if head in ("stages", "static"):
        stages = by_stage(tensors) if head == "stages" else [(p, [0.0] * len(p), 0.0) for p in tensors]
        return low + stagewise_age(stages, high - low + step)
    first = np.asarray(tensors[0], np.float64)
    if head == "distribution":
        shares = np.exp(first - first.max())
        value = low + step * float(shares @ np.arange(len(first)) / shares.sum())
    elif head == "ranks":
        value = low + step * int((first > 0).sum())
    else:
        value = float(np.asarray(tensors[1 if head == "two_points" else 0])[0])
    return min(max(value, low), high)


class HeadNet:
    """An int8 file whose metadata name its `head` and `range`; it is asked as `AgeNet` is.

    Raises ModelError for a file of another form.
    """

    has_attributes = False

    def __init__(self, path: Path, metadata: dict[str, Any], interpreter: str = "auto"):
        self.path = path
        self._model = Model(path, interpreter)
        self.package = self._model.package
        if metadata["head"] not in HEADS or self._model.input_shape != (1, SIDE, SIDE, 3):
            raise ModelError(f"{path}: not a network of the comparison (a 64×64×3 input, a known head)")
        self._head, self._range = metadata["head"], tuple(metadata["range"])
        self._scales = [detail["quantization"] for detail in self._model.outputs]

    def values(self, crop: Image) -> list[Values]:
        """The outputs for a crop, uint8 RGB (64, 64, 3), dequantised."""
        tensors = self._model.run((crop ^ 0x80).view(np.int8)[None])
        pairs = zip(tensors, self._scales, strict=True)
        return [(tensor[0].astype(np.float64) - zero) * scale for tensor, (scale, zero) in pairs]

    def read(self, crop: Image) -> Reading:
        """The label of a crop, in its own unit, as an age."""
        return Reading(self.estimate(crop))

    def estimate(self, crop: Image) -> float:
        """The label of a crop, in its own unit."""
        return decode(self._head, self.values(crop), *self._range)


def open_network(model: str | Path, interpreter: str = "auto") -> AgeNet | HeadNet:
    """A shipped network by its name, or that in a .tflite file, whatever its form. Raises ModelError."""
    path = Path(model)
    if path.suffix == ".tflite" and path.is_file() and path.read_bytes()[4:8] == b"TFL3":
        metadata = read_metadata(path.read_bytes())
        if "head" in metadata:
            return HeadNet(path, metadata, interpreter)
    return AgeNet(model, interpreter)
