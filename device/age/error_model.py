"""The error model of single estimates: learnt from faces of known age, kept beside the network.

A model `age.tflite` has its `age.noise.json`; `python -m models noise` makes it. An estimate is taken as

    raw = m + sigma(quality) · (√correlation · h + √(1 - correlation) · w)

where m is the network's mean for this person over all frames, h an error of unit variance that neighbouring
frames share (it decays within `correlation_s` seconds, or with a change of pose) and w one of each frame's
own. m itself differs from the true age by an error that no number of frames tells: `bias_table` gives, by m,
the median of the true ages, and `belt` the interval that holds the truth in 80 % of the cases.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from device.age.belt import Belt
from device.errors import ModelError
from device.faces.quality import Quality
from device.inference.model_files import MODELS

NO_APPEARANCE: NDArray[np.float32] = np.empty(0, np.float32)
KNOT = 10.0  # years between two entries of a table by age, the first at 0
# Fields of `ErrorModel` that have another name in the files
FILE_KEYS = {
    "correlation": "alike",
    "correlation_s": "memory_s",
    "correlation_pose": "memory_pose",
    "bias_table": "truth",
    "appearance_scale": "look_scale",
    "appearance_weights": "look_weights",
    "appearance_bias": "look_even",
}


class ErrorModel(NamedTuple):
    """The fitted numbers; `log_variance` weighs the values of `features`, in their order.

    `appearance_*` are a logistic regression on differences in `Quality.appearance`, which tells another
    person from the same; empty where nobody fitted one.
    """

    log_variance: tuple[float, ...]  # of one frame's error, squared years
    correlation: float  # of two neighbouring frames' errors, 0 to 1
    correlation_s: float  # seconds in which it falls to 1/e
    correlation_pose: float  # change of pose by which it falls to 1/e, see `pose_change`
    bias_table: tuple[float, ...]  # years, median true age by the network's mean
    belt: Belt  # what is left when many frames have been seen
    appearance_scale: NDArray[np.float32] = NO_APPEARANCE  # (48,), squared differences that count for half
    appearance_weights: NDArray[np.float32] = NO_APPEARANCE  # (48,), log odds for another person at most
    appearance_bias: float = 0.0  # their sum where both are as likely

    def appearance_log_odds(self, seen: NDArray[np.float32], usual: NDArray[np.float32]) -> float:
        """Log odds that an appearance is another person's than the `usual` one, both (48,)."""
        difference = seen - usual
        difference *= difference
        difference /= difference + self.appearance_scale
        return float(difference @ self.appearance_weights) - self.appearance_bias

    def variance(self, features: tuple[float, ...]) -> float:
        """Variance of one frame's error, squared years."""
        return math.exp(sum([w * v for w, v in zip(self.log_variance, features, strict=True)]))


def features(quality: Quality, raw: float) -> tuple[float, ...]:
    """What the errors depend on, each about 0 for a good frame and clipped to the range of the fit."""
    return (
        1.0,
        _within(math.log(quality.size / 30.0), -1.3, 0.7),
        _within(quality.sharpness + 1.0, -1.5, 1.0),
        _within(abs(quality.yaw), 0.0, 0.5),
        _within(0.8 - quality.score, -0.1, 0.4),
        _within(quality.brightness - 0.5, -0.4, 0.4),
        _within(math.log(max(quality.contrast, 0.02) / 0.2), -1.5, 0.5),
        _within(raw / 50.0 - 1.0, -1.0, 1.0),
        _within(abs(raw / 50.0 - 1.0), 0.0, 1.0),
    )


def pose_change(a: Quality, b: Quality) -> float:
    """How differently two frames show a face: turned, near, lit; 1 from one side to the other."""
    return abs(a.yaw - b.yaw) + abs(math.log(a.size / b.size)) + abs(a.brightness - b.brightness)


def interpolate(table: tuple[float, ...], age: float) -> float:
    """A table's value at an age in years, linear between its knots and constant beyond them."""
    position = _within(age / KNOT, 0.0, len(table) - 1.0)
    i = min(int(position), len(table) - 2)
    return table[i] + (position - i) * (table[i + 1] - table[i])


def noise_path(model: str) -> Path:
    """Where a network's error model is kept: beside it. `model` is a pinned name or the path of a .tflite."""
    path = Path(model) if model.endswith(".tflite") else MODELS / f"{model}.tflite"
    return path.with_suffix(".noise.json")


def belongs_to(model: str) -> bool:
    """Whether the error model beside `model` was fitted to this very network; true where none is kept."""
    path = noise_path(model)
    try:
        fitted_to = json.loads(path.read_text()).get("model_sha256")
        network = path.with_name(path.name.replace(".noise.json", ".tflite")).read_bytes()
    except (OSError, ValueError, AttributeError):
        return True  # missing or broken: others say so
    return fitted_to in (None, hashlib.sha256(network).hexdigest())


def load_error_model(model: str) -> ErrorModel:
    """The error model of `model`; `TYPICAL` for a file of one's own that has none beside it.

    Raises ModelError where it cannot be used, or a shipped network's is missing.
    """
    path = noise_path(model)
    if not path.exists() and model.endswith(".tflite"):
        return TYPICAL
    try:
        said = json.loads(path.read_text())
        kept = {name: said[FILE_KEYS.get(name, name)] for name in ErrorModel._fields}
        return ErrorModel(
            log_variance=_floats(kept["log_variance"]),
            correlation=float(kept["correlation"]),
            correlation_s=float(kept["correlation_s"]),
            correlation_pose=float(kept["correlation_pose"]),
            bias_table=_floats(kept["bias_table"]),
            belt=_belt(kept["belt"]),
            appearance_scale=np.array(kept["appearance_scale"], np.float32),
            appearance_weights=np.array(kept["appearance_weights"], np.float32),
            appearance_bias=float(kept["appearance_bias"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"{path}: not a noise model ({error!r}); restore it, or run `python -m models noise`"
        raise ModelError(message) from error


def _belt(said: dict[str, Any]) -> Belt:
    belt = Belt(_floats(said["ages"]), _floats(said["low"]), _floats(said["high"]), said["own"] is True)
    if not len(belt.ages) == len(belt.low) == len(belt.high) > 1:
        raise ValueError("belt: ages, low and high must be as many, and two at least")
    return belt


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _within(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


# For a network whose own errors nobody has measured: set by hand before the first fit
TYPICAL = ErrorModel(
    log_variance=(2.2, -0.5, -0.3, 2.0, 1.0, 0.0, 0.0, 0.5, 0.0),
    correlation=0.6,
    correlation_s=0.6,
    correlation_pose=0.3,
    bias_table=tuple(KNOT * i for i in range(11)),
    belt=Belt(
        ages=tuple(KNOT * i for i in range(11)),
        low=(-4.0, -6.0, -8.0, -9.0, -10.0, -11.0, -12.0, -12.0, -12.0, -12.0, -12.0),
        high=(4.0, 6.0, 8.0, 9.0, 10.0, 11.0, 12.0, 12.0, 12.0, 12.0, 12.0),
        own=False,
    ),
)
