import json

import cv2
import pytest

from device.__main__ import main
from device.camera.capture import open_capture
from device.config import loader

FRAME = 119  # of the demo: one person stands before the camera


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    settings = loader.changed(loader.defaults(), source={"use": "demo", "pace": "fast"})
    capture = open_capture(settings)
    path = tmp_path_factory.mktemp("photo") / "demo.png"
    for _ in range(FRAME + 1):
        frame = capture.next(1.0)
        capture.release(frame)
    cv2.imwrite(str(path), frame.image)
    return path


def answers(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_object_an_image_with_box_score_and_age_of_each_face(picture, capsys):
    assert main(["photo", "--json", str(picture)]) == 0
    [answer] = answers(capsys)
    assert answer["path"] == str(picture)
    [face] = answer["faces"]
    assert len(face["box"]) == 4
    assert 0.4 <= face["score"] <= 1
    assert 0 <= face["age"] <= 101


def test_a_face_that_fills_the_picture_is_found_with_a_border(picture, tmp_path, capsys):
    main(["photo", "--json", str(picture)])
    x, y, w, h = (round(value) for value in answers(capsys)[0]["faces"][0]["box"])
    close = tmp_path / "close.png"
    cv2.imwrite(str(close), cv2.imread(str(picture))[y : y + h, x : x + w])
    assert main(["photo", "--json", str(close)]) == 0
    assert len(answers(capsys)[0]["faces"]) == 1


def test_a_picture_without_faces(tmp_path, capsys):
    import numpy as np

    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((120, 160, 3), 128, np.uint8))
    assert main(["photo", "--json", str(grey)]) == 0
    assert answers(capsys) == [{"path": str(grey), "faces": []}]


def test_what_is_no_picture_is_named_and_the_others_are_done(picture, tmp_path, capsys):
    (tmp_path / "text.jpg").write_text("no picture")
    assert main(["photo", str(tmp_path / "text.jpg"), "/nowhere.jpg", str(picture)]) == 2
    said = capsys.readouterr()
    assert said.err.count("is missing or not a picture") == 2
    assert "1 face\n  about" in said.out
