"""The network's operations in the form that int8 kernels on ARM run fastest; each equals the trained one."""

from __future__ import annotations

import keras
from keras import layers

USED_PIXELS = 62  # rows and columns that reach an output: the second pooling drops the rest


def patches(pixels):
    """The 3×3 neighbourhoods of the used pixels (im2col): (batch, 64, 64, 3) to (batch, 60, 60, 27).

    A 3×3 convolution over three channels is the worst case of XNNPACK's int8 kernels, which fill up each of
    its nine taps to eight channels (four with dot products); as a 1×1 convolution over these 27 it takes a
    third of the instructions. Slices copy long rows, and XNNPACK transposes in tiles: both cost little.
    """
    side, out = pixels.shape[1], USED_PIXELS - 2
    # at most four dimensions: tflite_runtime's kernels are slow with more
    x = layers.Concatenate(axis=1)([pixels[:, :, dx : dx + out] for dx in range(3)])
    x = layers.Reshape((3, side, out * 3))(x)
    x = layers.Concatenate(axis=1)([x[:, :, dy : dy + out] for dy in range(3)])
    x = layers.Permute((2, 1, 3))(layers.Reshape((9, out * out, 3))(x))
    return layers.Reshape((out, out, 27))(x)


def drop_unpooled(x, size: int):
    """Without the last rows and columns, which pooling over size×size drops, where they are many."""
    kept = x.shape[1] // size * size
    return x[:, :kept, :kept] if kept**2 <= 2 / 3 * x.shape[1] ** 2 else x


def average(x, size: int, name: str):
    """Average pooling over size×size as depthwise convolution: XNNPACK does not run int8 AVERAGE_POOL_2D.

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
    """Copy the trained weights into the exported form; those of the first convolutions are reshaped."""
    for layer in export.layers:
        if layer.trainable and layer.weights:
            weights = zip(layer.weights, trained.get_layer(layer.name).get_weights(), strict=True)
            layer.set_weights([values.reshape(weight.shape) for weight, values in weights])
