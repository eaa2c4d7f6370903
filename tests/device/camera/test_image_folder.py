import cv2
import numpy as np
import pytest

from device.camera.image_folder import Images, fitted, letterbox
from device.errors import CameraError
from device.frame import Frame


def put(folder, name, width, height, value):
    cv2.imwrite(str(folder / name), np.full((height, width, 3), value, np.uint8))


def read_all(source, limit=100):
    frame, seen = Frame(source.size), []
    while len(seen) < limit and source.read(frame, 1.0):
        height, width = frame.image.shape[:2]
        seen.append((round(frame.time, 3), int(frame.image[height // 2, width // 2, 0])))
    return seen


def test_pictures_in_the_order_of_their_names(tmp_path):
    put(tmp_path, "b.png", 64, 48, 20)
    put(tmp_path, "a.png", 64, 48, 10)
    put(tmp_path, "c.PNG", 64, 48, 30)
    (tmp_path / "notes.txt").write_text("not a picture")
    source = Images(str(tmp_path), fps=5.0)
    assert (source.name, source.size, source.live) == (f"images:{tmp_path}", (64, 48), False)
    assert read_all(source) == [(0.0, 10), (0.2, 20), (0.4, 30)]


def test_a_bad_file_is_named_and_skipped(tmp_path, events):
    put(tmp_path, "a.png", 64, 48, 10)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8 cut short")
    put(tmp_path, "c.png", 64, 48, 30)
    assert [value for _, value in read_all(Images(str(tmp_path), on_event=events))] == [10, 30]
    assert events == [("skipped", f"{tmp_path / 'b.jpg'}: cannot be read as a picture; left out.")]


def test_a_first_bad_file_is_told_once(tmp_path, events):
    (tmp_path / "a.jpg").write_bytes(b"")
    put(tmp_path, "b.png", 64, 48, 20)
    assert len(read_all(Images(str(tmp_path), on_event=events))) == 1
    assert events.kinds == ["skipped"]


def test_other_shapes_are_fitted_into_the_first_with_black_around(tmp_path):
    put(tmp_path, "a.png", 64, 48, 10)
    put(tmp_path, "b.png", 100, 200, 200)
    source = Images(str(tmp_path))
    frame = Frame(source.size)
    source.read(frame, 1.0)
    source.read(frame, 1.0)
    assert frame.image[24, 32, 0] == 200
    assert frame.image[24, 0].tolist() == [0, 0, 0]
    assert np.count_nonzero(frame.image[24, :, 0]) == 24


def test_large_pictures_are_shrunk(tmp_path):
    put(tmp_path, "a.png", 4000, 3000, 10)
    assert Images(str(tmp_path)).size == (1920, 1440)


def test_loop(tmp_path):
    put(tmp_path, "a.png", 64, 48, 10)
    put(tmp_path, "b.png", 64, 48, 20)
    seen = read_all(Images(str(tmp_path), fps=1.0, loop=True), limit=5)
    assert seen == [(0.0, 10), (1.0, 20), (2.0, 10), (3.0, 20), (4.0, 10)]


def test_a_looped_folder_that_was_emptied_ends(tmp_path, events):
    put(tmp_path, "a.png", 64, 48, 10)
    source = Images(str(tmp_path), loop=True, on_event=events)
    frame = Frame(source.size)
    assert source.read(frame, 1.0)
    (tmp_path / "a.png").unlink()
    assert not source.read(frame, 1.0)


def test_no_folder_and_no_picture(tmp_path):
    with pytest.raises(CameraError, match="nowhere: there is no such folder"):
        Images(str(tmp_path / "nowhere"))
    with pytest.raises(CameraError, match="no picture in it"):
        Images(str(tmp_path))


def test_fitted_keeps_the_shape_and_never_enlarges():
    assert fitted(640, 480, 1920, 1920) == (640, 480)
    assert fitted(4000, 1000, 1000, 1000) == (1000, 250)
    assert fitted(10, 9000, 100, 90) == (1, 90)


def test_letterbox_writes_in_place():
    out = np.full((40, 40, 3), 9, np.uint8)
    letterbox(np.full((10, 80, 3), 200, np.uint8), out)
    assert out[20, 20, 0] == 200
    assert out[0, 0, 0] == 0
