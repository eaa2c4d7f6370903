"""The tables of the rooms' READMEs hold the numbers that the program runs with."""

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

DEVICE = Path(__file__).resolve().parents[2] / "device"
MODULES = {
    "faces": ("detector", "close_up"),
    "tracks": ("tracker", "kalman"),
    "age": ("filter",),
    "pipeline": ("scheduler",),
    "audience": ("visits", "audience"),
    "overlay": ("shapes", "overlay", "invitation", "privacy"),
}
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([-0-9., ]+) \|", re.MULTILINE)


@pytest.mark.parametrize("room", MODULES)
def test_a_tables_values_are_the_programs(room):
    modules = [import_module(f"device.{room}.{name}") for name in MODULES[room]]
    rows = ROW.findall((DEVICE / room / "README.md").read_text(encoding="utf-8"))
    assert len(rows) >= 4
    for name, value in rows:
        (found, *_) = [vars(module)[name] for module in modules if name in vars(module)]
        assert np.atleast_1d(found).tolist() == [float(part) for part in value.split(",")], name
