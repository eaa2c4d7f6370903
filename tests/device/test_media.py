"""Names that OpenCV cannot take, opened all the same."""

import os

import cv2
import numpy as np
import pytest

from device.media import opencv_folder, opencv_name, shown

ODD = os.fsdecode(b"caf\xe9")  # Latin-1, as old cameras and memory sticks write it


def write_film(folder, name):
    """Ten frames of 64x48 in `folder`, written through the folder's other name."""
    with opencv_folder(folder) as there:
        writer = cv2.VideoWriter(f"{there}/part.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
        assert writer.isOpened()
        for _ in range(10):
            writer.write(np.zeros((48, 64, 3), np.uint8))
        writer.release()
    os.replace(folder / "part.avi", folder / name)


@pytest.mark.parametrize("name", [f"{ODD}.avi", "a:b.avi", "http:x.avi", "é.avi", "a%03d.avi"])
def test_a_film_of_any_name_is_written_and_read(tmp_path, name):
    folder = tmp_path / ODD
    folder.mkdir()
    write_film(folder, name)
    with opencv_name(folder / name) as readable:
        film = cv2.VideoCapture(readable, cv2.CAP_FFMPEG)
    assert film.read()[0]


def test_no_descriptor_is_left_open(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    before = os.listdir("/proc/self/fd")
    with opencv_name(tmp_path / "a"), opencv_folder(tmp_path):
        pass
    assert os.listdir("/proc/self/fd") == before


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError), opencv_name(tmp_path / "none"):
        pass


def test_a_message_can_show_any_name():
    assert shown(f"{ODD}.jpg") == "caf\\xe9.jpg"
