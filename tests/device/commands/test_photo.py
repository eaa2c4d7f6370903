import io
import json
import os

import cv2
import numpy as np
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
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((120, 160, 3), 128, np.uint8))
    assert main(["photo", "--json", str(grey)]) == 0
    assert answers(capsys) == [{"path": str(grey), "faces": []}]


def test_what_is_no_picture_is_named_and_the_others_are_done(picture, tmp_path, capsys, caplog):
    (tmp_path / "text.jpg").write_text("no picture")
    assert main(["photo", str(tmp_path / "text.jpg"), "/nowhere.jpg", str(picture)]) == 2
    assert f"{tmp_path / 'text.jpg'}: is not a picture that can be read" in caplog.text
    assert "/nowhere.jpg: is missing" in caplog.text
    assert "1 face\n  about" in capsys.readouterr().out


def test_pictures_too_narrow_for_a_face_and_odd_names_do_not_stop_the_others(picture, tmp_path, capsys):
    line, odd = tmp_path / "line.png", tmp_path / os.fsdecode(b"caf\xe9.png")
    cv2.imwrite(str(line), np.zeros((4000, 1, 3), np.uint8))
    odd.write_bytes(picture.read_bytes())
    assert main(["photo", "--json", str(line), str(odd)]) == 0
    first, second = answers(capsys)
    assert first == {"path": str(line), "faces": []}
    assert second["path"].endswith("caf\\xe9.png")
    assert len(second["faces"]) == 1


@pytest.mark.parametrize("side", [1, 2, 7])
def test_the_smallest_pictures_have_no_face(tmp_path, capsys, side):
    dot = tmp_path / "dot.png"
    cv2.imwrite(str(dot), np.zeros((side, side, 3), np.uint8))
    assert main(["photo", "--json", str(dot)]) == 0
    assert answers(capsys) == [{"path": str(dot), "faces": []}]


def test_a_picture_cut_short_is_refused(samples, caplog):
    """Its lower part would be grey, and one person's age was read as 15 to 22."""
    assert main(["photo", str(samples / "field" / "inputs" / "cut75.jpg")]) == 2
    assert "cut short" in caplog.text


def test_an_output_that_cannot_show_a_letter(picture, monkeypatch):
    """Over a serial line, or with PYTHONIOENCODING=ascii, the sign of multiplication ended the command."""
    output = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output, encoding="ascii"))
    assert main(["photo", str(picture)]) == 0
    assert b"98?98 pixels" in output.getvalue()
