"""The int8 face detector in Keras 3: BlazeFace's short range form (Bazarevsky et al., 2019), four outputs.

As published it joins what two sizes of cells say in two tensors; as int8 those have one scale for all, and
half of the faces are lost. `Steps` stand wherever int8 has a scale.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from device.faces.detector_networks import WINDOWS

SIDE = 128  # pixels
STEM = 24  # channels of the first convolution


class Block(NamedTuple):
    """A residual block: a depthwise 3×3 and a 1×1 convolution; `half` halves the picture."""

    channels: int
    half: bool = False


FINE = (  # from 64×64 to 16×16, where the finer cells' heads are
    *(Block(24), Block(28), Block(32, half=True), Block(36), Block(42), Block(48, half=True)),
    *(Block(56), Block(64), Block(72), Block(80), Block(88)),
)
COARSE = (Block(96, half=True), *(Block(96) for _ in range(4)))  # to 8×8
# channels of each output: two anchors in each of 16×16 cells, six in each of 8×8, a score and 16 places each
HEADS = {"fine_scores": 2, "coarse_scores": 6, "fine_places": 32, "coarse_places": 96}


class Steps(layers.Layer):
    """Holds a tensor to 256 steps from `low` to `high`, as int8 does; while both are 0 it stays as it is."""

    def build(self, _shape):
        """The range, which is kept with the weights."""
        self.low = self.add_weight(shape=(), initializer="zeros", trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer="zeros", trainable=False, name="high")

    def call(self, x):
        """For TensorFlow's converter; training has its own (`torch_kernels`)."""
        return keras.quantizers.fake_quant_with_min_max_vars(x, self.low, self.high)


def block_names() -> list[str]:
    """Of all blocks, in order: their layers' names begin with them."""
    return [f"block{number}" for number in range(1, len(FINE + COARSE) + 1)]


def detector(export: bool = False) -> keras.Model:
    """Pixels less 128, float (batch, 128, 128, 3), to the `HEADS`: logits, and places in pixels.

    `export`: in the form that int8 kernels run fastest. They fill three channels up to eight at each of a 5×5
    convolution's 25 places; its input there is `device.faces.detector_networks.WINDOWS`, of whose rows five
    pixels each stand together, and its weights are (5, 1, 16, 24).
    """
    pixels = keras.Input(WINDOWS if export else (SIDE, SIDE, 3), name="pixels")
    x = Steps(name="pixels_steps")(pixels)
    if export:
        x = layers.ZeroPadding2D(((1, 2), (0, 0)))(x)
        x = layers.Conv2D(STEM, (5, 1), (2, 1), activation="relu", name="stem")(x)
    else:
        x = layers.Conv2D(STEM, 5, 2, "same", activation="relu", name="stem")(x)
    x = Steps(name="stem_steps")(x)
    seen = []
    for name, block in zip(block_names(), FINE + COARSE, strict=True):
        x = _block(x, name, block)
        seen.append(x)
    fine, coarse = seen[len(FINE) - 1], seen[-1]
    outputs = []
    for name, channels in HEADS.items():
        head = layers.Conv2D(channels, 1, name=name)(fine if name.startswith("fine") else coarse)
        outputs.append(Steps(name=f"{name}_steps")(head))
    return keras.Model(pixels, outputs, name="detector")


def _block(x, name: str, block: Block):
    seen = layers.DepthwiseConv2D(3, 2 if block.half else 1, "same", name=f"{name}_depthwise")(x)
    seen = Steps(name=f"{name}_depthwise_steps")(seen)
    seen = layers.Conv2D(block.channels, 1, name=f"{name}_pointwise")(seen)
    seen = Steps(name=f"{name}_pointwise_steps")(seen)
    if block.half:
        x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    if block.channels > x.shape[-1]:  # more channels, of zeros: as if they were the columns of a picture
        more = ((0, 0), (0, block.channels - x.shape[-1]))
        x = layers.ZeroPadding2D(more, data_format="channels_first", name=f"{name}_more")(x)
    x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, seen]))
    return Steps(name=f"{name}_steps")(x)


def take_weights(export: keras.Model, trained: keras.Model) -> None:
    """Copy the trained weights into the exported form."""
    for layer in trained.layers:
        if layer.weights:
            export.get_layer(layer.name).set_weights(
                layer.get_weights() if layer.name != "stem" else _rows(layer)
            )


def _rows(stem: layers.Conv2D) -> list[np.ndarray]:
    """The first convolution's weights for five pixels of a row at once, the sixteenth without weight."""
    kernel, bias = stem.get_weights()
    rows = np.zeros((5, 1, WINDOWS[2], STEM), np.float32)
    rows[:, 0, :15] = kernel.reshape(5, 15, STEM)
    return [rows, bias]
