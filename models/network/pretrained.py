"""The weights published with the SSR-Net paper (Keras HDF5, Apache-2.0), for comparison only."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np

from models.network.ssrnet import ssrnet


def layer_names() -> dict[str, str]:
    """Our layer names → those of the published files, which number layers in the order of their creation."""
    names = {}
    for i in range(4):
        for side, first in (("relu", 1), ("tanh", 5)):
            names[f"{side}{i + 1}_conv"] = f"conv2d_{first + i}"
            names[f"{side}{i + 1}_norm"] = f"batch_normalization_{first + i}"
    for k in range(3):
        stage = f"stage{k + 1}"
        names[f"{stage}_tanh_fuse"], names[f"{stage}_relu_fuse"] = (
            f"conv2d_{9 + 2 * k}",
            f"conv2d_{10 + 2 * k}",
        )
        names[f"{stage}_tanh_mix"], names[f"{stage}_relu_mix"] = f"dense_{3 * k + 1}", f"dense_{3 * k + 2}"
        names[f"{stage}_hidden"] = f"dense_{3 * k + 3}"
        names[f"{stage}_p"], names[f"{stage}_delta"] = f"pred_age_{stage}", f"delta_s{k + 1}"
        names[f"{stage}_eta"] = f"local_delta_{stage}"
    return names


def pretrained_ssrnet(weights: Path) -> keras.Model:
    """Our definition with the published weights; its input is `min_max` of a crop's BGR bytes."""
    model = ssrnet()
    with h5py.File(weights) as file:
        groups = file.get("model_weights", file)
        for ours, theirs in layer_names().items():
            group = groups[theirs]
            model.get_layer(ours).set_weights([np.array(group[name]) for name in group.attrs["weight_names"]])
    return model


def min_max(crops: np.ndarray) -> np.ndarray:
    """The published preprocessing: uint8 RGB (n, 64, 64, 3) to float BGR, each crop stretched to 0–255."""
    values = crops[..., ::-1].astype(np.float32)
    low = values.min((1, 2, 3), keepdims=True)
    return (values - low) * (255 / np.maximum(values.max((1, 2, 3), keepdims=True) - low, 1))
