"""DenseNet in Keras 3, as SSR-Net's authors compare with it (IJCAI 2018, section 4).

Huang et al., CVPR 2017: three blocks of 3×3 convolutions, each of which reads all before it and adds `growth`
channels; 1×1 convolutions with 2×2 average pooling between the blocks. The head is SSR-Net's authors': global
average, dense 128, dropout 0.2, dense 32, dense 1. Published there for depth 19: 5.05 years on MORPH2 in 1.1
MB, MegaAge-Asian CA(3) 51.7, CA(5) 69.4. Depth 13 is for whoever trains on a processor.
"""

from __future__ import annotations

import keras
from keras import layers

SIDE = 64  # pixels of the input
BLOCKS = 3
GROWTH = 12
FIRST = 24  # filters of the first convolution


def densenet(depth: int = 13) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to the label in its own unit (batch, 1).

    `depth` counts the layers of the original: 3 blocks of n, two transitions, the first and the last,
    3n + 4, n = 3 for 13 and 5 for 19. Raises ValueError for a depth that is none.
    """
    count, rest = divmod(depth - 4, BLOCKS)
    if count < 1 or rest:
        raise ValueError(f"depth {depth}: must be 3n + 4, as 13 or 19")
    x = pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = layers.Conv2D(FIRST, 3, padding="same", use_bias=False, name="first_conv")(x)
    for block in range(1, BLOCKS + 1):
        for i in range(1, count + 1):
            name = f"block{block}_{i}"
            new = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_conv")(
                activated(x, name)
            )
            x = layers.Concatenate(name=f"{name}_join")([x, new])
        x = activated(x, f"block{block}_end")
        if block < BLOCKS:
            x = layers.Conv2D(x.shape[-1], 1, use_bias=False, name=f"transition{block}_conv")(x)
            x = layers.AveragePooling2D(2, name=f"transition{block}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    x = layers.Dense(128, activation="relu", name="hidden1")(x)
    x = layers.Dropout(0.2, name="drop")(x)
    x = layers.Dense(32, activation="relu", name="hidden2")(x)
    return keras.Model(pixels, layers.Dense(1, name="label")(x), name="densenet")


def activated(x, name: str):
    """Batch normalisation and ReLU, before a convolution."""
    return layers.ReLU(name=name)(layers.BatchNormalization(name=f"{name}_norm")(x))
