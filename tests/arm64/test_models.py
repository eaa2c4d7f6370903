"""The models answer alike on a Pi's processors and on this machine."""

import subprocess
import sys

import numpy as np
import pytest

from device.interpreter import available
from tests.arm64.guest import ROOT

FACES = ROOT / "calibration" / "faces"


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    """Answers of this machine, by interpreter."""
    folder = tmp_path_factory.mktemp("here")
    answers = {}
    for interpreter in available():
        out = folder / f"{interpreter}.npz"
        subprocess.run([sys.executable, "-m", "tests.arm64.answers", interpreter, FACES, out], check=True,
                       cwd=ROOT, timeout=120)
        answers[interpreter] = dict(np.load(out))
    return answers


@pytest.fixture(scope="session")
def there(guest, tmp_path_factory):
    """Answers of the emulated Pi, by interpreter."""
    folder = tmp_path_factory.mktemp("there")
    answers = {}
    for interpreter in guest.system.interpreters:
        out = folder / f"{interpreter}.npz"
        done = guest.run("-m", "tests.arm64.answers", interpreter, str(FACES), str(out), limit=300)
        assert done.returncode == 0, f"{interpreter} left with {done.returncode}: {done.stderr[-2000:]}"
        answers[interpreter] = dict(np.load(out))
    return answers


def test_int8_outputs_equal_this_machines(here, there):
    for interpreter in here.keys() & there.keys():
        for name in here[interpreter]:
            if name.endswith("raw"):
                np.testing.assert_array_equal(there[interpreter][name], here[interpreter][name],
                                              err_msg=f"{name} by {interpreter}")


def test_ages_within_half_a_year_between_interpreters(here, there):
    reference = here["ai_edge_litert"]
    for interpreter, answers in there.items():
        for name in answers:
            if name.endswith("years"):
                assert len(answers[name]) == 200
                apart = np.abs(answers[name] - reference[name])
                assert apart.max() <= 0.5, f"{name} by {interpreter}: {apart.max():.2f} years apart"


def test_faces_found_in_the_same_places(here, there):
    for interpreter, answers in there.items():
        for kind in ("short", "full"):
            expected = here.get(interpreter, here["ai_edge_litert"])[kind]
            # pixels of a 256×256 picture; OpenCV and the float kernels round differently on each processor
            np.testing.assert_allclose(answers[kind], expected, atol=0.25, err_msg=f"{kind} by {interpreter}")
