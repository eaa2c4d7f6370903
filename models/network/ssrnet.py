"""SSR-Net in Keras 3: A Compact Soft Stagewise Regression Network, Yang et al., IJCAI 2018, sections 3.1–3.5.

Two streams of four 3×3 convolutions without padding, ReLU with average pooling and tanh with maximum
pooling; three stages, coarse to fine, read them at decreasing depth. The ReLU stream's channels are a
parameter, the tanh stream has half of them: (32, 32, 32, 32) is the paper's network of 40,915 parameters.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from device.age.network import ATTRIBUTES
from models.network.xnnpack_ops import average, drop_unpooled, patches

PAPER_CHANNELS = (32, 32, 32, 32)
PAPER_STAGES = (3, 3, 3)
SPAN = 101.0  # V, years
SIDE = 64  # pixels of the input
STREAMS = ("relu", "tanh")
FUSED = 10  # channels a stream brings to a stage
READS = ((3, 1), (1, 4), (0, 8))  # each stage's block, and how its features are pooled: coarse to fine


def ssrnet(
    channels: tuple[int, ...] = PAPER_CHANNELS,
    stages: tuple[int, ...] = PAPER_STAGES,
    *,
    dynamic_range: bool = True,
    normalised: bool = False,
    streams: tuple[str, ...] = STREAMS,
    attributes: bool = False,
    export: bool = False,
) -> keras.Model:
    """The network: pixels float (batch, 64, 64, 3) to a list of p, η, Δ for stage 1, 2, 3.

    `channels`: of the ReLU stream's four blocks. `stages`: bins s_k of each stage, one to three, as (27,),
    (5, 5), (9, 3). Fewer leave the later out; ValueError for another number.
    `dynamic_range=False` is the paper's ablation: η and Δ are held at 0.
    `normalised=True` has p by softmax, so that it sums to one, which the paper's ReLU leaves open.
    `streams`: both, or ("relu",) or ("tanh",) alone, as wide as in the pair. ValueError for another choice.
    `attributes=True` adds a tenth output, (batch, 6): the logits of `ATTRIBUTES`, linear in what all stages
    read; the last is the logarithm of the age's expected error in years.
    `export=True` gives the same function as the device runs it: operations in the form that int8 kernels run
    fastest (models/network/xnnpack_ops.py), without dropout and without what no output depends on.
    """
    if not 1 <= len(stages) <= len(READS):
        raise ValueError(f"stages {stages}: one to {len(READS)} of them")
    if not streams or any(side not in STREAMS for side in streams):
        raise ValueError(f"streams {streams}: one or both of {', '.join(STREAMS)}")
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    x = patches(pixels) if export else pixels
    widths = {"relu": channels, "tanh": tuple(c // 2 for c in channels)}
    blocks = {side: stream(x, widths[side], side, export) for side in streams}
    outputs: list = []
    flats: list = []
    # stage 1 reads the last blocks' features, stage 2 those after the second pooling, stage 3 after the first
    for k, ((depth, pool), bins) in enumerate(zip(READS, stages, strict=False), start=1):
        features = {side: every[depth] for side, every in blocks.items()}
        flat = flattened(features, pool, f"stage{k}", export)
        outputs += stage(flat, bins, f"stage{k}", dynamic_range, normalised, export)
        flats += flat.values()
    if attributes:
        outputs.append(attribute_logits(flats))
    return keras.Model(pixels, outputs, name="ssrnet")


def from_settings(settings: dict, *, export: bool = False) -> keras.Model:
    """The network that a training's configuration describes; `export` as for `ssrnet`."""
    return ssrnet(
        settings["channels"],
        settings["stages"],
        dynamic_range=settings["dynamic_range"],
        attributes=settings.get("attributes", False),
        export=export,
    )


