"""A model file is read only when it is what its pin says."""

import json

import pytest

from device.errors import ModelError
from device.inference.model_files import model_path

SHA256_OF_AAA = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
PIN = {"file": "a.tflite", "sha256": SHA256_OF_AAA}


@pytest.fixture
def models(tmp_path):
    (tmp_path / "pins.json").write_text(json.dumps({"age": PIN}))
    (tmp_path / "a.tflite").write_bytes(b"aaa")
    return tmp_path


def test_the_right_file(models):
    assert model_path("age", models) == models / "a.tflite"


def test_a_file_cut_short(models):
    (models / "a.tflite").write_bytes(b"aa")
    with pytest.raises(ModelError, match="damaged"):
        model_path("age", models)


def test_a_missing_file(models):
    (models / "a.tflite").unlink()
    with pytest.raises(ModelError, match="cannot read the model 'age'"):
        model_path("age", models)


def test_a_name_nobody_knows(models):
    with pytest.raises(ModelError, match="known: age"):
        model_path("agee", models)


def test_no_list_of_pins(tmp_path):
    with pytest.raises(ModelError, match=r"pins\.json"):
        model_path("age", tmp_path)
