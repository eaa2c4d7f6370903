"""The fit recovers the parameters that errors were sampled with."""

import json

import numpy as np
import pytest

from device.age.error_model import TYPICAL, features, load_error_model
from device.faces.quality import Quality
from models.tracks.fit_error_model import Samples, fit_bias, fit_correlation, fit_variance, write


def people(rng, count=150, frames=60):
    """Faces whose error doubles with yaw 0.3, and lasts half a second."""
    person, t, raw, inputs, qualities = [], [], [], [], []
    ages = rng.uniform(10, 70, count)
    for i, age in enumerate(ages):
        shared, yaw = rng.standard_normal(), 0.0
        for k in range(frames):
            shared = np.exp(-0.1 / 0.6) * shared + np.sqrt(1 - np.exp(-0.2 / 0.6)) * rng.standard_normal()
            yaw = 0.3 if k % 20 >= 10 else 0.0
            quality = Quality(30, -1.0, yaw, 0, 0.8, 0.5, 0.2)
            error = np.sqrt(0.5) * (shared + rng.standard_normal())
            estimate = age + 3 * (1 + yaw / 0.3) * error
            person.append(i)
            t.append(k / 10)
            raw.append(estimate)
            inputs.append(features(quality, age))
            qualities.append(quality)
    return Samples(np.array(person), np.array(t), np.array(raw), np.array(inputs), qualities, ages)


@pytest.fixture(scope="module")
def seen():
    return people(np.random.default_rng(1))


def test_variance_grows_fourfold(seen):
    error = seen.raw - seen.ages[seen.person]
    weights = fit_variance(seen.inputs, error**2, np.zeros(seen.inputs.shape[1]))
    assert np.exp(weights[3] * 0.3) == pytest.approx(4, rel=0.25)


def test_correlation(seen):
    turned = seen.inputs[:, 3] / 0.3
    scaled = (seen.raw - seen.ages[seen.person]) / (3 * (1 + turned))
    correlation, correlation_s, _ = fit_correlation(seen, scaled)
    assert correlation == pytest.approx(0.5, abs=0.15)
    assert 0.3 < correlation_s < 1.1


def test_the_table_takes_the_bias_out():
    rng = np.random.default_rng(2)
    ages = rng.uniform(0, 80, 3000)
    estimates = ages + 5 + 4 * rng.standard_normal(3000)
    bias_table = fit_bias(estimates, ages)
    assert np.interp(45, np.arange(11) * 10, bias_table) == pytest.approx(40, abs=1)


def test_what_is_written_is_what_the_device_reads(tmp_path):
    """In the file's own words, which are those of the shipped ones."""
    grid = np.arange(1, 49, dtype=np.float32) / 8
    model = TYPICAL._replace(appearance_scale=grid, appearance_weights=-grid, appearance_bias=0.5)
    path = tmp_path / "mine.noise.json"
    write(path, model, {"made_by": "a test"})
    keys = "made_by log_variance alike memory_s memory_pose truth belt look_scale look_weights look_even"
    assert list(json.loads(path.read_text())) == keys.split()
    read = load_error_model(str(tmp_path / "mine.tflite"))
    assert read[:6] == model[:6]
    assert (read.appearance_scale.tolist(), read.appearance_weights.tolist()) == (
        grid.tolist(),
        (-grid).tolist(),
    )
    assert read.appearance_bias == 0.5
