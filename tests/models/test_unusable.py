"""What a command of the workstation cannot use is one sentence and status 2, never a traceback."""

import importlib
import sys

import pytest

TABLE = [
    ("models evaluate --data none.zip", "models evaluate: none.zip: no such folder, .zip or .csv of faces"),
    ("models evaluate --data faces --model nobody", "models evaluate: no model is called 'nobody'"),
    ("models evaluate --data faces --interpreter x", "models evaluate: no TFLite interpreter 'x' here"),
    ("models noise --faces none.zip", "models noise: none.zip: no such folder, .zip or .csv of faces"),
    ("models tracks --faces none.zip", "models tracks: none.zip: no such folder, .zip or .csv of faces"),
    ("models delegation none.tflite", "models delegation: none.tflite: missing, or not a TFLite file"),
    ("models train --data none.zip", "models train: torch is not installed here: run `make training`"),
    ("models quantize --config none.toml", "models quantize: none.toml: No such file or directory"),
    ("models quantize", "models quantize: runs/age/age.weights.h5: no trained weights; run `make train`"),
    ("models compare --data none.zip", "models compare: none.zip: no such folder, .zip or .csv of faces"),
    ("models compare --data faces --published no.h5", "models compare: no.h5: no such file of"),
    ("calibration fit none.zip", "calibration fit: none.zip: no such folder, .zip or .csv of faces"),
    ("calibration report --data faces --weights no.h5", "calibration report: no.h5: the float weights"),
    ("calibration report --data faces", "calibration report: keras is not installed here: run `make"),
]


@pytest.mark.parametrize(("line", "sentence"), TABLE)
def test_one_sentence_and_status_2(line, sentence, tmp_path, monkeypatch, capsys):
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "30_1_2_20170116192031120.jpg").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    for name in ("torch", "keras"):
        monkeypatch.setitem(sys.modules, name, None)  # not installed, wherever the test runs
    for name in ("models.training.train", "models.quantization.quantize"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    program, *arguments = line.split()
    assert importlib.import_module(f"{program}.__main__").main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1
