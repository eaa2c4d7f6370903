import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.__main__ import main
from device.bench import disturbances, finding
from device.bench.finding import _Played, _Seen
from device.box import Box
from device.faces.detector import Detection

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"
NOWHERE = np.zeros((6, 2), np.float32)


@pytest.fixture
def few(monkeypatch):
    cases = {name: disturbances.CASES[name] for name in ("clean", "JPEG 20", "dark, 1/10")}
    cases["black"] = disturbances._pixels(lambda image, _face, _rng: image * 0)
    monkeypatch.setattr(finding, "CASES", cases)


def test_the_figures_of_one_photograph(tmp_path, capsys, few):
    shutil.copy(SQUARE, tmp_path)
    picture = tmp_path / "finding.png"
    assert main(["bench", "--faces", str(tmp_path), "--json", "--plot", str(picture)]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = {row["case"]: row for row in report["rows"]}
    assert (report["clips"], list(rows)) == (1, ["clean", "JPEG 20", "dark, 1/10", "black"])
    assert rows["clean"] | {"eyes": 0, "first_eyes": 0, "tracks": 0} == {
        "case": "clean", "found": 1.0, "recall": 1.0, "false": 0, "steady": 1, "scatter": None,
        "eyes": 0, "first_eyes": 0, "tracks": 0,
    }  # fmt: skip
    assert rows["clean"]["eyes"] < 0.06
    assert rows["black"]["recall"] == rows["black"]["found"] == rows["black"]["tracks"] == 0
    assert report["relative"] == pytest.approx(
        (rows["JPEG 20"]["recall"] + rows["dark, 1/10"]["recall"]) / 3, abs=1e-3
    )
    assert cv2.imread(str(picture)).std() > 10


def test_the_figures_for_people(tmp_path, capsys, few):
    shutil.copy(SQUARE, tmp_path)
    assert main(["bench", "--faces", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["case", "clean", "JPEG", "dark,", "black", "mean"]


def test_a_folder_without_pictures_is_refused(tmp_path, capfd):
    assert main(["bench", "--faces", str(tmp_path)]) == 2
    assert "there is no .mkv, .mp4, .avi, .gif, .jpg, .jpeg, .png in it" in capfd.readouterr().err


def seen(tracks, faces=((100, 100),)):
    found = [Detection(Box(x, y, 20, 20), 0.9, NOWHERE) for x, y in faces]
    return _Seen((200, 200), found, [], {number: Box(*box) for number, box in tracks.items()}, {}, {})


def test_a_face_whose_eyes_are_not_in_the_picture_need_not_be_found():
    def counted(x):
        counts = finding.Counts()
        keypoints = np.full((6, 2), 50.0, np.float32)
        keypoints[0, 0] = x
        one = _Seen((100, 100), [Detection(Box(0, 0, 60, 60), 0.9, keypoints)], [], {}, {}, {})
        finding.count(_Played([one] * 5), 15.0, 0, counts)
        return counts.faces

    assert (counted(0.0), counted(-0.5), counted(99.5), counted(100.0)) == (1, 0, 1, 0)


def test_a_track_that_is_mostly_on_no_face_is_false():
    on, off = (105, 100, 20, 20), (160, 100, 20, 20)
    played = _Played([seen({1: on, 2: off}), seen({1: on, 2: off}), seen({1: off, 2: on})])
    assert played.false_tracks() == 1
