import os

import cv2
import numpy as np
import pytest

from device.camera.clip import Clip, most_pixels
from device.config.loader import changed, defaults
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


class Stamped:
    """Stands in for the clip's capture: the same pictures, other answers."""

    def __init__(self, capture, stamps=(), fails=()):
        self.capture, self.stamps, self.fails = capture, list(stamps), set(fails)
        self.reads, self.given = 0, 0

    def __getattr__(self, name):
        return getattr(self.capture, name)

    def read(self, image):
        self.reads += 1
        if self.reads in self.fails:
            return False, None
        got = self.capture.read(image)
        self.given += got[0]
        return got

    def get(self, key):
        if key == cv2.CAP_PROP_POS_MSEC and self.stamps:
            return self.stamps[(self.given - 1) % len(self.stamps)]
        return self.capture.get(key)


def times(clip, limit=1000):
    return [time for time, _ in read_all(clip, limit)]


def with_stamps(path, stamps, **options):
    clip = Clip(str(path), **options)
    clip._capture = Stamped(clip._capture, stamps)
    return clip


def test_a_variable_rate_is_played_on_the_files_own_times(avi):
    stamps = [40, 140, 240, 740, 1240, 1740, 2240, 2250]  # 10 a second, then 2, then one right after
    assert times(with_stamps(avi, stamps)) == [0.0, 0.1, 0.2, 0.7, 1.2, 1.7, 2.2, 2.21]


def test_own_times_go_on_when_the_clip_begins_again(avi):
    stamps = [0, 100, 200, 1000, 2000, 3000, 4000, 5000]
    seen = times(with_stamps(avi, stamps, loop=True), limit=10)
    assert seen[7:] == [5.0, 5.1, 5.2]


@pytest.mark.parametrize(
    "stamps",
    [
        [0] * 8,  # raw H.264
        [-7.7e15 + 40 * number for number in range(8)],  # raw MJPEG
        [0, 130, 170, 330, 370, 530, 570, 730],  # rounded: less than half a frame from the rate
    ],
)
def test_times_that_say_nothing_leave_the_rate(avi, stamps):
    assert times(with_stamps(avi, stamps)) == [number / 10 for number in range(8)]


def test_times_that_go_back_never_do_so_here(avi):
    seen = times(with_stamps(avi, [0, 1000, 2000, 500, 3000, 3000, 100, 4000]))
    assert seen == [0.0, 1.0, 2.0, 2.1, 3.0, 3.1, 3.2, 4.0]


def test_a_damaged_place_is_passed_over_and_told_once(avi, events):
    clip = Clip(str(avi), on_event=events)
    clip._capture = Stamped(clip._capture, fails={1, 4, 5, 6, 9})
    assert len(read_all(clip)) == 8
    assert events == [("damaged", f"{clip.name}: damaged after frame 2; it goes on behind that.")]


def test_a_clip_that_ends_too_early_is_told(avi, events):
    clip = Clip(str(avi), on_event=events)
    clip._capture = Stamped(clip._capture, fails=range(6, 1000))
    assert len(read_all(clip)) == 5
    told = "ends after 5 of about 8 frames; it is damaged or cut short, copy it anew."
    assert events == [("damaged", f"{clip.name}: {told}")]


def test_a_whole_clip_tells_nothing(avi, events):
    assert len(read_all(Clip(str(avi), loop=True, on_event=events), limit=40)) == 40
    assert events == []


def test_a_raw_stream_is_looped(tmp_path, avi):
    """It has no index to seek in: today's loop ended after one pass."""
    raw = tmp_path / "raw.mjpeg"
    raw.write_bytes(b"".join(_jpegs(avi)))
    assert [grey for _, grey in read_all(Clip(str(raw), loop=True), limit=20)] == [
        *range(8),
        *range(8),
        *range(4),
    ]


def _jpegs(avi):
    clip, frame = Clip(str(avi)), Frame((64, 48))
    while clip.read(frame, 1.0):
        yield cv2.imencode(".jpg", frame.image)[1].tobytes()


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.avi"), "a:b.avi", "a%02d.avi"])
def test_a_clip_of_any_name_is_played_again_and_again(tmp_path, avi, name):
    path = tmp_path / name
    avi.rename(path)
    assert len(read_all(Clip(str(path), loop=True), limit=20)) == 20


