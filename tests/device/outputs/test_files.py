import os

import cv2
import numpy as np
import pytest

from device.errors import ConfigError
from device.outputs import disk, video
from device.outputs.png_folder import PngFolder
from device.outputs.video import Video

SIZE = (64, 48)


def picture(shade=100):
    return np.full((SIZE[1], SIZE[0], 3), shade, np.uint8)


def frames_of(path):
    clip = cv2.VideoCapture(str(path))
    shades = []
    while True:
        ok, frame = clip.read()
        if not ok:
            return shades
        shades.append(round(float(frame.mean())))


def film(path, times, fps=10.0):
    output = Video(str(path), SIZE, fps)
    for number, t in enumerate(times):
        output.show(picture(20 + 20 * number), [], t)
    output.close()
    return frames_of(path)


def test_a_film_holds_every_frame(tmp_path):
    shades = film(tmp_path / "a.mp4", [0.0, 0.1, 0.2, 0.3])
    assert shades == pytest.approx([20, 40, 60, 80], abs=4)
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_slow_camera_does_not_make_a_fast_film(tmp_path):
    assert film(tmp_path / "a.mp4", [0.0, 0.3, 0.6]) == pytest.approx([20, 40, 40, 40, 60, 60, 60], abs=4)


def test_a_fast_camera_does_not_make_a_slow_film(tmp_path):
    assert len(film(tmp_path / "a.mp4", [0.0, 0.05, 0.1, 0.15, 0.2])) == 3


def test_a_coder_that_is_too_slow_is_not_given_ever_more_to_do(tmp_path):
    """Late pictures were repeated to keep the film's time, which made the next ones later: 2 s a frame."""
    assert len(film(tmp_path / "a.mp4", [0.0, 1.0, 2.0, 3.0])) == 1 + 3 * 3


@pytest.mark.parametrize("times", [[5.0, 5.1, 900.0, 900.1], [5.0, 5.1, 0.0, 0.1]])
def test_a_long_pause_or_a_clip_that_begins_again_leaves_no_hole(tmp_path, times):
    assert len(film(tmp_path / "a.mp4", times)) == 4


def test_the_film_has_its_name_only_when_it_is_whole(tmp_path):
    (tmp_path / "a.mp4").write_text("the last one")
    output = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    output.show(picture(), [], 0.0)
    assert (tmp_path / "a.mp4").read_text() == "the last one"
    output.close()
    assert len(frames_of(tmp_path / "a.mp4")) == 1
    output.close()


def test_no_film_without_a_picture(tmp_path):
    Video(str(tmp_path / "a.mp4"), SIZE, 10.0).close()
    assert os.listdir(tmp_path) == []


def test_a_film_ends_before_the_disk_is_full_and_can_be_played(tmp_path, monkeypatch):
    output = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 5 * 2**20)
    for number in range(29):
        output.show(picture(), [], number / 10)
    with pytest.raises(
        OSError, match=r"only 5 MiB are free there, 24 MiB must stay free; the film ends after 3 s"
    ):
        output.show(picture(), [], 2.9)
    output.close()
    assert len(frames_of(tmp_path / "a.mp4")) == 30


@pytest.mark.parametrize("path", ["missing/a.mp4", "folder.mp4", "file/a.mp4"])
def test_a_place_that_cannot_be_written_is_refused_at_the_start(tmp_path, path):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--output file:"):
        Video(str(tmp_path / path), SIZE, 10.0)


def test_a_full_disk_is_refused_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 5 * 2**20)
    with pytest.raises(ConfigError, match="only 5 MiB are free"):
        Video(str(tmp_path / "a.mp4"), SIZE, 10.0)


def test_a_film_that_opencv_cannot_write_leaves_nothing_behind(tmp_path, monkeypatch):
    class Unopened:
        fourcc = cv2.VideoWriter.fourcc

        def __init__(self, *_):
            pass

        def isOpened(self):
            return False

    monkeypatch.setattr(video.cv2, "VideoWriter", Unopened)
    with pytest.raises(ConfigError, match="this OpenCV cannot write such a film; name a folder instead"):
        Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    assert os.listdir(tmp_path) == []


def test_a_folder_of_pictures(tmp_path):
    output = PngFolder(str(tmp_path / "new" / "pictures"))
    for number in range(3):
        output.show(picture(number), [], 0.0)
    output.close()
    names = sorted(os.listdir(tmp_path / "new" / "pictures"))
    assert names == ["000001.png", "000002.png", "000003.png"]
    assert (cv2.imread(str(tmp_path / "new" / "pictures" / "000003.png")) == 2).all()


def test_a_folder_with_pictures_is_left_alone(tmp_path):
    (tmp_path / "000001.png").touch()
    with pytest.raises(ConfigError, match="holds pictures already"):
        PngFolder(str(tmp_path))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        PngFolder(str(tmp_path / "file" / "pictures"))


def test_a_picture_that_does_not_fit_leaves_nothing_half_written(tmp_path, monkeypatch):
    output = PngFolder(str(tmp_path))
    output.show(picture(), [], 0.0)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space left on device after 1 pictures"):
        output.show(picture(), [], 0.1)
    assert os.listdir(tmp_path) == ["000001.png"]


def test_every_frame_is_wanted_and_the_place_is_left_clean(tmp_path):
    output = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    assert output.wanted() is True
    assert not (tmp_path / "a.mp4").exists()
    output.close()
    assert os.listdir(tmp_path) == []


def test_without_a_rate_there_are_thirty_pictures_a_second(tmp_path):
    assert len(film(tmp_path / "a.mp4", [0.0, 0.05], fps=0.0)) == 1 + 2


def test_a_pause_of_two_seconds_is_filled_and_a_longer_one_is_not(tmp_path):
    assert len(film(tmp_path / "a.mp4", [0.0, 2.0], fps=1.0)) == 3
    assert len(film(tmp_path / "b.mp4", [0.0, 2.1], fps=1.0)) == 2


def test_two_pictures_of_one_time_are_one(tmp_path):
    assert film(tmp_path / "a.mp4", [0.0, 0.1, 0.1, 0.2]) == pytest.approx([20, 40, 80], abs=4)


def test_after_three_repeats_the_film_s_time_is_moved_and_the_next_is_one_picture(tmp_path):
    assert len(film(tmp_path / "a.mp4", [0.0, 1.0, 1.1, 1.2])) == 1 + 3 + 1 + 1


@pytest.mark.parametrize(("free", "text"), [
    (24 * 2**20 - 1, "only 23 MiB are free there, 24 MiB must"), (24 * 2**20, None),
])  # fmt: skip
def test_24_mib_must_stay_free(tmp_path, monkeypatch, free, text):
    monkeypatch.setattr(disk, "free_bytes", lambda folder: free)
    if text:
        with pytest.raises(ConfigError, match=text):
            Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
        return
    output = Video(str(tmp_path / "a.mp4"), SIZE, 10.0)
    for number in range(30):
        output.show(picture(), [], number / 10)
    output.close()
    assert len(frames_of(tmp_path / "a.mp4")) == 30


def test_a_coder_s_share_of_the_memory():
    assert video.held_bytes((640, 480)) == 8 * 1048576 + 640 * 480 * 12


def test_free_bytes_are_those_of_the_folder_s_disk(tmp_path, monkeypatch):
    class Disk:
        f_bavail, f_frsize = 3, 4096

    monkeypatch.setattr(os, "statvfs", lambda folder: Disk)
    assert disk.free_bytes(tmp_path) == 12288


def test_a_film_may_be_left_out_when_memory_is_short():
    assert Video.optional is True
