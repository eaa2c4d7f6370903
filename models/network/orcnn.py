"""ORCNN and MRCNN in Keras 3: Ordinal Regression with Multiple Output CNN, Niu et al., CVPR 2016.

Three convolutions (5×5 of 20, 7×7 of 40, 11×11 of 80), each with ReLU, local response normalisation and
but for the last a 2×2 maximum, and a dense layer of 80.
ORCNN answers V − 1 questions "older than k?" (the rank is
how many are above one half), MRCNN is the same trunk with one number. SSR-Net's authors give 3.27 and 3.42
years on MORPH2, 1.7 MB. The pools are ours: the paper's figure, which places them, was not at hand. So is
the input from −1 to 1, at which Caffe's constants hardly normalise any more; pixels of 0 to 255 need them.
"""

from __future__ import annotations

import keras
from keras import layers, ops

SIDE = 64  # pixels of the input
CONVOLUTIONS = ((20, 5), (40, 7), (80, 11))  # channels and kernel
HIDDEN = 80
POINTS = 101  # V, of the label's range


class LocalResponse(layers.Layer):
    """x / (k + α/n · Σ of x² over n neighbouring channels)^β: Krizhevsky et al. 2012, with Caffe's α/n."""

    def __init__(self, neighbours: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0, **rest):
        super().__init__(**rest)
        self.neighbours, self.alpha, self.beta, self.k = neighbours, alpha, beta, k

    def call(self, x):
        """Normalise features (batch, rows, columns, channels)."""
        half, channels = self.neighbours // 2, x.shape[-1]
        squares = ops.pad(x * x, ((0, 0), (0, 0), (0, 0), (half, half)))
        total = sum(squares[..., i : i + channels] for i in range(self.neighbours))
        whole = self.k + self.alpha / self.neighbours * total
        if self.beta != 0.75:
            return x / ops.power(whole, self.beta)
        root = ops.rsqrt(whole)  # to the power of −3/4 by products and inverse roots, which int8 has
        return x * root * ops.rsqrt(whole * root)

    def get_config(self) -> dict:
        """The four numbers, so that a saved network can be read."""
        own = {"neighbours": self.neighbours, "alpha": self.alpha, "beta": self.beta, "k": self.k}
        return super().get_config() | own


def orcnn(points: int = POINTS) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to the logits of the questions (batch, points − 1)."""
    pixels, x = trunk()
    return keras.Model(pixels, layers.Dense(points - 1, name="ranks")(x), name="orcnn")


def mrcnn() -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to the label in its own unit (batch, 1)."""
    pixels, x = trunk()
    return keras.Model(pixels, layers.Dense(1, name="label")(x), name="mrcnn")


def trunk() -> tuple:
    """The input and the 80 features of both networks: 64 → 60 → 30 → 24 → 12 → 2 pixels a side."""
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = layers.Rescaling(1 / 128, -1, name="centred")(pixels)  # nothing else normalises what comes in
    for i, (channels, kernel) in enumerate(CONVOLUTIONS, start=1):
        x = layers.Conv2D(channels, kernel, activation="relu", name=f"conv{i}")(x)
        x = LocalResponse(name=f"response{i}")(x)
        if i < len(CONVOLUTIONS):
            x = layers.MaxPooling2D(2, name=f"pool{i}")(x)
    x = layers.Flatten(name="flat")(x)
    return pixels, layers.Dense(HIDDEN, activation="relu", name="hidden")(x)
