import cv2
import numpy as np
import pytest

from device.camera.clip import Clip
from device.errors import CameraError
from device.frame import Frame


@pytest.fixture
def avi(tmp_path):
    """Eight frames of 64x48 pixels at 10 a second; frame n is grey of 20 n."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(8):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def read_all(clip, limit=1000):
    frame, seen = Frame(clip.size), []
    while len(seen) < limit and clip.read(frame, 1.0):
        seen.append((round(frame.time, 3), round(float(frame.image.mean()) / 20)))
    return seen


def test_frames_in_turn_with_the_clips_own_time(avi):
    clip = Clip(str(avi))
    assert (clip.name, clip.size, clip.fps, clip.live) == (f"file:{avi}", (64, 48), 10.0, False)
    assert read_all(clip) == [(number / 10, number) for number in range(8)]


def test_loop_begins_again_and_time_goes_on(avi):
    seen = read_all(Clip(str(avi), loop=True), limit=20)
    assert [grey for _, grey in seen] == [*range(8), *range(8), *range(4)]
    assert seen[-1][0] == 1.9


def test_pixels_are_decoded_into_the_buffer_that_was_given(avi):
    frame = Frame((64, 48))
    buffer = frame.image
    Clip(str(avi)).read(frame, 1.0)
    assert frame.image is buffer


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CameraError, match=r"nothing\.mkv: there is no such file"):
        Clip(str(tmp_path / "nothing.mkv"))


@pytest.mark.parametrize("content", [b"", b"this is a letter, not a clip" * 100])
def test_file_that_is_no_clip(tmp_path, content):
    path = tmp_path / "letter.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"letter.mp4: not a clip that can be played; give an MP4"):
        Clip(str(path))


def test_clip_cut_short_ends_where_it_was_cut(avi):
    content = avi.read_bytes()
    avi.write_bytes(content[: content.rindex(b"00dc", 0, content.index(b"idx1")) - 700])  # in the last frames
    assert 1 <= len(read_all(Clip(str(avi)))) < 8


def test_buffer_of_another_size_is_an_error_not_a_silent_loss(avi):
    with pytest.raises(CameraError, match="frame 0 is 64x48 pixels, the clip"):
        Clip(str(avi)).read(Frame((32, 32)), 1.0)


@pytest.mark.parametrize(
    ("name", "size", "frames"),
    [
        ("kiosk_again.mkv", (640, 480), 77),
        ("classroom.gif", (480, 270), 45),
        ("face-demographics-walking.gif", (480, 270), 35),
    ],
)
def test_real_clips_and_gifs(samples, name, size, frames):
    clip = Clip(str(samples / "video" / name))
    assert clip.size == size
    frame, count = Frame(clip.size), 0
    while clip.read(frame, 1.0):
        count += 1
    assert frame.image.std() > 10
    assert count == frames
