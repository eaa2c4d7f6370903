"""The shipped set: balanced, listed, and what the generator makes."""

import hashlib
import json
from collections import Counter

import cv2
import numpy as np
import pytest

from calibration.synthetic import build, camera_model, occlusions, stored_png
from calibration.synthetic.face_model import FaceModel

FACES = json.loads(build.MANIFEST.read_text())["faces"]


def test_between_200_and_500_crops():
    assert 200 <= len(FACES) <= 500
    assert {face["file"] for face in FACES} == {f"faces/{path.name}" for path in build.FACES.glob("*.png")}


@pytest.mark.parametrize("face", FACES[::20], ids=lambda face: face["file"])
def test_manifest_says_what_the_file_is(face):
    data = (build.HERE / face["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == face["sha256"]
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (64, 64, 3)


def test_rebuilt_bit_for_bit():
    model, planned = FaceModel(), build.plan()
    for index in (0, 133, 399):
        crop, _ = build.make(model, planned[index])
        assert stored_png.encode(crop) == (build.HERE / FACES[index]["file"]).read_bytes()


def test_plan_is_balanced():
    faces = build.plan()
    assert set(Counter(face.light for face in faces).values()) == {80}
    assert set(Counter(face.sharpness for face in faces).values()) == {100}
    assert set(Counter((face.gender, face.group) for face in faces).values()) == {50}
    occluded = Counter(face.occlusion for face in faces)
    assert set(occluded) == set(occlusions.KINDS)
    assert min(occluded.values()) >= 40
    decades = [sum(low <= face.age <= high for face in faces) for low, high in build.AGES]
    assert decades == [40] * 10


def test_no_light_goes_with_one_age():
    faces = build.plan()
    for light in camera_model.LIGHTS:
        ages = [face.age for face in faces if face.light == light]
        assert [sum(low <= age <= high for age in ages) for low, high in build.AGES] == [8] * 10


def test_all_tones_are_there():
    tones = np.array([face["tone"] for face in FACES])
    for low, high in ((41, 91), (10, 41), (-91, 10)):
        assert ((tones > low) & (tones <= high)).mean() > 0.15


def test_generator_names_its_sources():
    generator = json.loads(build.MANIFEST.read_text())["generator"]
    assert generator == build.generator(build.MANIFEST)
    assert len(generator["commit"]) == 40


def test_differing_finds_a_changed_file(tmp_path, monkeypatch):
    few = build.plan()[:3]
    monkeypatch.setattr(build, "plan", lambda: few)
    build.build(tmp_path)
    assert build.differing(tmp_path) == []
    (tmp_path / "faces" / "001.png").write_bytes(b"")
    assert build.differing(tmp_path) == ["faces/001.png"]
