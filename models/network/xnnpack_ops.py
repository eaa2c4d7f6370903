"""The network's operations as int8 kernels on ARM like them, each computing what its training form does."""

from __future__ import annotations

import keras
from keras import layers

USED = 62  # rows and columns of pixels that reach an output: what is beyond falls off at the second pooling


def patches(pixels):
    """The 3×3 neighbourhoods of the pixels in use: (batch, 64, 64, 3) to (batch, 60, 60, 27).

    A 3×3 convolution over three channels is the worst case of XNNPACK's int8 kernels, which fill up each of
    its nine taps to eight channels (four with dot products); as a 1×1 convolution over these 27 it takes a
    third of the instructions. Slices copy long rows, and XNNPACK transposes in tiles: both cost little.
    """
    side, out = pixels.shape[1], USED - 2
    # four dimensions at the most: tflite_runtime's kernels are slow with more
    x = layers.Concatenate(axis=1)([pixels[:, :, dx : dx + out] for dx in range(3)])
    x = layers.Reshape((3, side, out * 3))(x)
    x = layers.Concatenate(axis=1)([x[:, :, dy : dy + out] for dy in range(3)])
    x = layers.Permute((2, 1, 3))(layers.Reshape((9, out * out, 3))(x))
    return layers.Reshape((out, out, 27))(x)


def whole(x, size: int):
    """Without the rows and columns at the end that pooling over size×size drops, where they are many."""
    kept = x.shape[1] // size * size
    return x[:, :kept, :kept] if kept**2 <= 2 / 3 * x.shape[1] ** 2 else x


def average(x, size: int, name: str):
    """Average pooling over size×size as depthwise convolution: XNNPACK takes no int8 AVERAGE_POOL_2D.

    XNNPACK's kernels go up to 25 taps at once; more are taken down the columns first and then along the rows.
    """
    steps = [(size, size)] if size**2 <= 25 else [(size, 1), (1, size)]
    for i, step in enumerate(steps):
        weight = keras.initializers.Constant(1 / (step[0] * step[1]))
        x = layers.DepthwiseConv2D(
            step,
            strides=step,
            use_bias=False,
            depthwise_initializer=weight,
            trainable=False,
            name=f"{name}_pool{i or ''}",
        )(x)
    return x


def take_weights(export: keras.Model, trained: keras.Model) -> None:
    """Give the exported form the weights of the trained; the first convolutions' are as long, flattened."""
    for layer in export.layers:
        if layer.trainable and layer.weights:
            weights = zip(layer.weights, trained.get_layer(layer.name).get_weights(), strict=True)
            layer.set_weights([values.reshape(weight.shape) for weight, values in weights])
