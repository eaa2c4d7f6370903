"""Dead ReLU units reinitialised: SSR-Net's stages are so narrow that each lost unit costs accuracy.

The fusion of a stage passes through three units a stream; trained by L1 in years, half of them died early. A
dead unit also has a range of nothing, which XNNPACK cannot quantize.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from keras import layers

from models.training import torch_kernels

DEAD = 0.02  # share of the faces below which a unit that is active on them counts as dead
ACTIVE = 0.7  # share of the faces on which a reinitialised unit is active at first


def narrow_units(model: keras.Model) -> list[layers.Layer]:
    """The stages' layers with ReLU, from the features to the distributions."""
    found = []
    for layer in model.layers:
        activation = getattr(layer, "activation", None)
        if layer.name.startswith("stage") and activation is keras.activations.relu:
            found.append(layer)
    return found


def reinitialise_dead_units(model: keras.Model, pixels: torch.Tensor, seed: int) -> dict[str, int]:
    """Reinitialise each dead unit: random weights, and the bias that makes it active on most of these faces.

    `pixels` is float (n, 3, 64, 64). Returns the number of reinitialised units, by layer.
    """
    rng = np.random.default_rng(seed)
    reinitialised = {}
    for layer in narrow_units(model):
        source, target = layer.input, layer.output
        part = keras.Model(model.input, [source, target])
        features, outputs = torch_kernels.forward(part, pixels, torch_kernels.Mode(training=False))
        if outputs.ndim == 4:
            features, outputs = (t.permute(0, 2, 3, 1).flatten(0, 2) for t in (features, outputs))
        dead = np.flatnonzero((outputs > 0).float().mean(0).cpu().numpy() < DEAD)
        if not len(dead):
            continue
        kernel, bias = (weight.copy() for weight in layer.get_weights())
        inputs = features.float().detach().cpu().numpy()
        for unit in dead:
            weights = rng.normal(0, 1 / np.sqrt(inputs.shape[1]), inputs.shape[1])
            deviation = (inputs @ weights).std() + 1e-3
            weights *= outputs.std().item() / deviation
            kernel[..., unit] = weights
            bias[unit] = -np.quantile(inputs @ weights, 1 - ACTIVE)
        layer.set_weights([kernel, bias])
        reinitialised[layer.name] = len(dead)
    return reinitialised
