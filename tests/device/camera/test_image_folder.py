import os

import cv2
import numpy as np
import pytest

from device.camera.image_folder import ImageFolder
from device.camera.letterbox import fitted, letterbox
from device.camera.open import open_source
from device.config.loader import changed, defaults
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
    source = ImageFolder(str(tmp_path), fps=5.0)
    assert (source.name, source.size, source.live) == (f"images:{tmp_path}", (64, 48), False)
    assert read_all(source) == [(0.0, 10), (0.2, 20), (0.4, 30)]


def test_a_bad_file_is_named_and_skipped(tmp_path, events):
    put(tmp_path, "a.png", 64, 48, 10)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8 cut short")
    put(tmp_path, "c.png", 64, 48, 30)
    assert [value for _, value in read_all(ImageFolder(str(tmp_path), on_event=events))] == [10, 30]
    assert events.kinds == ["skipped"]
    assert f"{tmp_path / 'b.jpg'}: is not a picture" in events[0][1]


def test_a_first_bad_file_is_told_once(tmp_path, events):
    (tmp_path / "a.jpg").write_bytes(b"")
    put(tmp_path, "b.png", 64, 48, 20)
    assert len(read_all(ImageFolder(str(tmp_path), on_event=events))) == 1
    assert events.kinds == ["skipped"]


def test_other_shapes_are_fitted_into_the_first_with_black_around(tmp_path):
    put(tmp_path, "a.png", 64, 48, 10)
    put(tmp_path, "b.png", 24, 48, 200)
    source = ImageFolder(str(tmp_path))
    frame = Frame(source.size)
    source.read(frame, 1.0)
    source.read(frame, 1.0)
    assert frame.image[24, 32, 0] == 200
    assert frame.image[24, 0].tolist() == [0, 0, 0]
    assert np.count_nonzero(frame.image[24, :, 0]) == 24


def test_large_pictures_are_shrunk(tmp_path):
    put(tmp_path, "a.png", 4000, 3000, 10)
    assert ImageFolder(str(tmp_path)).size == (1920, 1440)


def test_loop(tmp_path):
    put(tmp_path, "a.png", 64, 48, 10)
    put(tmp_path, "b.png", 64, 48, 20)
    seen = read_all(ImageFolder(str(tmp_path), fps=1.0, loop=True), limit=5)
    assert seen == [(0.0, 10), (1.0, 20), (2.0, 10), (3.0, 20), (4.0, 10)]


def test_a_looped_folder_that_was_emptied_ends(tmp_path, events):
    put(tmp_path, "a.png", 64, 48, 10)
    source = ImageFolder(str(tmp_path), loop=True, on_event=events)
    frame = Frame(source.size)
    assert source.read(frame, 1.0)
    (tmp_path / "a.png").unlink()
    assert not source.read(frame, 1.0)


def test_no_folder_and_no_picture(tmp_path):
    with pytest.raises(CameraError, match="nowhere: there is no such folder"):
        ImageFolder(str(tmp_path / "nowhere"))
    with pytest.raises(CameraError, match="no picture in it"):
        ImageFolder(str(tmp_path))


def test_fitted_keeps_the_shape_and_never_enlarges():
    assert fitted(640, 480, 1920, 1920) == (640, 480)
    assert fitted(4000, 1000, 1000, 1000) == (1000, 250)
    assert fitted(10, 9000, 100, 90) == (1, 90)


def test_letterbox_writes_in_place():
    out = np.full((40, 40, 3), 9, np.uint8)
    letterbox(np.full((10, 80, 3), 200, np.uint8), out)
    assert out[20, 20, 0] == 200
    assert out[0, 0, 0] == 0


def test_an_icon_at_the_beginning_does_not_make_all_small(tmp_path):
    put(tmp_path, "a.png", 16, 16, 10)
    put(tmp_path, "b.png", 200, 150, 20)
    put(tmp_path, "c.png", 400, 300, 30)
    source = ImageFolder(str(tmp_path))
    assert source.size == (200, 150)
    assert [value for _, value in read_all(source)] == [10, 20, 30]


@pytest.mark.parametrize(
    ("first", "size"), [((160, 120), (160, 120)), ((159, 120), (300, 200)), ((160, 119), (300, 200))]
)
def test_what_an_icon_is(tmp_path, first, size):
    put(tmp_path, "a.png", *first, 10)
    put(tmp_path, "b.png", 300, 200, 20)
    assert ImageFolder(str(tmp_path)).size == size


def test_of_icons_alone_the_largest_gives_the_size(tmp_path):
    for name, side in (("a.png", 16), ("b.png", 64), ("c.png", 32)):
        put(tmp_path, name, side, side, 10)
    assert ImageFolder(str(tmp_path)).size == (64, 64)


@pytest.mark.parametrize(
    ("width", "height", "size"), [(1, 1600, (100, 1600)), (1600, 1, (1600, 100)), (1, 1, (1, 1))]
)
def test_a_line_is_laid_on_a_wider_ground(tmp_path, width, height, size):
    put(tmp_path, "a.png", width, height, 90)
    source = ImageFolder(str(tmp_path))
    assert source.size == size
    assert len(read_all(source)) == 1


def test_a_bad_file_of_a_looped_folder_is_told_once(tmp_path, events):
    """It was told 1,342 times in five seconds."""
    put(tmp_path, "a.png", 64, 48, 10)
    (tmp_path / "b.jpg").write_bytes(b"")
    put(tmp_path, "c.png", 64, 48, 30)
    seen = read_all(ImageFolder(str(tmp_path), loop=True, on_event=events), limit=9)
    assert [value for _, value in seen] == [10, 30, 10, 30, 10, 30, 10, 30, 10]
    assert events.kinds == ["skipped"]


def test_pictures_of_any_name(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    put(tmp_path, "a.png", 64, 48, 10)
    (tmp_path / "a.png").rename(folder / os.fsdecode(b"\xff.png"))
    assert len(read_all(ImageFolder(str(folder)))) == 1


def test_a_paced_folder_shows_each_picture_when_it_is_due(tmp_path, clock):
    for name in ("a.png", "b.png", "c.png"):
        put(tmp_path, name, 64, 48, 10)
    source = ImageFolder(str(tmp_path), 2.0, paced=True, clock=clock, sleep=clock.sleep)
    frame, seen = Frame(source.size), []
    while source.read(frame, 1.0):
        seen.append(clock() - 100)
        clock.sleep(0.3)  # the networks
    assert seen == [0.0, 0.5, 1.0]


def test_a_folder_is_paced_unless_it_shall_be_fast(tmp_path):
    put(tmp_path, "a.png", 64, 48, 10)
    for pace, paced in (("real", True), ("fast", False)):
        settings = changed(defaults(), source={"use": f"images:{tmp_path}", "pace": pace})
        assert open_source(settings.source.use, settings)._paced is paced


def test_a_large_jpeg_comes_smaller_and_a_large_png_is_left_out(tmp_path, events):
    put(tmp_path, "a.jpg", 5000, 3000, 10)
    put(tmp_path, "b.png", 5000, 3000, 20)
    seen = read_all(ImageFolder(str(tmp_path), on_event=events))
    assert [value for _, value in seen] == [10]
    assert "5000x3000 pixels are too many; at most 12 million" in events[0][1]
