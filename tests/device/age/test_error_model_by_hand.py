"""An estimate's error by hand, from a small model: raw = m + σ(√c · h + √(1 − c) · w), c: correlation."""

import json
import math

import numpy as np
import pytest

from device.age.belt import Belt
from device.age.error_model import (
    TYPICAL,
    ErrorModel,
    features,
    interpolate,
    load_error_model,
    noise_path,
    pose_change,
)
from device.errors import ModelError
from device.faces.quality import Quality
from device.inference.model_files import MODELS

EVEN = Quality(size=30, sharpness=-1.0, yaw=0.0, roll=0.0, score=0.8, brightness=0.5, contrast=0.2)
SMALL = ErrorModel(
    log_variance=(2.0, -0.5, -0.4, 3.0, 1.0, 0.5, 0.25, 0.3, 0.2),
    correlation=0.5, correlation_s=1.0, correlation_pose=0.5,
    bias_table=(2.0, 14.0, 22.0),
    belt=Belt(ages=(0.0, 60.0), low=(-1.0, -2.0), high=(1.5, 0.5), own=True),
    appearance_scale=np.array([1.0, 4.0], np.float32),
    appearance_weights=np.array([2.0, 5.0], np.float32),
    appearance_bias=1.5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "raw", "index", "value"),
    [
        ({"size": 60}, 50, 1, math.log(2)),  # 0.693, and 0.7 is the most
        ({"size": 15}, 50, 1, -math.log(2)),
        ({"size": 61}, 50, 1, 0.7),
        ({"size": 8}, 50, 1, -1.3),
        ({"sharpness": -1.6}, 50, 2, -0.6),
        ({"sharpness": 0.2}, 50, 2, 1.0),
        ({"sharpness": -2.6}, 50, 2, -1.5),
        ({"yaw": -0.3}, 50, 3, 0.3),
        ({"yaw": 0.6}, 50, 3, 0.5),
        ({"score": 0.6}, 50, 4, 0.2),
        ({"score": 0.95}, 50, 4, -0.1),
        ({"score": 0.3}, 50, 4, 0.4),
        ({"brightness": 0.3}, 50, 5, -0.2),
        ({"brightness": 0.95}, 50, 5, 0.4),
        ({"brightness": 0.05}, 50, 5, -0.4),
        ({"contrast": 0.1}, 50, 6, -math.log(2)),
        ({"contrast": 0.4}, 50, 6, 0.5),
        ({"contrast": 0.03}, 50, 6, -1.5),
        ({"contrast": 0.0}, 50, 6, -1.5),
        ({}, 30, 7, -0.4),
        ({}, 30, 8, 0.4),
        ({}, 70, 7, 0.4),
        ({}, -10, 7, -1.0),
        ({}, 110, 8, 1.0),
    ],
)
def test_a_feature_by_hand(changed, raw, index, value):
    """Each stands where the fit puts its weight, and is 0 otherwise."""
    given = features(EVEN._replace(**changed), raw)
    expected = [1.0] + [0.0] * 8
    expected[index] = value
    if index in (7, 8):
        expected[15 - index] = abs(value) if index == 7 else math.copysign(value, raw - 50)
    assert given == pytest.approx(expected, abs=1e-12)


def test_the_floor_of_contrast_lies_below_what_was_learnt_from():
    """0.2 · e^-1.5 = 0.0446: from there down to nothing the feature is the same, and at 0.05 it is not."""
    assert features(EVEN._replace(contrast=0.05), 50)[6] == pytest.approx(-math.log(4))


def test_the_variance_by_hand():
    """A face of 15 pixels, half turned, seen as 30: e^(2 + 0.5 · 0.6931 + 3 · 0.2 − 0.3 · 0.4 + 0.2 · 0.4).

    The exponent is 2 + 0.34657 + 0.6 − 0.12 + 0.08 = 2.90657, the variance 18.2939 squared years.
    """
    given = features(EVEN._replace(size=15, yaw=0.2), 30)
    assert SMALL.variance(given) == pytest.approx(18.2939, abs=1e-3)
    assert SMALL.variance(features(EVEN, 50)) == pytest.approx(math.exp(2))


def test_a_model_with_too_few_weights_is_an_error_not_a_smaller_sum():
    with pytest.raises(ValueError, match="longer"):
        SMALL._replace(log_variance=(2.0, -0.5)).variance(features(EVEN, 50))


