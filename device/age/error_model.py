"""How far a single estimate is off: learnt from faces of known age, kept beside the model.

A model `age.tflite` has its `age.noise.json`; `python -m models noise` makes it. An estimate is taken as

    raw = m + sigma(quality) · (√alike · h + √(1 - alike) · w)

where m is what the network says of this person on the average of all frames, h an error of unit variance
that neighbouring frames share (it fades within `memory_s` seconds, or with a change of pose) and w one of
each frame's own. m itself differs from the true age by an error that no number of frames tells: the tables
`truth` and `unknown` say, by m, the middle of the true ages and half of the 80 % interval around it.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from device.errors import ModelError
from device.faces.quality import Quality
from device.inference.model_files import MODELS

NO_LOOK = np.empty(0, np.float32)
KNOT = 10.0  # years between two entries of a table by age, the first at 0


class NoiseModel(NamedTuple):
    """The fitted numbers; `log_variance` weighs the values of `features`, in their order."""

    log_variance: tuple[float, ...]  # of one frame's error, squared years
    alike: float  # 0 to 1
    memory_s: float
    memory_pose: float  # change of pose, see `pose_change`
    truth: tuple[float, ...]  # years
    unknown: tuple[float, ...]  # years
    look_scale: np.ndarray = NO_LOOK  # float32 (48,), squares of differences in `Quality.look` that tell half
    look_weights: np.ndarray = NO_LOOK  # float32 (48,), what each tells of another person
    look_even: float = 0.0  # their sum where both are as likely

    def strangeness(self, look: np.ndarray, usual: np.ndarray) -> float:
        """Log odds that a look is another person's than the `usual` one, both float32 (48,)."""
        apart = look - usual
        apart *= apart
        apart /= apart + self.look_scale
        return float(apart @ self.look_weights) - self.look_even

    def variance(self, features: tuple[float, ...]) -> float:
        """Variance of one frame's error, squared years."""
        return math.exp(sum([w * v for w, v in zip(self.log_variance, features, strict=True)]))


def features(quality: Quality, raw: float) -> tuple[float, ...]:
    """What the errors depend on, each about 0 for a good frame and kept within what was learnt from."""
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


def by_age(table: tuple[float, ...], age: float) -> float:
    """A table's value at an age in years, linear between its knots and constant beyond them."""
    place = _within(age / KNOT, 0.0, len(table) - 1.0)
    i = min(int(place), len(table) - 2)
    return table[i] + (place - i) * (table[i + 1] - table[i])


def noise_path(model: str) -> Path:
    """Where the noise of a model is kept: beside it. `model` is a pinned name or the path of a .tflite."""
    path = Path(model) if model.endswith(".tflite") else MODELS / f"{model}.tflite"
    return path.with_suffix(".noise.json")


def belongs_to(model: str) -> bool:
    """Whether the noise beside `model` was learnt from this very network; true where none is kept."""
    path = noise_path(model)
    try:
        fitted_to = json.loads(path.read_text()).get("model_sha256")
        network = path.with_name(path.name.replace(".noise.json", ".tflite")).read_bytes()
    except (OSError, ValueError, AttributeError):
        return True  # missing or broken: others say so
    return fitted_to in (None, hashlib.sha256(network).hexdigest())


def load_noise(model: str) -> NoiseModel:
    """The noise of `model`; `TYPICAL` where none is kept. Raises ModelError for an unusable file."""
    path = noise_path(model)
    if not path.exists():
        return TYPICAL
    try:
        said = json.loads(path.read_text())
        fields = {name: said[name] for name in NoiseModel._fields}
        numbers = {name: tuple(v) if isinstance(v, list) else float(v) for name, v in fields.items()}
        looks = {name: np.array(numbers[name], np.float32) for name in ("look_scale", "look_weights")}
        return NoiseModel(**(numbers | looks))
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"{path}: not a noise model ({error!r}); restore it, or run `python -m models noise`"
        raise ModelError(message) from error


def _within(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


# Of a network like those shipped, for one whose own errors nobody has measured
TYPICAL = NoiseModel(
    log_variance=(2.2, -0.5, -0.3, 2.0, 1.0, 0.0, 0.0, 0.5, 0.0),
    alike=0.6,
    memory_s=0.6,
    memory_pose=0.3,
    truth=tuple(KNOT * i for i in range(11)),
    unknown=(4.0, 6.0, 8.0, 9.0, 10.0, 11.0, 12.0, 12.0, 12.0, 12.0, 12.0),
)