def test_no_descriptor_is_left_open(avi):
    before = len(os.listdir("/proc/self/fd"))
    clip = Clip(str(avi), loop=True)
    read_all(clip, limit=50)
    clip.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_clip_larger_than_the_budget_is_refused_with_the_size_that_fits(avi):
    with pytest.raises(CameraError, match=r"64x48 pixels do not fit .*; make it 48 wide .*scale=48:-2"):
        Clip(str(avi), most_pixels=2000)
    Clip(str(avi), most_pixels=64 * 48)


def test_what_fits_grows_with_the_budget():
    assert 1920 * 1080 <= most_pixels(defaults()) < 3840 * 2160
    assert most_pixels(changed(defaults(), limits={"memory_mib": 512})) > 3840 * 2160
    assert most_pixels(changed(defaults(), limits={"memory_mib": 48})) == 640 * 480
    assert most_pixels(changed(defaults(), limits={"memory_mib": float("inf")})) == float("inf")
    fast = changed(defaults(), source={"pace": "fast"})
    assert most_pixels(defaults()) == 80 * 2**20 / (22 + 3 * 6)
    assert most_pixels(fast) == 80 * 2**20 / (22 + 3 * 5)


def test_a_telephones_clip_stands_upright(samples):
    clip = Clip(str(samples / "field" / "inputs" / "phone_rot.mp4"))
    assert clip.size == (640, 480)
    frame = Frame(clip.size)
    assert clip.read(frame, 1.0)
    coded, turned = clip._coded, frame.image
    assert coded.shape == (640, 480, 3)
    assert (turned[0] == coded[::-1, 0]).all()  # the left edge, from below, is the upper one


class Answering(Stamped):
    """The same pictures, with other properties."""

    def __init__(self, capture, answers):
        super().__init__(capture)
        self.answers = answers

    def get(self, key):
        return self.answers.get(key, self.capture.get(key))


@pytest.fixture
def answering(monkeypatch, avi):
    """A clip whose file says something else of itself."""

    def answering(answers):
        opened = Clip._opened
        monkeypatch.setattr(Clip, "_opened", lambda clip: Answering(opened(clip), answers))
        return Clip(str(avi))

    return answering


@pytest.mark.parametrize(
    ("mark", "size", "corner"),
    [(0, (64, 48), (0, 0)), (90, (48, 64), (0, -1)), (180, (64, 48), (-1, -1)), (270, (48, 64), (-1, 0))],
)
def test_a_rotation_mark_is_heeded(answering, monkeypatch, mark, size, corner):
    clip = answering({cv2.CAP_PROP_ORIENTATION_META: mark})
    assert clip.size == size
    decode = clip._decode

    def decode_with_a_white_corner(image):
        got = decode(image)
        image[0, 0] = 255
        return got

    clip._decode = decode_with_a_white_corner
    frame = Frame(clip.size)
    buffer = frame.image
    assert clip.read(frame, 1.0)
    assert frame.image is buffer
    assert [tuple(place) for place in np.argwhere(frame.image[:, :, 0] == 255)] == [
        tuple(np.array(corner) % frame.image.shape[:2])
    ]


@pytest.mark.parametrize(
    ("said", "taken"), [(0.0, 25.0), (0.9, 25.0), (1.0, 1.0), (240.0, 240.0), (1e5, 25.0)]
)
def test_a_rate_that_cannot_be_is_replaced(answering, said, taken):
    assert answering({cv2.CAP_PROP_FPS: said}).fps == taken


def test_a_codec_without_a_decoder_is_named_with_the_remedy(answering):
    clip = answering({cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"AV01"))})
    clip._decode = lambda image: False
    with pytest.raises(CameraError, match="AV1 cannot be decoded here; turn it"):
        clip.read(Frame(clip.size), 1.0)


@pytest.mark.parametrize("key", [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT])
def test_a_clip_without_a_size_is_refused(answering, key):
    with pytest.raises(CameraError, match="no frame of it can be decoded"):
        answering({key: 0.0})