def test_the_appearance_by_hand():
    """Differences 1 and −2 of scales 1 and 4 tell half each: 1/2 · 2 + 4/8 · 5 − 1.5 = 2."""
    seen, usual = np.array([3.0, 1.0], np.float32), np.array([2.0, 3.0], np.float32)
    assert SMALL.appearance_log_odds(seen, usual) == pytest.approx(2.0)
    assert SMALL.appearance_log_odds(usual, usual) == -1.5
    assert (seen.tolist(), usual.tolist()) == ([3.0, 1.0], [2.0, 3.0])


def test_a_change_of_pose_by_hand():
    """0.1 from yaw −0.02 to 0.08, ln 1.5 from 30 to 45 pixels, 0.2 from 0.5 to 0.3: 0.7055."""
    before = EVEN._replace(yaw=-0.02)
    after = EVEN._replace(yaw=0.08, size=45, brightness=0.3)
    assert pose_change(before, after) == pytest.approx(0.1 + 0.405465 + 0.2, abs=1e-6)
    assert pose_change(after, before) == pytest.approx(0.705465, abs=1e-6)


@pytest.mark.parametrize(
    ("age", "bias_table"),
    [(-3, 2), (0, 2), (2.5, 5), (10, 14), (15, 18), (19, 21.2), (20, 22), (60, 22)],
)
def test_a_table_by_age_by_hand(age, bias_table):
    assert interpolate(SMALL.bias_table, age) == pytest.approx(bias_table)


def test_the_model_of_a_network_nobody_has_measured():
    """What `TYPICAL` says, that its numbers are not changed by accident."""
    assert TYPICAL.log_variance == (2.2, -0.5, -0.3, 2.0, 1.0, 0.0, 0.0, 0.5, 0.0)
    assert (TYPICAL.correlation, TYPICAL.correlation_s, TYPICAL.correlation_pose) == (0.6, 0.6, 0.3)
    assert TYPICAL.bias_table == (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    assert TYPICAL.belt.ages == (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    assert TYPICAL.belt.high == (4, 6, 8, 9, 10, 11, 12, 12, 12, 12, 12)
    assert TYPICAL.belt.low == tuple(-edge for edge in TYPICAL.belt.high)
    assert TYPICAL.belt.own is False
    assert (TYPICAL.appearance_scale.size, TYPICAL.appearance_weights.size, TYPICAL.appearance_bias) == (
        0,
        0,
        0.0,
    )


def test_where_noise_is_kept():
    assert noise_path("age") == MODELS / "age.noise.json"
    assert str(noise_path("there/mine.tflite")) == "there/mine.noise.json"


# `SMALL` in the words of the file, which are older than the program's
FILE = {
    "log_variance": [2.0, -0.5, -0.4, 3.0, 1.0, 0.5, 0.25, 0.3, 0.2],
    "alike": 1,
    "memory_s": 1.0,
    "memory_pose": 0.5,
    "truth": [2.0, 14.0, 22.0],
    "belt": {"ages": [0, 60], "low": [-1, -2], "high": [1.5, 0.5], "own": True},
    "look_scale": [1, 4],
    "look_weights": [2, 5],
    "look_even": 1.5,
}


@pytest.fixture
def kept(tmp_path):
    (tmp_path / "mine.noise.json").write_text(json.dumps({"made_by": "a test", **FILE}))
    return tmp_path / "mine.tflite"


def test_every_number_is_read(kept):
    noise = load_error_model(str(kept))
    assert noise[:6] == (SMALL.log_variance, 1.0, *SMALL[2:6])
    assert type(noise.correlation) is float
    assert (noise.appearance_scale.tolist(), noise.appearance_weights.tolist(), noise.appearance_bias) == (
        [1, 4],
        [2, 5],
        1.5,
    )
    assert noise.appearance_scale.dtype == noise.appearance_weights.dtype == np.float32


@pytest.mark.parametrize(
    "broken",
    [
        {},
        [],
        FILE | {"look_scale": "x"},
        FILE | {"truth": "x"},
        FILE | {"belt": {}},
        FILE | {"belt": FILE["belt"] | {"low": [-1]}},
        FILE | {"alike": None},
        "not JSON",
    ],
)
def test_what_is_no_noise_model_is_said_so(kept, broken):
    path = kept.with_name("mine.noise.json")
    path.write_text(json.dumps(broken, default=list) if broken != "not JSON" else "{")
    with pytest.raises(ModelError, match=r"mine\.noise\.json: not a noise model \(.*python -m models noise"):
        load_error_model(str(kept))
