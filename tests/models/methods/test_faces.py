"""The shared faces: the same for all rows, made once, whole or not at all."""

import cv2
import numpy as np
import pytest

from models.methods.faces import Faces, Sources, evenly, fingerprint, prepare, read_test
from models.methods.recipe import read

PROTOCOL = read("ssrnet", {"versions": 3}).protocol


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Sixty drawn chips to learn from and six to test on, in UTKFace's naming."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 6)):
        (tmp_path / "faces" / part).mkdir(parents=True)
        for i in range(count):
            chip = np.full((64, 64, 3), 40 + i, np.uint8) + rng.integers(0, 60, (64, 64, 1), np.uint8)
            cv2.imwrite(str(tmp_path / "faces" / part / f"{20 + i}_1_2_2017011619203{i:04d}.png"), chip)
            name = tmp_path / "faces" / part / f"{20 + i}_1_2_2017011619203{i:04d}.jpg.chip.jpg"
            (tmp_path / "faces" / part / f"{20 + i}_1_2_2017011619203{i:04d}.png").rename(name)
    return Sources(str(tmp_path / "faces"))


def test_all_versions_of_the_training_faces_lie_in_the_cache(sources, tmp_path):
    place = prepare(sources, PROTOCOL, tmp_path / "runs")
    faces = Faces.read(place)
    assert faces.versions.shape == (len(faces.labels), 3, 64, 64, 3)
    assert faces.stored.shape == faces.aligned.shape == (len(faces.held), 64, 64, 3)
    assert len(faces.labels) + len(faces.held) == 60
    assert sorted([*faces.labels, *faces.held]) == list(range(20, 80))
    assert not np.array_equal(faces.versions[0, 0], faces.versions[0, 1])
    tested, crops, counts = read_test(place, "test")
    assert [face.age for face in tested] == [20, 21, 22, 23, 24, 25]
    assert crops.shape == (6, 64, 64, 3)
    assert counts == {"missed": 0, "skipped": 0}
    assert read_test(place, "photographs") is None


def test_the_cache_is_made_once_and_the_same_again(sources, tmp_path):
    place = prepare(sources, PROTOCOL, tmp_path / "runs")
    (place / "mark").touch()
    assert prepare(sources, PROTOCOL, tmp_path / "runs") == place
    assert (place / "mark").exists()
    again = prepare(sources, PROTOCOL, tmp_path / "others")
    assert again.name == place.name
    np.testing.assert_array_equal(Faces.read(again).versions, Faces.read(place).versions)


def test_what_was_begun_and_not_finished_is_no_cache(sources, tmp_path, monkeypatch):
    def fails(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("models.methods.faces.write_test", fails)
        with pytest.raises(OSError, match="No space left"):
            prepare(sources, PROTOCOL, tmp_path / "runs")
    assert Faces.read(prepare(sources, PROTOCOL, tmp_path / "runs")).labels.size > 0


def test_other_faces_have_another_fingerprint(sources):
    limited = Sources(sources.data, limit=20)
    assert len(limited.training().faces) == 20
    assert len(limited.tests()["test"].faces) == 5
    assert fingerprint(limited) != fingerprint(sources)


def test_a_limit_takes_from_all_over_the_list():
    assert evenly(list(range(10)), 5) == [0, 2, 4, 6, 8]
    assert evenly(list(range(3)), 5) == [0, 1, 2]
    assert evenly(list(range(3)), 0) == [0, 1, 2]
