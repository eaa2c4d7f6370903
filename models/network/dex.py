"""DEX on SSR-Net's trunk: 101 classes with a softmax whose expectation is the age, in Keras 3.

Rothe, Timofte, Van Gool: Deep expectation of apparent age from a single image, IJCV 2018; there on VGG-16,
with 3.25 years on MORPH2, 2.68 with IMDB-WIKI's faces before, in 500 MB. Here the head is compared: the
streams and what the three stages read of them are SSR-Net's, one dense layer reads all 680 features.
"""

from __future__ import annotations

import keras
from keras import layers

from models.network.ssrnet import PAPER_CHANNELS, READS, SIDE, flattened, stream

CLASSES = 101


def dex(channels: tuple[int, ...] = PAPER_CHANNELS, classes: int = CLASSES) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to logits (batch, classes), before the softmax.

    107,097 parameters. Their expectation: models/training/methods/distributions.py.
    """
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = layers.Dropout(0.2, name="drop")(trunk(pixels, channels))
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name="dex")


def trunk(pixels, channels: tuple[int, ...] = PAPER_CHANNELS):
    """SSR-Net's 680 features of pixels (batch, 64, 64, 3): what its three stages read, joined."""
    widths = {"relu": channels, "tanh": tuple(c // 2 for c in channels)}
    blocks = {side: stream(pixels, width, side, export=False) for side, width in widths.items()}
    flats: list = []
    for k, (depth, pool) in enumerate(READS, start=1):
        features = {side: every[depth] for side, every in blocks.items()}
        flats += flattened(features, pool, f"stage{k}", export=False).values()
    return layers.Concatenate(name="features")(flats)
