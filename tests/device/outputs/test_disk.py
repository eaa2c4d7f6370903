"""Films and pictures on disks that fill, under names of any bytes, and among links."""

import os
import subprocess

import numpy as np
import pytest

from device.errors import ConfigError
from device.outputs import disk, video
from device.outputs import open as outputs
from device.outputs.file import FILMS, open_output
from device.outputs.png_folder import PngFolder
from device.outputs.video import Video
from tests.device.outputs.test_files import frames_of

SIZE = (320, 240)
NOISE = np.random.default_rng(1).integers(0, 256, (8, SIZE[1], SIZE[0], 3), np.uint8)


def request(rest):
    return outputs.Request(f"file:{rest}", rest, SIZE, 10.0, None, print, print, None)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 32 MiB: a file system of its own, which only root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a disk of its own needs root and mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("ending", FILMS)
def test_films_of_each_ending_hold_every_frame(tmp_path, ending):
    film = open_output(request(f"{tmp_path}/a{ending}"))
    for number in range(12):
        film.show(NOISE[number % 8], [], number / 10)
    film.close()
    assert os.listdir(tmp_path) == [f"a{ending}"]
    assert len(frames_of(tmp_path / f"a{ending}")) == 12
    assert (tmp_path / f"a{ending}").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ending", [".webm", ".mpg", ".GIF"])
def test_films_that_cannot_be_written_are_refused_and_are_no_folders(tmp_path, ending):
    with pytest.raises(ConfigError, match=r"allowed endings are \.mp4, \.mov, \.mkv, \.avi"):
        open_output(request(f"{tmp_path}/a{ending}"))
    assert os.listdir(tmp_path) == []


def test_a_folder_may_have_a_point_in_its_name(tmp_path):
    open_output(request(f"{tmp_path}/pictures.2026")).close()
    open_output(request(f"{tmp_path}/film.mp4/")).close()
    assert sorted(os.listdir(tmp_path)) == ["film.mp4", "pictures.2026"]


def test_names_of_any_bytes(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")
    os.mkdir(folder)
    film = Video(f"{folder}/\udcffa.mp4", SIZE, 10.0)
    film.show(NOISE[0], [], 0.0)
    film.close()
    assert os.listdir(os.fsencode(folder)) == [b"\xffa.mp4"]
    assert film.name.encode() == b"file:" + os.fsencode(tmp_path) + rb"/\xff\xfe/\xffa.mp4"


def test_a_link_under_the_film_s_name_is_replaced_and_what_it_names_is_not(tmp_path):
    (tmp_path / "precious").write_text("as it was")
    (tmp_path / "a.mp4").symlink_to(tmp_path / "precious")
    film = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    film.show(NOISE[0], [], 0.0)
    film.close()
    assert (tmp_path / "precious").read_text() == "as it was"
    assert not (tmp_path / "a.mp4").is_symlink()


def test_a_link_in_the_place_of_the_next_picture_is_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("as it was")
    folder = PngFolder(str(tmp_path / "pictures"))
    (tmp_path / "pictures" / ".part").symlink_to(tmp_path / "precious")
    folder.show(NOISE[0], [], 0.0)
    assert (tmp_path / "precious").read_text() == "as it was"
    assert (tmp_path / "pictures" / "000001.png").stat().st_mode & 0o777 == 0o600


def fill(folder):
    """Take what is free, to the last byte."""
    descriptor = os.open(folder / "fill", os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(descriptor, bytes(65536)):
            pass
    except OSError:
        os.close(descriptor)


def test_a_film_on_a_disk_that_somebody_fills_is_whole_by_its_reserve(small_disk, monkeypatch):
    monkeypatch.setattr(disk, "RESERVE", 0)  # nobody looks: the disk is full from one frame to the next
    film = Video(str(small_disk / "a.mp4"), SIZE, 10.0)
    for number in range(20):
        film.show(NOISE[number % 8], [], number / 10)
    fill(small_disk)
    film.close()
    assert len(frames_of(small_disk / "a.mp4")) == 20


def test_a_film_that_cannot_be_finished_leaves_the_old_one(small_disk, monkeypatch):
    (small_disk / "a.mp4").write_bytes(b"the last one")
    monkeypatch.setattr(disk, "RESERVE", 0)
    film = Video(str(small_disk / "a.mp4"), SIZE, 10.0)
    fill(small_disk)
    monkeypatch.setattr(disk.Reserve, "free", lambda reserve: None)  # as if somebody took that too
    for number in range(20):
        film.show(NOISE[number % 8], [], number / 10)
    with pytest.raises(OSError, match=r"of 20 frames\); the film that was there before stays"):
        film.close()
    assert (small_disk / "a.mp4").read_bytes() == b"the last one"


def test_a_folder_of_pictures_leaves_the_reserve(small_disk):
    folder = PngFolder(str(small_disk / "pictures"))

    def show_all():
        for number in range(400):
            folder.show(NOISE[number % 8], [], number / 10)

    with pytest.raises(OSError, match="must stay free after"):
        show_all()
    assert disk.free_bytes(small_disk) > disk.RESERVE - 30 * NOISE[0].nbytes


def test_the_film_s_part_is_gone_after_a_failure(tmp_path, monkeypatch):
    film = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    film.show(NOISE[0], [], 0.0)
    monkeypatch.setattr(video.cv2, "VideoCapture", lambda *_: Unreadable())
    with pytest.raises(OSError, match=r"0 of 1 frames\); there is none"):
        film.close()
    assert os.listdir(tmp_path) == []


class Unreadable:
    def isOpened(self):
        return False

    def release(self):
        pass
