"""The weights of a TensorFlow.js graph model, read without it: a manifest and flat binary files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from device.errors import ModelError

DTYPES = {"float32": np.float32, "int32": np.int32, "uint8": np.uint8, "bool": np.bool_}


def read_weights(manifest: Path) -> dict[str, np.ndarray]:
    """Every weight by its name in the graph, as `manifest` (model.json) lists them.

    The binary files lie beside it. Raises ModelError for a file that is missing, short, too long, or stored
    in a way that is not read here (quantized).
    """
    try:
        groups = json.loads(manifest.read_text())["weightsManifest"]
        weights: dict[str, np.ndarray] = {}
        for group in groups:
            data = b"".join((manifest.parent / path).read_bytes() for path in group["paths"])
            weights |= _cut(data, group["weights"], manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{manifest}: not the weights of a TensorFlow.js model ({error})") from error
    return weights


def _cut(data: bytes, entries: list[dict], manifest: Path) -> dict[str, np.ndarray]:
    """One group's bytes as arrays: they follow one another without gaps, in the manifest's order."""
    found, at = {}, 0
    for entry in entries:
        name, shape = entry["name"], entry["shape"]
        if "quantization" in entry or entry["dtype"] not in DTYPES:
            raise ModelError(f"{manifest}: {name} is stored as {entry['dtype']}, quantized or not known here")
        dtype = np.dtype(DTYPES[entry["dtype"]])
        count = math.prod(shape)
        if at + count * dtype.itemsize > len(data):
            raise ModelError(f"{manifest}: {len(data)} bytes of weights end before {name}{shape}")
        found[name] = np.frombuffer(data, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
    if at != len(data):
        raise ModelError(f"{manifest}: {len(data)} bytes of weights, listed are {at}")
    return found
