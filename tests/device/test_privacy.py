"""Privacy: no output ever receives a face that was found, whatever becomes of it afterwards.

A face is a mark here: squares of magenta and green, which nothing else in the picture is. Films and pictures
are read back from the disk, the window's pixels where they go to the screen, the page's before its coder.
"""

import time

import cv2
import numpy as np
import pytest

from device.app.vision_worker import AsyncVision, SyncVision
from device.box import Box
from device.commands.doctor import _for_the_eye
from device.config.loader import changed
from device.faces.detector import Detection
from device.frame import Frame
from device.outputs.window import FORMATS
from device.overlay.composition import Composition
from device.overlay.privacy import merged
from device.person import Person
from tests.device.assembly import ANNA, BERT, SIZE, Kiosk, open_real_output, quiet, wait_until

FACE = ANNA  # x 20 to 70, y 60 to 110
SQUARES = np.indices((50, 50)).sum(axis=0) // 8 % 2
MARK = np.where(SQUARES[..., None] == 1, (255, 0, 255), (0, 255, 0)).astype(np.uint8)
OUTPUTS = ("window", "web:127.0.0.1:0", "file:{folder}/film.avi", "file:{folder}/pictures")


def marked(image, box=FACE):
    image[int(box.y) : int(box.y) + 50, int(box.x) : int(box.x) + 50] = MARK


def has_mark(image):
    """Whether anything magenta is left; 255 of the mark's own, 0 of grey, of the overlay's colours less."""
    blue, green, red = cv2.split(image.astype(np.int16))
    return bool((np.minimum(blue, red) - green).max() > 100)


class Glass:
    """An X window that remembers what is put on it."""

    depth, lost, size = 24, False, SIZE

    def __init__(self):
        self.put_on = []

    def pixels(self, width, height):
        self._pixels = np.zeros((height, width, 4), np.uint8)
        return self._pixels

    def put(self):
        self.put_on.append(self._pixels[..., :3].copy())

    def left(self):
        return False

    def close(self):
        """Nothing is open."""


@pytest.fixture
def kiosk(monkeypatch, tmp_path):
    kiosk = Kiosk(monkeypatch)
    kiosk.screens, kiosk.glass, kiosk.received = [], Glass(), {}
    kiosk.folder = tmp_path
    monkeypatch.setattr("device.outputs.window._connected", lambda *_: kiosk.glass)
    monkeypatch.setattr("device.outputs.web.output.parsed", lambda address: ("127.0.0.1", 0))

    def open_recorded(request):
        output = open_real_output(request)
        show, received = output.show, kiosk.received.setdefault(request.spec, [])

        def record(image, persons, t):
            received.append(image.copy())
            show(image, persons, t)

        output.show, output.wanted = record, lambda: True
        return output

    kiosk._open_output = open_recorded
    yield kiosk
    kiosk.close()


def played(kiosk, privacy, before=lambda index: None, frames=24, **sections):
    """What each output got of a film with marked faces, and what the disk and the screen have of it."""
    outputs = tuple(spec.replace("{folder}", str(kiosk.folder)) for spec in OUTPUTS)
    kiosk.settings = changed(
        quiet(), output={"use": outputs}, overlay={"privacy": privacy, "attract_s": 0.0}, **sections
    )
    kiosk.film.length = frames
    kiosk.film.before = before
    read = kiosk.film.read

    def read_marked(frame, timeout):
        more = read(frame, timeout)
        for box in kiosk.faces.boxes or [FACE]:
            marked(frame.image, box)
        return more

    kiosk.film.read = read_marked
    kiosk.play()
    wait_until(lambda: kiosk.glass.put_on, "the window shows a picture")
    kiosk.close()
    film, of_film = cv2.VideoCapture(str(kiosk.folder / "film.avi")), []
    while (got := film.read())[0]:
        of_film.append(got[1])
    pictures = [cv2.imread(str(path)) for path in sorted((kiosk.folder / "pictures").iterdir())]
    assert len(kiosk.received) == len(OUTPUTS)
    assert len(of_film) == len(pictures) == frames
    return {**kiosk.received, "film": of_film, "pictures": pictures, "screen": kiosk.glass.put_on}


def showing(seen):
    """The names of those who saw the mark."""
    return {name for name, images in seen.items() if any(has_mark(image) for image in images)}


def test_the_mark_reaches_every_output_without_privacy(kiosk):
    seen = played(kiosk, "off")
    assert showing(seen) == set(seen)
    assert len(seen) == 7


@pytest.mark.parametrize("privacy", ["blur", "silhouette"])
def test_no_output_has_the_mark_not_even_of_the_first_frame(kiosk, privacy):
    assert showing(played(kiosk, privacy)) == set()


@pytest.mark.parametrize("turn", [{"rotate": 90}, {"rotate": 180}, {"rotate": 270, "mirror": True}])
def test_nor_on_a_turned_screen(kiosk, turn):
    assert showing(played(kiosk, "blur", screen=turn)) == set()


def test_nor_of_a_face_that_is_never_confirmed(kiosk):
    assert showing(played(kiosk, "blur", tracker={"init_hits": 10}, frames=8)) == set()
    assert kiosk.run.summary.tracks_total == 0


