"""A Keras graph run by torch's own kernels, on the same parameters.

Keras' torch layers take 500 ms for a step of SSR-Net on two CPU cores; torch's fused kernels in bfloat16,
with channels last in memory, take 76 ms for the same arithmetic. Only SSR-Net's layers are known here.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import torch
import torch.nn.functional as F
from keras import layers


class Mode(NamedTuple):
    """How the graph is run: in training or not.

    In training, the leaky slope (part of the gradient that an inactive ReLU unit passes), and whether dropout
    is on.
    """

    training: bool
    leaky_slope: float = 0.0
    dropout: bool = True


def leaky_gradient_relu(x: torch.Tensor, leaky_slope: float) -> torch.Tensor:
    """ReLU, through whose inactive half a part of the gradient still passes, so that no unit stays dead."""
    return F.relu(x) + leaky_slope * (x - x.detach()) * (x < 0)


ACTIVATIONS = {"linear": lambda x: x, "relu": F.relu, "tanh": torch.tanh}


def _activate(layer, mode: Mode, x: torch.Tensor) -> torch.Tensor:
    name = layer.activation.__name__
    if mode.training and mode.leaky_slope and name == "relu":
        return leaky_gradient_relu(x, mode.leaky_slope)
    return ACTIVATIONS[name](x)


def forward(model: keras.Model, pixels: torch.Tensor, mode: Mode) -> list[torch.Tensor]:
    """The model's outputs, float (batch, …), for pixels float (batch, 3, side, side)."""
    return model._run_through_graph(pixels, operation_fn=lambda layer: _kernel(layer, mode))


def _kernel(layer: layers.Layer, mode: Mode):
    """The torch function of a Keras layer; pictures are (batch, channels, rows, columns)."""
    run = KERNELS[type(layer)]
    return lambda *args, **_: run(layer, mode, *args)


def _conv(layer, mode, x):
    weight = layer.kernel.value.permute(3, 2, 0, 1)
    if layer.padding == "same":  # as TensorFlow pads: at stride 2 an even side at its end alone
        x = F.pad(x, (0, 1, 0, 1) if layer.strides[0] == 2 else (1, 1, 1, 1))
    return _activate(layer, mode, F.conv2d(x, weight, layer.bias.value, layer.strides))


def _norm(layer, mode, x):
    return F.batch_norm(
        x, layer.moving_mean.value, layer.moving_variance.value, layer.gamma.value, layer.beta.value,
        mode.training, 1 - layer.momentum, layer.epsilon,
    )  # fmt: skip


def _dense(layer, mode, x):
    # in float32 under bfloat16 too: the regression divides by 1 + Δ, and these layers cost nothing
    with torch.autocast(x.device.type, enabled=False):
        return _activate(layer, mode, x.float() @ layer.kernel.value + layer.bias.value)


KERNELS = {
    layers.Conv2D: _conv,
    layers.BatchNormalization: _norm,
    layers.Dense: _dense,
    layers.ReLU: lambda layer, mode, x: F.relu(x),
    layers.Activation: lambda layer, mode, x: _activate(layer, mode, x),
    layers.AveragePooling2D: lambda layer, mode, x: F.avg_pool2d(x, layer.pool_size, layer.strides),
    layers.MaxPooling2D: lambda layer, mode, x: F.max_pool2d(x, layer.pool_size, layer.strides),
    layers.Flatten: lambda layer, mode, x: x.permute(0, 2, 3, 1).flatten(1),  # as Keras: channels last
    layers.Dropout: lambda layer, mode, x: F.dropout(x, layer.rate, mode.training and mode.dropout),
    layers.Multiply: lambda layer, mode, xs: xs[0] * xs[1],
    layers.Add: lambda layer, mode, xs: sum(xs),
    layers.Rescaling: lambda layer, mode, x: x * layer.scale,
    # the size of BatchNormalization's batch statistics, and the graph's own entrance, need nothing
    layers.InputLayer: lambda layer, mode, x: x,
}
