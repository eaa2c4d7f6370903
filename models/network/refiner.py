"""The refiner in Keras 3: from a face's window to its six keypoints, whether it is one, and what covers it.

Six 3×3 convolutions with normalisation and ReLU and one dense layer: 105 thousand weights, 2.2 million
multiply-adds, a tenth of a look of BlazeFace. Ours; there is no paper.
"""

from __future__ import annotations

import keras
from keras import layers

from device.faces.refiner import SIDE

BLOCKS = ((12, 2), (24, 2), (24, 1), (40, 2), (48, 1), (48, 1))  # channels and stride; the last is unpadded
HIDDEN = 64
OUTPUTS = {"eyes": 4, "rest": 8, "face": 1, "cover": 2}  # each with a scale of its own in int8


def refiner() -> keras.Model:
    """The network: pixels float (batch, 48, 48, 3), 0 to 255, to the four `OUTPUTS`, (batch, n) each.

    Eyes and the other keypoints are x, y in sides of the window from its middle; face and cover are logits.
    """
    x = pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    for i, (count, stride) in enumerate(BLOCKS, start=1):
        padding = "valid" if i == len(BLOCKS) else "same"
        x = layers.Conv2D(count, 3, stride, padding, name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
    x = layers.Dense(HIDDEN, activation="relu", name="hidden")(layers.Flatten(name="flat")(x))
    return keras.Model(pixels, [layers.Dense(n, name=name)(x) for name, n in OUTPUTS.items()], name="refiner")