def test_nor_of_a_face_for_which_there_is_no_room(kiosk):
    kiosk.faces.boxes = [ANNA, BERT]
    assert showing(played(kiosk, "blur", tracker={"max_tracks": 1})) == set()


def test_nor_while_the_detector_misses_it_for_a_second(kiosk):
    def blink(index):
        kiosk.faces.boxes = [] if 10 <= index < 40 else [FACE]

    assert showing(played(kiosk, "blur", blink, frames=60)) == set()


def test_nor_of_one_in_a_zone_that_is_ignored_and_found_now_and_then(kiosk):
    """Nobody follows it: only what was found of it lately says where it is."""

    def blink(index):
        kiosk.faces.boxes = [FACE] if index % 10 == 0 else []

    everywhere = {"ignore": "0 0 1 1"}
    assert showing(played(kiosk, "blur", blink, frames=60, tracker=everywhere)) == set()
    assert kiosk.run.summary.tracks_total == 0


def test_every_frame_is_searched_whatever_the_schedule_says(kiosk):
    """Somebody who steps into view on a frame that is not searched would be seen on it."""
    played(kiosk, "blur", schedule={"detect_every": 10}, frames=90)
    assert kiosk.faces.looks == 90


def test_a_picture_that_nobody_has_looked_at_is_blurred_as_a_whole():
    composition = Composition(SIZE, changed(quiet(), overlay={"privacy": "blur"}))
    image = np.full((240, 320, 3), 40, np.uint8)
    marked(image)
    assert has_mark(composition.picture(image.copy(), True, [], []))
    assert not has_mark(composition.picture(image.copy(), True, [], None))
    assert not has_mark(composition.picture(image.copy(), False, [], None))


@pytest.mark.parametrize("privacy", ["off", "blur", "silhouette"])
def test_doctors_picture_is_an_output_too(privacy):
    image = np.full((240, 320, 3), 40, np.uint8)
    marked(image)
    faces = [Detection(FACE, 0.9, np.zeros((6, 2), np.float32))]
    settings = changed(quiet(), overlay={"privacy": privacy}, screen={"rotate": 90})
    seen = _for_the_eye(image, faces, settings)
    assert seen.shape == image.shape
    assert has_mark(seen) == (privacy == "off")
    assert has_mark(image)


def test_persons_alone_are_reason_enough():
    composition = Composition(SIZE, changed(quiet(), overlay={"privacy": "blur"}))
    image = np.full((240, 320, 3), 40, np.uint8)
    marked(image)
    assert not has_mark(composition.picture(image, True, [Person(1, FACE, 0.9)], []))


@pytest.mark.parametrize("box", [
    Box(-30.0, -20.0, 60.0, 60.0), Box(300.0, 220.0, 60.0, 60.0), Box(-100.0, -100.0, 600.0, 600.0),
    Box(400.0, 10.0, 20.0, 20.0), Box(10.2, 10.7, 0.5, 0.5), Box(319.0, 239.0, 1.0, 1.0),
])  # fmt: skip
def test_faces_at_and_beyond_the_border_leave_nothing_of_the_mark_in_their_box(box):
    composition = Composition(SIZE, changed(quiet(), overlay={"privacy": "blur"}))
    image = np.tile(
        np.array([[(255, 0, 255), (0, 255, 0)], [(0, 255, 0), (255, 0, 255)]], np.uint8), (120, 160, 1)
    )
    hidden = composition.picture(image, True, [], [box])
    left, top, w, h = (int(value) for value in box.clipped(320, 240))
    if w > 4 and h > 4:
        assert not has_mark(hidden[top : top + h, left : left + w])


def test_a_face_found_followed_and_known_is_blurred_once_over_all_its_boxes():
    assert merged([FACE, FACE.shifted(4, 0), BERT]) == [Box(20.0, 60.0, 54.0, 50.0), BERT]
    assert merged([FACE, FACE.shifted(24, 0), FACE.shifted(12, 0)]) == [Box(20.0, 60.0, 74.0, 50.0)]


def test_only_a_result_of_this_very_frame_is_one():
    done = []
    vision = AsyncVision(lambda frame: [], lambda frame: None, 0.0, done.append)
    try:
        assert not vision.fresh
        vision.process(Frame((8, 6)))  # nobody waits for it
        fresh_at_once = vision.fresh
        wait_until(lambda: vision.results == 1, "the first result")
    finally:
        vision.stop()
    assert not fresh_at_once
    assert SyncVision(lambda frame: [], lambda frame: None).fresh


def test_a_live_picture_waits_for_its_result_and_no_longer_than_half_a_second(kiosk):
    kiosk.settings = changed(quiet(), overlay={"privacy": "blur"}, output={"use": ("none",)})
    kiosk.film.live = True
    run = kiosk.open(fake_clock=False)
    assert run.worker._patience == 0.5
    assert run._faces() is None
    frame = Frame(SIZE)
    frame.time = time.monotonic()
    run.worker.process(frame)
    assert run.worker.fresh
    assert run._faces()


def test_the_window_is_fed_through_the_glass():
    """What stands in for the screen takes what the real one does."""
    assert Glass.depth in FORMATS
