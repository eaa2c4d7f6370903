"""The definition is the paper's: its parameter count, and the published weights' own error on real faces."""

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")

from models.network.ssrnet import regress, ssrnet  # noqa: E402
from models.network.xnnpack_ops import take_weights  # noqa: E402


def test_the_papers_network_has_40915_parameters():
    assert ssrnet().count_params() == 40915


def test_the_exported_form_computes_the_same():
    trained, export = ssrnet(), ssrnet(export=True)
    take_weights(export, trained)
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 3)).astype(np.float32)
    for ours, theirs in zip(export(pixels), trained(pixels), strict=True):
        ours, theirs = keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


def test_the_attributes_are_a_tenth_output_of_4104_weights_that_leaves_the_age_as_it_was():
    plain, whole, export = ssrnet(), ssrnet(attributes=True), ssrnet(attributes=True, export=True)
    assert whole.count_params() - plain.count_params() == 6 * 680 + 6 * 6
    take_weights(export, whole)
    take_weights(plain, whole)
    pixels = np.random.default_rng(1).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    outputs = [keras.ops.convert_to_numpy(t) for t in whole(pixels)]
    for ours, theirs in zip(plain(pixels), outputs[:9], strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours), theirs)
    assert outputs[9].shape == (2, 6)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(export(pixels)[9]), outputs[9], rtol=1e-4, atol=1e-3
    )


def test_without_the_dynamic_range_shifts_and_scales_are_zero():
    outputs = ssrnet(dynamic_range=False)(np.full((1, 64, 64, 3), 128, np.float32))
    for tensor in (*outputs[1::3], *outputs[2::3]):
        assert not keras.ops.convert_to_numpy(tensor).any()


@pytest.mark.parametrize("name", ["imdb", "wiki", "morph2", "megaage_asian"])
def test_the_published_weights_give_the_published_error(samples, name):
    from models.data.datasets import load
    from models.evaluation.evaluate import stored
    from models.network.pretrained import min_max, pretrained_ssrnet

    weights = samples / "reference" / "ssrnet-official" / f"ssrnet_3_3_3_64_{name}.h5"
    rows = json.loads((samples / "reference" / "baselines.json").read_text())["rows"]
    label = {"imdb": "IMDB", "wiki": "WIKI", "morph2": "MORPH2", "megaage_asian": "MegaAge-Asian"}[name]
    row = rows[f"SSR-Net float, published {label} weights, 326 KB"]["utkface_test"]
    pairs = [(f.age, stored(p)) for f, p in load(samples / "data" / "utkface64.zip").part("test").pictures()]
    ages = np.array([age for age, _ in pairs])
    model = pretrained_ssrnet(weights)
    crops = min_max(np.stack([crop for _, crop in pairs]))
    outputs = [keras.ops.convert_to_numpy(t) for t in model.predict(crops, batch_size=256, verbose=0)]
    guesses = keras.ops.convert_to_numpy(regress([keras.ops.convert_to_tensor(t) for t in outputs]))
    assert len(ages) == row["n"]
    assert np.abs(guesses - ages).mean() == pytest.approx(row["mae"], abs=0.01)
