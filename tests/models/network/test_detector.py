"""The detector's two forms compute the same, and its weights begin as the published file's."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")

from device.faces.detector_networks import FloatNetwork  # noqa: E402
from device.inference.interpreter import Model  # noqa: E402
from device.inference.model_files import model_path  # noqa: E402
from models.network.blazeface import begin_with  # noqa: E402
from models.network.detector import HEADS, WINDOWS, Steps, detector, take_weights  # noqa: E402


def answers(model, pixels):
    """Without the steps of int8, which need a range."""
    rows = model._run_through_graph(
        keras.ops.convert_to_tensor(pixels[None]),
        operation_fn=lambda layer: (lambda x, **_: x) if isinstance(layer, Steps) else layer,
    )
    return {name: keras.ops.convert_to_numpy(row)[0] for name, row in zip(HEADS, rows, strict=True)}


def windows(pixels):
    rows = np.zeros((128, 3 + 384 + 13), np.float32)
    rows[:, 3:387] = pixels.reshape(128, 384)
    return np.stack([rows[:, 6 * x : 6 * x + WINDOWS[2]] for x in range(WINDOWS[1])], axis=1)


def test_it_begins_as_the_published_network_and_the_exported_form_computes_the_same():
    trained, export = detector(), detector(export=True)
    begin_with(trained, model_path("face-short"))
    take_weights(export, trained)
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    shown = pixels.astype(np.float32) - 128
    ours, exported = answers(trained, shown), answers(export, windows(shown))
    for name in HEADS:
        np.testing.assert_allclose(exported[name], ours[name], atol=2e-2, err_msg=name)
    places, logits = FloatNetwork(Model(model_path("face-short"))).outputs(pixels)
    said = np.concatenate([ours["fine_scores"].ravel(), ours["coarse_scores"].ravel()])
    # beside the picture is 127.5 there and 128 here, half a level more: that much and no more
    assert np.abs(said - logits).max() < 2.0
    assert np.abs(said - logits).mean() < 0.1
    there = np.concatenate([ours["fine_places"].reshape(-1, 16), ours["coarse_places"].reshape(-1, 16)])
    assert np.abs(there - places).mean() < 0.1
