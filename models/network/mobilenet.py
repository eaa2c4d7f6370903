"""MobileNet with α = 0.25 in Keras 3, as SSR-Net's authors compare with it (IJCAI 2018, section 4).

Howard et al. 2017: a 3×3 convolution of stride 2 and thirteen depthwise separable blocks, each with batch
normalisation and ReLU6. The head is SSR-Net's authors': a 1×1 convolution to 20 channels with ReLU, flatten,
dropout 0.2, dense 32, dense 1. Published there: 6.50 years on MORPH2 in 1.0 MB, MegaAge-Asian CA(3) 44.0,
CA(5) 60.6.
"""

from __future__ import annotations

import keras
from keras import layers

SIDE = 64  # pixels of the input
ALPHA = 0.25
FIRST = 32  # channels at α = 1
BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)  # channels at α = 1, and stride


def mobilenet(alpha: float = ALPHA) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to the label in its own unit (batch, 1)."""
    x = pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = layers.Conv2D(int(FIRST * alpha), 3, 2, "same", use_bias=False, name="first_conv")(x)
    x = normalised(x, "first")
    for i, (channels, stride) in enumerate(BLOCKS, start=1):
        x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"depthwise{i}_conv")(x)
        x = normalised(x, f"depthwise{i}")
        x = layers.Conv2D(int(channels * alpha), 1, use_bias=False, name=f"pointwise{i}_conv")(x)
        x = normalised(x, f"pointwise{i}")
    x = layers.Conv2D(20, 1, activation="relu", name="head_conv")(x)
    x = layers.Dropout(0.2, name="drop")(layers.Flatten(name="flat")(x))
    x = layers.Dense(32, activation="relu", name="hidden")(x)
    return keras.Model(pixels, layers.Dense(1, name="label")(x), name="mobilenet")


def normalised(x, name: str):
    """Batch normalisation and ReLU6."""
    return layers.ReLU(6.0, name=name)(layers.BatchNormalization(name=f"{name}_norm")(x))
