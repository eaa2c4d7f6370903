"""TinyAgeNet in Keras 3: Age Estimation Using Expectation of Label Distribution, Gao et al., IJCAI 2018.

VGG-16's thirteen 3×3 convolutions, narrowed to a quarter (TinyAgeNet; to a half it is ThinAgeNet), each
with normalisation and ReLU; hybrid pooling, the last 2×2 maximum and then a global average; one dense layer.
Published: ThinAgeNet 3.14 years on ChaLearn15, 3.45 on ChaLearn16, 1.97 on MORPH.
"""

from __future__ import annotations

import keras
from keras import layers

SIDE = 64  # pixels of the input
VGG = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and how many convolutions, block by block
POOLS = ("hybrid", "maximum", "average")


def tiny_age_net(compression: int = 4, points: int = 101, pool: str = "hybrid") -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to logits (batch, points) over the label's range.

    `compression` divides VGG-16's channels: 4 has 934,869 trainable parameters, 8 has 237,661. `pool`: of
    the last 4×4 features, "hybrid", "maximum" (2×2, then global) or "average" (global): the paper's ablation.
    Raises ValueError for another.
    """
    if pool not in POOLS:
        raise ValueError(f"pool {pool!r}: must be one of {', '.join(POOLS)}")
    x = pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    for block, (channels, count) in enumerate(VGG, start=1):
        for i in range(1, count + 1):
            name = f"block{block}_{i}"
            x = layers.Conv2D(
                channels // compression, 3, padding="same", use_bias=False, name=f"{name}_conv"
            )(x)
            x = layers.BatchNormalization(name=f"{name}_norm")(x)
            x = layers.ReLU(name=name)(x)
        if block < len(VGG) or pool != "average":
            x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    whole = layers.GlobalMaxPooling2D if pool == "maximum" else layers.GlobalAveragePooling2D
    x = whole(name="features")(x)
    return keras.Model(pixels, layers.Dense(points, name="logits")(x), name="tiny_age_net")
