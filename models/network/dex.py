"""DEX on SSR-Net's trunk: 101 classes with a softmax whose expectation is the age, in Keras 3.

Rothe, Timofte, Van Gool: Deep expectation of apparent age from a single image, IJCV 2018; there on VGG-16,
with 3.25 years on MORPH2, 2.68 with IMDB-WIKI's faces before, in 500 MB. Here the head is compared: the
streams and what the three stages read of them are SSR-Net's, one dense layer reads all 680 features.
"""

from __future__ import annotations

import keras
from keras import layers

from models.network.ssrnet import PAPER_CHANNELS, SIDE, flattened, stream

CLASSES = 101


def dex(channels: tuple[int, ...] = PAPER_CHANNELS, classes: int = CLASSES) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to logits (batch, classes), before the softmax.

    107,097 parameters. Their expectation: models/training/methods/distributions.py.
    """
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    smooth = stream(pixels, channels, "relu", export=False)
    sharp = stream(pixels, tuple(c // 2 for c in channels), "tanh", export=False)
    flats = []
    for k, (depth, pool) in enumerate(((3, 1), (1, 4), (0, 8)), start=1):
        flats += flattened((smooth[depth], sharp[depth]), pool, f"stage{k}", export=False)
    x = layers.Dropout(0.2, name="drop")(layers.Concatenate(name="features")(flats))
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name="dex")
