"""The network that a recipe names, how its answer is read, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import keras
from keras import layers

from models.methods.recipe import Recipe
from models.network.c3ae import c3ae
from models.network.densenet import densenet
from models.network.dex import dex
from models.network.mobilenet import mobilenet
from models.network.orcnn import mrcnn, orcnn
from models.network.ssrnet import PAPER_STAGES, ssrnet
from models.network.tiny_age_net import tiny_age_net
from models.network.twin import twin

DECADE = 10  # points of the range to a bin of C3AE
HEADS = {
    "ssrnet": "stages",  # p, η, Δ of each stage
    "dex": "distribution",  # logits over the range's points
    "twin": "distribution",
    "tiny_age_net": "distribution",
    "mobilenet": "value",  # the label in its own unit
    "densenet": "value",
    "mrcnn": "value",
    "orcnn": "ranks",  # logits of "above the k-th point?"
    "c3ae": "two_points",  # shares of coarse bins, and the label
    "order": "score",  # a number that only orders faces
}


def head_of(recipe: Recipe) -> str:
    """The kind of the network's answer: a value of `HEADS`."""
    return HEADS[recipe.network["name"]]


def file_head(recipe: Recipe) -> str:
    """The kind of the int8 file's outputs: as `head_of`, but "static": p alone, where η and Δ are 0.

    XNNPACK ends the process at tensors that are always 0: they have a scale of nothing.
    """
    static = recipe.network["name"] == "ssrnet" and not recipe.network.get("dynamic_range", True)
    return "static" if static else head_of(recipe)


def points_of(recipe: Recipe) -> int:
    """How many points the label's range has."""
    low, high, step = recipe.range
    return round((high - low) / step) + 1


def bins_of(recipe: Recipe) -> int:
    """C3AE's bins, ten points wide, from the lowest value to beyond the highest: 12 for ages of 0 to 100."""
    return math.ceil((points_of(recipe) - 1) / DECADE) + 2


def network(recipe: Recipe, *, export: bool = False) -> keras.Model:
    """The Keras model, pixels float (batch, 64, 64, 3) RGB, 0–255, to its outputs.

    `export`: SSR-Net in the form the device runs; the others have one form only.
    """
    settings, points = dict(recipe.network), points_of(recipe)
    name = settings.pop("name")
    if name == "ssrnet":
        stages, streams = settings.pop("stages", PAPER_STAGES), settings.pop("streams", ("relu", "tanh"))
        model = ssrnet(stages=tuple(stages), streams=tuple(streams), export=export, **settings)
        alone = export and file_head(recipe) == "static"
        return keras.Model(model.input, model.outputs[0::3], name="ssrnet") if alone else model
    if name == "tiny_age_net":
        return tiny_age_net(settings.get("compression", 8), points, settings.get("pool", "hybrid"))
    if name == "c3ae":
        return c3ae(crops=1, bins=bins_of(recipe))
    if name == "order":
        return dex(classes=1)
    builders: dict[str, Callable[..., keras.Model]] = {
        "dex": partial(dex, classes=points),
        "twin": partial(twin, classes=points),
        "orcnn": partial(orcnn, points=points),
        "mrcnn": mrcnn,
        "mobilenet": mobilenet,
        "densenet": densenet,
    }
    return builders[name](**settings)


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one face through the trained form: those of convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif isinstance(layer, layers.DepthwiseConv2D):
            total += math.prod(layer.kernel_size) * math.prod(layer.output.shape[1:])
        elif isinstance(layer, layers.Conv2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
    return int(total)
