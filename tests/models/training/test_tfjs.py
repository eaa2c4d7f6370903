"""Weights out of TensorFlow.js's files: their bytes in order, and a refusal of what is not as listed."""

import json

import numpy as np
import pytest

from device.errors import ModelError
from models.training.tfjs import read_weights

KERNEL = {"name": "kernel", "shape": [2, 3], "dtype": "float32"}


@pytest.fixture
def model(tmp_path):
    """A manifest with one group in two files, cut in the middle of a number; returns how to write it."""

    def write(entries, data):
        (tmp_path / "a.bin").write_bytes(data[:10])
        (tmp_path / "b.bin").write_bytes(data[10:])
        manifest = {"weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": entries}]}
        (tmp_path / "model.json").write_text(json.dumps(manifest))
        return tmp_path / "model.json"

    return write


def test_each_weight_has_its_shape_type_and_values(model):
    entries = [KERNEL, {"name": "steps", "shape": [2], "dtype": "int32"},
               {"name": "scale", "shape": [], "dtype": "float32"}]  # fmt: skip
    data = np.arange(6, dtype="<f4").tobytes() + np.array([7, -8], "<i4").tobytes()
    weights = read_weights(model(entries, data + np.array(0.5, "<f4").tobytes()))
    assert weights["kernel"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert weights["steps"].tolist() == [7, -8]
    assert weights["scale"] == 0.5


@pytest.mark.parametrize(("length", "said"), [(20, "end before kernel"), (28, "listed are 24")])
def test_bytes_that_are_missing_or_left_over_are_refused(model, length, said):
    with pytest.raises(ModelError, match=said):
        read_weights(model([KERNEL], bytes(length)))


def test_quantized_weights_are_refused(model):
    entry = {**KERNEL, "quantization": {"dtype": "uint8", "scale": 0.1, "min": 0}}
    with pytest.raises(ModelError, match="kernel is stored as float32"):
        read_weights(model([entry], bytes(24)))


def test_a_missing_file_is_named(model, tmp_path):
    manifest = model([KERNEL], bytes(24))
    (tmp_path / "b.bin").unlink()
    with pytest.raises(ModelError, match=r"b\.bin"):
        read_weights(manifest)


def test_what_is_no_manifest_is_refused(tmp_path):
    (tmp_path / "model.json").write_text("[]")
    with pytest.raises(ModelError, match="not the weights"):
        read_weights(tmp_path / "model.json")
