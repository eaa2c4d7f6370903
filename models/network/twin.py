"""Two trained trunks under one head: Georgescu, Duta, Ionescu 2021, of the students by two ways of teaching.

There the features of the teacher-student and of the triplet student are joined for a support vector machine;
here for one dense layer, so that the whole stays one network.
"""

from __future__ import annotations

import keras
from keras import layers

from models.network.dex import CLASSES, trunk
from models.network.ssrnet import SIDE

TRUNKS = ("first", "second")


def twin(classes: int = CLASSES) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to logits (batch, classes); its two trunks do not learn.

    Each is DEX's, 680 features; `begin_as` gives them their weights.
    """
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    features = []
    for name in TRUNKS:
        inner = keras.Input((SIDE, SIDE, 3), name=f"{name}_pixels")
        whole = keras.Model(inner, trunk(inner), name=name)
        whole.trainable = False
        features.append(whole(pixels))
    x = layers.Concatenate(name="features")(features)
    x = layers.Dropout(0.2, name="drop")(x)
    return keras.Model(pixels, layers.Dense(classes, name="logits")(x), name="twin")


def begin_as(net: keras.Model, students: list[keras.Model]) -> None:
    """Give the trunks of `net` the weights of two students, DEX networks, in the order of `TRUNKS`."""
    for name, student in zip(TRUNKS, students, strict=True):
        for layer in net.get_layer(name).layers:
            if layer.weights:
                layer.set_weights(student.get_layer(layer.name).get_weights())
