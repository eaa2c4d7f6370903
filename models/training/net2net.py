"""A wider member of the family that begins as what a narrower one has learnt.

Net2Net (Chen, Goodfellow, Shlens, ICLR 2016): each new channel copies an old one, and what reads the copies
shares its weight among them, so that the wider network computes the same before it learns on. Trained from
nothing for as long, the wider one was the worse of the two.
"""

from __future__ import annotations

import keras
import numpy as np

NOISE = 0.05  # of the weights' own spread, so that copies can part


def widen(narrow: keras.Model, wide: keras.Model, seed: int) -> None:
    """Give `wide` the function of `narrow`; both by `models.network.ssrnet.ssrnet`, with the same stages."""
    rng = np.random.default_rng(seed)
    copies: dict[str, np.ndarray] = {}  # block → which old channel each new one copies
    for layer in wide.layers:
        old = [weight.copy() for weight in narrow.get_layer(layer.name).get_weights()]
        if not old:
            continue
        side, block = _reads(layer.name)
        if layer.name.endswith(("_conv", "_fuse")):
            kernel, bias = old
            if block in copies:
                kernel = _shared(kernel, copies[block])
            if layer.name.endswith("_conv"):
                chosen = _copies(kernel.shape[3], layer.filters)
                copies[side] = chosen
                kernel, bias = kernel[..., chosen], bias[chosen]
            old = [kernel + NOISE * kernel.std() * rng.normal(size=kernel.shape), bias]
        elif layer.name.endswith("_norm"):
            old = [weight[copies[layer.name.removesuffix("_norm")]] for weight in old]
        layer.set_weights(old)


def _reads(name: str) -> tuple[str, str]:
    """The block that a layer belongs to, and the block whose channels it reads: relu2_conv reads relu1."""
    if name.endswith("_conv"):
        block = name.removesuffix("_conv")
        return block, f"{block[:-1]}{int(block[-1]) - 1}"
    for stage, depth in (("stage1", 4), ("stage2", 2), ("stage3", 1)):
        if name.startswith(stage):
            return name, f"{name.split('_')[1]}{depth}"
    return name, ""


def _copies(old: int, new: int) -> np.ndarray:
    """Which of `old` channels each of `new` copies: all of them in turn."""
    return np.arange(new) % old


def _shared(kernel: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """A kernel that reads the copies, each with its share of the old weight."""
    counts = np.bincount(chosen)
    return kernel[:, :, chosen, :] / counts[chosen][None, None, :, None]
