import hashlib
import json
import math

import numpy as np
import pytest

from device.age.error_model import TYPICAL, belongs_to, features, interpolate, load_error_model, pose_change
from device.errors import ModelError
from device.faces.quality import Quality

GOOD = Quality(size=30, sharpness=-1.0, yaw=0.0, roll=0.0, score=0.8, brightness=0.5, contrast=0.2)


def test_a_good_frame_of_a_person_of_fifty_has_all_features_zero_but_the_first():
    assert features(GOOD, 50.0) == (1.0, *[0.0] * 8)


def test_features_stay_within_what_was_learnt_from():
    worst = Quality(size=1, sharpness=-9.0, yaw=3.0, roll=90, score=0.0, brightness=0.0, contrast=0.0)
    assert features(worst, 101.0) == (1.0, -1.3, -1.5, 0.5, 0.4, -0.4, -1.5, 1.0, 1.0)


def test_far_and_turned_faces_are_less_certain():
    far = TYPICAL.variance(features(GOOD._replace(size=12), 30))
    turned = TYPICAL.variance(features(GOOD._replace(yaw=0.4), 30))
    good = TYPICAL.variance(features(GOOD, 30))
    assert far > good
    assert turned > good


@pytest.mark.parametrize(("age", "value"), [(-5, 0), (0, 0), (15, 15), (99.5, 99.5), (140, 100)])
def test_tables_are_linear_between_knots_and_constant_beyond(age, value):
    assert interpolate(TYPICAL.bias_table, age) == pytest.approx(value)


def test_pose_change_is_symmetric_and_none_without_change():
    other = GOOD._replace(yaw=-0.3, size=60)
    assert pose_change(GOOD, GOOD) == 0
    assert pose_change(GOOD, other) == pose_change(other, GOOD) == pytest.approx(0.3 + math.log(2))


def test_a_model_without_its_noise_is_taken_as_typical(tmp_path):
    assert load_error_model(str(tmp_path / "mine.tflite")) is TYPICAL


FILE = {
    "log_variance": TYPICAL.log_variance,
    "alike": 0.6,
    "memory_s": 0.6,
    "memory_pose": 0.3,
    "truth": TYPICAL.bias_table,
    "belt": TYPICAL.belt._asdict(),
    "look_scale": [0.4] * 48,
    "look_weights": [1.0] * 48,
    "look_even": 0.0,
}


def written(tmp_path, **changes):
    fields = FILE | changes
    (tmp_path / "mine.noise.json").write_text(json.dumps({"made_by": "a test", **fields}))
    return str(tmp_path / "mine.tflite")


def test_noise_is_read_from_beside_the_model(tmp_path):
    noise = load_error_model(written(tmp_path, alike=0.25))
    assert (noise.correlation, noise.bias_table) == (0.25, TYPICAL.bias_table)


def test_an_appearance_unlike_the_usual_one_speaks_for_another_person(tmp_path):
    noise = load_error_model(written(tmp_path, look_even=10.0))
    usual = np.zeros(48, np.float32)
    assert noise.appearance_log_odds(usual + 2, usual) > 0 > noise.appearance_log_odds(usual + 0.1, usual)


def test_a_broken_file_is_a_message(tmp_path):
    path = written(tmp_path)
    (tmp_path / "mine.noise.json").write_text("{")
    with pytest.raises(ModelError, match=r"mine\.noise\.json: not a noise model"):
        load_error_model(path)


def test_another_network_s_noise_is_noticed(tmp_path):
    model = written(tmp_path, model_sha256="0" * 64)
    (tmp_path / "mine.tflite").write_bytes(b"a new network")
    assert not belongs_to(model)
    written(tmp_path, model_sha256=hashlib.sha256(b"a new network").hexdigest())
    assert belongs_to(model)


def test_a_shipped_network_without_its_errors_is_no_network(tmp_path, monkeypatch):
    monkeypatch.setattr("device.age.error_model.MODELS", tmp_path)
    with pytest.raises(ModelError, match=r"age\.noise\.json"):
        load_error_model("age")
