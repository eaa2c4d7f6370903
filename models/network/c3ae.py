"""C3AE in Keras 3: Exploring the Limits of Compact Model for Age Estimation, Zhang et al., CVPR 2019.

One small trunk reads three crops of a face (the whole head, the face, its inner part): four 3×3 convolutions
of 32 channels without padding, each with normalisation and ReLU, average pooling after the first three, and a
1×1 convolution. What it makes of the three is joined; 12 classes with a softmax hold the age as two points,
the shares of the two bins of 10 years that it lies between, and one dense layer reads the age off them.
Published: about 40 thousand weights, 2.78 years on MORPH2.
"""

from __future__ import annotations

import keras
from keras import layers

SIDE = 64  # pixels of each crop
CHANNELS = 32
CROPS = 3
BINS = 12  # of 10 years: 0, 10, … 110


def c3ae(crops: int = CROPS, bins: int = BINS) -> keras.Model:
    """The network: `crops` pixels float (batch, 64, 64, 3) to shares (batch, bins), label (batch, 1).

    `crops=1` is the paper's plain form without context. The crops share one trunk's weights.
    """
    whole = trunk()
    pixels = [keras.Input((SIDE, SIDE, 3), name=f"pixels{i}") for i in range(1, crops + 1)]
    features = [whole(one) for one in pixels]
    joined = layers.Concatenate(name="join")(features) if crops > 1 else features[0]
    shares = layers.Dense(bins, activation="softmax", name="shares")(joined)
    label = layers.Dense(1, name="label")(shares)
    return keras.Model(pixels if crops > 1 else pixels[0], [shares, label], name="c3ae")


def trunk() -> keras.Model:
    """One crop (batch, 64, 64, 3) to its features (batch, 512): 64 → 31 → 14 → 6 → 4 pixels a side."""
    x = pixels = keras.Input((SIDE, SIDE, 3), name="crop")
    for i in range(1, 5):
        x = layers.Conv2D(CHANNELS, 3, name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        if i < 4:
            x = layers.AveragePooling2D(2, name=f"pool{i}")(x)
    x = layers.Conv2D(CHANNELS, 1, name="conv5")(x)
    return keras.Model(pixels, layers.Flatten(name="flat")(x), name="trunk")
