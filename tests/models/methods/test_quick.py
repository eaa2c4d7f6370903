"""The whole way of a row of each family, in the workstation's environment: `methods run --quick`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")
pytest.importorskip("tensorflow", reason="needs the workstation's set (make train makes it)")

from models.methods.commands import QUICK_ROWS
from models.methods.recipe import with_needed

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.timeout(1800)  # under four minutes on two free cores; this is for busy ones
def test_two_epochs_of_a_row_of_each_family(samples, tmp_path):
    data = samples / "data"
    run = [sys.executable, "-m", "models", "methods", "run", "--quick", "--jobs", "2",
           "--data", str(data / "utkface64.zip"), "--photographs", str(data / "fgnet.zip")]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    figures = tmp_path / "runs" / "methods-quick" / "figures"
    expected = {recipe.name for recipe in with_needed(QUICK_ROWS) if recipe.scored}
    assert {path.stem for path in figures.glob("*.json")} == expected
    found = {path.stem: json.loads(path.read_text()) for path in figures.glob("*.json")}
    assert len({row["protocol"] for row in found.values()}) == 1
    for name, row in found.items():
        seed = row["seeds"]["1"]
        for test, count in (("test", 500), ("photographs", 500)):
            assert seed["int8"][test]["n"] + seed["int8"][test]["missed"] == count
            # untrained networks are 20 and more years off; int8 may not add what training took away
            assert seed["int8"][test]["mae"] < 40, (name, test)
            assert abs(seed["int8"][test]["mae"] - seed["float"][test]) < 2.0, (name, test)
    again = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    assert "nothing left to train" in again.stdout
    assert "took" not in again.stdout  # no step is made twice


FORMS = (
    "ssrnet-static", "ssrnet-27", "ssrnet-one-stream", "ssrnet-static-softmax", "densenet-13",
    "mrcnn", "dex", "covered-both", "tiny-8-maximum",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_each_form_becomes_int8_throughout_and_says_what_float_says(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"} | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "tests.models.methods.forms", str(tmp_path), *FORMS]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [form["name"] for form in said] == list(FORMS)
    assert {form["name"]: form["floats"] for form in said if form["floats"]} == {}
    assert {form["name"]: form["off"] for form in said if not form["off"] < 0.1} == {}
