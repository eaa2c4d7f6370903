"""The trained refiner as a full-int8 TFLite file."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # TensorFlow's converter writes the file

import keras
import numpy as np

from device.inference.interpreter import Model
from models.network.refiner import OUTPUTS, refiner
from models.quantization.quantize import convert


def quantized(weights: Path, windows: np.ndarray) -> bytes:
    """The network with these weights in int8: ranges, and the outputs' mean errors, by `windows`.

    `windows`: uint8 RGB (n, 48, 48, 3). Input: raw pixels less 128; each of the four outputs has a scale.
    """
    model = refiner()
    model.load_weights(weights)
    correct_biases(model, convert(model, windows), windows)
    return convert(model, windows)


def correct_biases(model: keras.Model, graph: bytes, windows: np.ndarray) -> None:
    """Take each output's mean quantization error over the windows out of its bias."""
    expected = model.predict(windows.astype(np.float32), verbose=0)
    found = int8_outputs(graph, windows)
    for name, reference in zip(OUTPUTS, expected, strict=True):
        model.get_layer(name).bias.assign_add((reference - found[name]).mean(0))


def int8_outputs(graph: bytes, windows: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs for the windows, dequantised, by the names of `OUTPUTS`: float (n, values)."""
    model = Model(graph)
    sizes = {int(detail["shape"][-1]): place for place, detail in enumerate(model.outputs)}
    rows = [model.run((window ^ 0x80).view(np.int8)[None]) for window in windows]
    found = {}
    for name, size in OUTPUTS.items():
        scale, zero = model.outputs[sizes[size]]["quantization"]
        values = np.stack([row[sizes[size]][0] for row in rows]).astype(np.float32)
        found[name] = (values - zero) * scale
    return found
