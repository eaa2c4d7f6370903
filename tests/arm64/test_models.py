"""The models answer alike on a Pi's processors and on this machine."""

import subprocess
import sys

import numpy as np
import pytest

from device.inference.interpreter import available
from tests.arm64.guest import ROOT

FACES = ROOT / "calibration" / "faces"


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    """Answers of this machine, by interpreter."""
    folder = tmp_path_factory.mktemp("here")
    answers = {}
    for interpreter in available():
        out = folder / f"{interpreter}.npz"
        subprocess.run(
            [sys.executable, "-m", "tests.arm64.answers", interpreter, FACES, out],
            check=True,
            cwd=ROOT,
            timeout=120,
        )
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


def age_networks(answers):
    return [name.removesuffix(" raw") for name in answers if name.endswith(" raw")]


def test_int8_outputs_equal_this_machines(here, there):
    """XNNPACK's integers, which ai_edge_litert runs, are the same on every processor."""
    for name in age_networks(here["ai_edge_litert"]):
        np.testing.assert_array_equal(
            there["ai_edge_litert"][f"{name} raw"], here["ai_edge_litert"][f"{name} raw"], err_msg=name
        )


@pytest.mark.xfail(
    strict=True, reason="tflite_runtime: 0.2 years apart on average, one face in seven by over 0.5"
)
def test_ages_agree_between_interpreters(here, there):
    """Half a year on every face is wanted: ai_edge_litert has the same ages everywhere, tflite_runtime not.

    tflite_runtime's wheel gives XNNPACK no int8 operation, and its own kernels round twice: 0.01 % of the
    first convolution's values differ by a step, 3 % of the third's, 15 % of the fourth's, and a step of the
    coarse stage is nearly half a year. With the stages in float there would still be 3 % of the faces.
    """
    if "tflite_runtime" not in there:
        pytest.skip("ai_edge_litert is there alone")
    for interpreter, answers in there.items():
        for name in age_networks(answers):
            years, reference = answers[f"{name} years"], here["ai_edge_litert"][f"{name} years"]
            assert len(years) == len(reference) == 200
            assert np.abs(years - reference).max() <= 0.5, f"{name} by {interpreter}"


def test_faces_found_in_the_same_places(here, there):
    for interpreter, answers in there.items():
        for kind in ("short", "short-int8", "full"):
            expected = here.get(interpreter, here["ai_edge_litert"])[kind]
            # Pixels of a 256×256 picture. OpenCV and the float kernels round differently on each processor,
            # by 0.0001; tflite_runtime's int8 kernels by whole steps, 2.2 pixels; ai_edge_litert's by none.
            whole_steps = (kind, interpreter) == ("short-int8", "tflite_runtime")
            apart = 2.6 if whole_steps else 0.25
            np.testing.assert_allclose(
                answers[kind], expected, atol=apart, err_msg=f"{kind} by {interpreter}"
            )
