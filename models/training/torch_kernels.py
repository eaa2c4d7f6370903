"""A Keras graph run by torch's own kernels, on the same parameters.

Keras' torch layers take 500 ms for a step of SSR-Net on two CPU cores; torch's fused kernels in bfloat16,
with channels last in memory, take 76 ms for the same arithmetic. Only models/network/'s layers are known.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import torch
import torch.nn.functional as F
from keras import layers

from models.network.detector import Steps
from models.network.orcnn import LocalResponse


class Mode(NamedTuple):
    """How the graph is run: in training or not.

    In training, the leaky slope (part of the gradient that an inactive ReLU unit passes), and whether dropout
    is on. `seen`, where given, is told what each layer of `Steps` is fed, by the layer's name.
    """

    training: bool
    leaky_slope: float = 0.0
    dropout: bool = True
    seen: dict[str, list[torch.Tensor]] | None = None


def leaky_gradient_relu(x: torch.Tensor, leaky_slope: float) -> torch.Tensor:
    """ReLU, through whose inactive half a part of the gradient still passes, so that no unit stays dead."""
    return F.relu(x) + leaky_slope * (x - x.detach()) * (x < 0)


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "tanh": torch.tanh,
    "softmax": lambda x: torch.softmax(x, 1),
}


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
    if isinstance(layer, keras.Model):  # a network within another
        return lambda x, **_: forward(layer, x, mode)
    run = KERNELS[type(layer)]
    return lambda *args, **_: run(layer, mode, *args)


def _conv(layer, mode, x):
    weight = layer.kernel.value.permute(3, 2, 0, 1)
    return _activate(layer, mode, F.conv2d(_padded(layer, x), weight, _bias(layer), layer.strides))


def _depthwise(layer, mode, x):
    weight = layer.kernel.value.permute(2, 3, 0, 1)
    x = F.conv2d(_padded(layer, x), weight, _bias(layer), layer.strides, groups=x.shape[1])
    return _activate(layer, mode, x)


def _bias(layer):
    return layer.bias.value if layer.use_bias else None


def _padded(layer, x):
    """As TensorFlow pads: what is odd, and at stride 2 on an even side all of it, at the end."""
    if layer.padding == "valid":
        return x
    pads = []
    for size, kernel, stride in zip(
        x.shape[:1:-1], layer.kernel_size[::-1], layer.strides[::-1], strict=True
    ):
        total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


def _more_channels(layer, mode, x):
    """What the detector's network adds channels of zeros by."""
    return F.pad(x, (0, 0, 0, 0, *layer.padding[1]))


def _steps(layer, mode, x):
    """As the converter does it: zero is one of the steps."""
    if mode.seen is not None:
        mode.seen.setdefault(layer.name, []).append(x.detach())
    low, high = layer.low.value.item(), layer.high.value.item()
    if low == high:
        return x
    scale = (high - low) / 255
    zero = min(max(round(-low / scale), 0), 255)
    return torch.fake_quantize_per_tensor_affine(x.float(), scale, zero, 0, 255)


def _norm(layer, mode, x):
    return F.batch_norm(
        x, layer.moving_mean.value, layer.moving_variance.value, layer.gamma.value, layer.beta.value,
        mode.training and layer.trainable, 1 - layer.momentum, layer.epsilon,
    )  # fmt: skip


def _local_response(layer, mode, x):
    with torch.autocast(x.device.type, enabled=False):  # squares lose too much in bfloat16
        x, place = x.float(), torch.arange(x.shape[1], device=x.device)
        near = (place[:, None] - place).abs() <= layer.neighbours // 2
        # a 1×1 convolution sums the neighbours' squares: torch's own pools in 3-D, at three times the cost
        total = F.conv2d(x.square(), near.to(x.dtype)[:, :, None, None])
        return x * (layer.k + layer.alpha / layer.neighbours * total) ** -layer.beta


def _dense(layer, mode, x):
    # in float32 under bfloat16 too: the regression divides by 1 + Δ, and these layers cost nothing
    with torch.autocast(x.device.type, enabled=False):
        return _activate(layer, mode, x.float() @ layer.kernel.value + layer.bias.value)


KERNELS = {
    layers.Conv2D: _conv,
    layers.DepthwiseConv2D: _depthwise,
    layers.ZeroPadding2D: _more_channels,
    Steps: _steps,
    layers.BatchNormalization: _norm,
    LocalResponse: _local_response,
    layers.Dense: _dense,
    layers.ReLU: lambda layer, mode, x: F.relu(x) if layer.max_value is None else x.clamp(0, layer.max_value),
    layers.Activation: lambda layer, mode, x: _activate(layer, mode, x),
    layers.AveragePooling2D: lambda layer, mode, x: F.avg_pool2d(x, layer.pool_size, layer.strides),
    layers.MaxPooling2D: lambda layer, mode, x: F.max_pool2d(x, layer.pool_size, layer.strides),
    layers.Flatten: lambda layer, mode, x: x.permute(0, 2, 3, 1).flatten(1),  # as Keras: channels last
    layers.Dropout: lambda layer, mode, x: F.dropout(x, layer.rate, mode.training and mode.dropout),
    layers.Multiply: lambda layer, mode, xs: xs[0] * xs[1],
    layers.Add: lambda layer, mode, xs: sum(xs),
    layers.Concatenate: lambda layer, mode, xs: torch.cat(xs, 1),
    layers.GlobalAveragePooling2D: lambda layer, mode, x: x.mean((2, 3)),
    layers.GlobalMaxPooling2D: lambda layer, mode, x: x.amax((2, 3)),
    layers.Rescaling: lambda layer, mode, x: x * layer.scale + layer.offset,
    # the size of BatchNormalization's batch statistics, and the graph's own entrance, need nothing
    layers.InputLayer: lambda layer, mode, x: x,
}