def stream(x, channels: tuple[int, ...], activation: str, export: bool) -> list:
    """Four blocks of convolution, normalisation and activation; all but the last end with 2×2 pooling.

    `x` is the pixels, for export their `patches`. Returns each block's output.
    """
    outputs = []
    for i, count in enumerate(channels):
        name = f"{activation}{i + 1}"
        kernel = 1 if export and i == 0 else 3
        x = layers.Conv2D(count, kernel, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        last = i == len(channels) - 1
        if activation == "relu":
            x = layers.ReLU(name=name)(x)
            x = x if last else pooled(x, 2, name, export)
        else:
            # max pooling and tanh commute: pooling first computes a quarter of the tanh
            x = x if last else layers.MaxPooling2D(2, name=f"{name}_pool")(x)
            x = layers.Activation("tanh", name=name)(x)
        outputs.append(x)
    return outputs


def flattened(features: dict, pool: int, name: str, export: bool) -> dict:
    """What a stage reads of each stream: `FUSED` channels, pooled and flattened, by the stream's name."""
    flat = {}
    for side, x in features.items():
        label = f"{name}_{side}"
        x = drop_unpooled(x, pool) if export else x
        x = layers.Conv2D(FUSED, 1, activation="relu", name=f"{label}_fuse")(x)
        if pool > 1 and side == "relu":
            x = pooled(x, pool, label, export)
        elif pool > 1:
            x = layers.MaxPooling2D(pool, name=f"{label}_pool")(x)
        flat[side] = layers.Flatten(name=f"{label}_flat")(x)
    return flat


def stage(flat: dict, bins: int, name: str, dynamic_range: bool, normalised: bool, export: bool) -> list:
    """The fusion block: from the streams' flat features the stage's p (ReLU), η (tanh) and Δ (tanh)."""
    mixed = []
    for side, x in flat.items():
        x = x if export else layers.Dropout(0.2, name=f"{name}_{side}_drop")(x)
        mixed.append(layers.Dense(bins, activation="relu", name=f"{name}_{side}_mix")(x))
    fused = product(mixed, f"{name}_product")
    fused = layers.Dense(2 * bins, activation="relu", name=f"{name}_hidden")(fused)
    p = layers.Dense(bins, activation="softmax" if normalised else "relu", name=f"{name}_p")(fused)
    eta = layers.Dense(bins, activation="tanh", name=f"{name}_eta")(fused)
    scale = product(list(flat.values()), f"{name}_scale")
    delta = layers.Dense(1, activation="tanh", name=f"{name}_delta")(scale)
    if not dynamic_range:
        eta, delta = layers.Rescaling(0.0)(eta), layers.Rescaling(0.0)(delta)
    return [p, eta, delta]


def product(features: list, name: str):
    """Both streams' features multiplied; of one alone, itself."""
    return layers.Multiply(name=name)(features) if len(features) > 1 else features[0]


def attribute_logits(flats: list):
    """The sum of a dense reading of each flat feature, (batch, 6).

    Not one reading of all joined: int8 joins must share a scale, which would change the age's own tensors.
    """
    readings = [
        layers.Dense(len(ATTRIBUTES), name=f"attributes_{flat._keras_history.operation.name[:-5]}")(flat)
        for flat in flats
    ]
    return layers.Add(name="attributes")(readings)


def pooled(x, size: int, name: str, export: bool):
    """Average pooling over size×size."""
    return average(x, size, name) if export else layers.AveragePooling2D(size, name=f"{name}_pool")(x)


def regress(outputs: list, span: float = SPAN):
    """Soft stagewise regression (equations 4–7), (batch,) years; the training side of device/age/network.py.

    age = Σ_k Σ_i p_i (i + η_i) · V / Π_{j≤k} s_j (1 + Δ_j). Not clipped, so that every face has a gradient.
    """
    age, width = 0.0, span
    for p, eta, delta in zip(outputs[0::3], outputs[1::3], outputs[2::3], strict=True):
        bins = p.shape[-1]
        width = width / (bins * (1.0 + delta[:, 0]))
        age = age + width * ops.sum(p * (ops.arange(bins, dtype=p.dtype) + eta), axis=-1)
    return age
