"""BlazeFace's decoding: anchors, suppression, and faces of known places."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from device.box import Box
from device.faces import detector as detector_module
from device.faces.detector import (
    Detection,
    FaceDetector,
    anchor_centres,
    merge_overlapping,
    quarters_to_upright,
)
from device.faces.letterbox import Letterbox, Look

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"


def test_the_short_range_has_896_anchors():
    centres = anchor_centres(128, ((8, 2), (16, 6)))
    assert centres.shape == (896, 2)
    assert tuple(centres[0]) == tuple(centres[1]) == (0.5 / 16, 0.5 / 16)
    assert tuple(centres[-1]) == (7.5 / 8, 7.5 / 8)


def test_the_full_range_has_2304_anchors():
    assert anchor_centres(192, ((4, 1),)).shape == (2304, 2)


def row(left, top, right, bottom):
    return np.array([left, top, right, bottom, *[left] * 12], np.float32)


def test_overlapping_boxes_become_their_weighted_mean():
    rows = np.stack([row(0, 0, 10, 10), row(2, 0, 12, 10), row(50, 50, 60, 60)])
    faces = merge_overlapping(rows, np.array([0.6, 0.2, 0.9]))
    assert [score for _, score in faces] == [0.9, 0.6]
    np.testing.assert_allclose(faces[1][0][:4], [0.5, 0, 10.5, 10])


def test_a_box_without_extent_does_not_stop_the_suppression():
    assert len(merge_overlapping(np.stack([row(5, 5, 5, 5)] * 3), np.array([0.9, 0.8, 0.7]))) == 3


@pytest.mark.parametrize("kind", ["short", "full"])
def test_nothing_is_found_in_an_empty_picture(kind):
    assert FaceDetector(kind).detect(np.full((480, 640, 3), 127, np.uint8)) == []


@pytest.mark.parametrize("kind", ["short", "full"])
def test_the_person_before_the_kiosk_is_found(samples, kind):
    import cv2

    clip = cv2.VideoCapture(str(samples / "video" / "kiosk_again.mkv"))
    found, image = clip.read()
    assert found
    (face,) = FaceDetector(kind).detect(image)
    x, y = face.box.centre
    assert x == pytest.approx(327, abs=12)
    assert y == pytest.approx(122, abs=15)
    assert face.keypoints[0, 0] < face.keypoints[1, 0]  # the subject's right eye is on the picture's left
    small = FaceDetector(kind).detect(cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA), (640, 480))
    np.testing.assert_allclose(small[0].keypoints, face.keypoints, atol=5)


def test_a_close_up_places_the_eyes_alike_wherever_the_box_is_a_little_off(samples):
    import cv2

    _, image = cv2.VideoCapture(str(samples / "video" / "kiosk_again.mkv")).read()
    detector = FaceDetector()
    box = detector.detect(image)[0].box
    boxes = [box.shifted(dx, dy) for dx in (-8, 0, 8) for dy in (-8, 0, 8)]
    eyes = [detector.close_up(image, off).keypoints[:2] for off in boxes]
    assert np.std(eyes, axis=0).max() < 1.5  # pixels; the eyes are 31 apart
    assert detector.close_up(image, box.shifted(-200, 200)) is None


class Scripted:
    """A network that answers what the test wrote down, and keeps what it was shown."""

    def __init__(self, side, anchors, scores_first=True):
        self.input_shape = (1, side, side, 3)
        self.outputs = [{}, {}]
        self.boxes = np.zeros((1, anchors, 16), np.float32)
        self.logits = np.full((1, anchors, 1), -50.0, np.float32)
        self.seen, self.asked = [], None
        self._scores_first = scores_first

    def __call__(self, *asked):
        self.asked = asked
        return self

    def says(self, anchor, logit, box, keypoints=(0.0,) * 12):
        self.boxes[0, anchor] = [*box, *keypoints]
        self.logits[0, anchor, 0] = logit

    def run(self, tensor):
        self.seen.append(tensor[0].copy())
        return [self.logits, self.boxes] if self._scores_first else [self.boxes, self.logits]


@pytest.fixture
def scripted(monkeypatch):
    def scripted(kind="short", scores_first=True, **options):
        network = Scripted(*((128, 896) if kind == "short" else (192, 2304)), scores_first)
        monkeypatch.setattr(detector_module, "Model", network)
        return FaceDetector(kind, **options), network

    return scripted


def picture(width, height, colour=(0, 0, 0)):
    return np.full((height, width, 3), colour, np.uint8)


STEPS = [value for i in range(6) for value in (2.0 * i, float(i))]  # keypoints (0, 0), (2, 1), (4, 2) …


@pytest.mark.parametrize("scores_first", [True, False])
def test_an_answer_is_taken_from_the_letterbox_to_the_picture(scripted, scores_first):
    """256×128 fills 128×64 from row 32 on: twice the network's pixels, less 64 rows."""
    detector, network = scripted(scores_first=scores_first)
    network.says(2 * (5 * 16 + 7), 2.0, (2, -4, 16, 8), STEPS)  # a fine cell, its centre at (60, 44)
    (face,) = detector.detect(picture(256, 128))
    assert face.box == pytest.approx((108, 8, 32, 16))
    assert face.score == pytest.approx(0.880797, abs=1e-6)
    np.testing.assert_allclose(face.keypoints, [[120 + 4 * i, 24 + 2 * i] for i in range(6)], atol=1e-4)
    assert network.asked[1:] == ("auto", 1)


def test_a_coarse_cell_and_the_full_range_s_cells(scripted):
    detector, network = scripted()
    network.says(512 + 6 * (3 * 8 + 2), 1.0, (0, 0, 20, 10))
    assert detector.detect(picture(128, 128))[0].box == pytest.approx((30, 51, 20, 10))
    detector, network = scripted("full")
    network.says(48 * 10 + 20, 1.0, (0, 0, 20, 10))
    assert detector.detect(picture(192, 192))[0].box == pytest.approx((72, 37, 20, 10))


def test_a_high_picture_has_its_bars_at_the_sides(scripted):
    detector, network = scripted()
    network.says(2 * (5 * 16 + 7), 2.0, (0, 0, 16, 8))
    assert detector.detect(picture(128, 256))[0].box == pytest.approx(((52 - 32) * 2, 40 * 2, 32, 16))


def test_places_are_pixels_of_the_picture_that_is_named(scripted):
    detector, network = scripted()
    network.says(2 * (5 * 16 + 7), 2.0, (2, -4, 16, 8), STEPS)
    (face,) = detector.detect(picture(256, 128), (512, 512))
    assert face.box == pytest.approx((216, 32, 64, 64))
    np.testing.assert_allclose(face.keypoints, [[240 + 8 * i, 96 + 8 * i] for i in range(6)], atol=1e-4)


def test_sides_that_are_rounded_have_a_scale_each(scripted):
    detector, network = scripted()
    network.says(2 * (5 * 16 + 7), 2.0, (0, 0, 16, 8))
    (face,) = detector.detect(picture(300, 100))  # 128×43, from row 42 on
    wide, high = 300 / 128, 100 / 43
    assert face.box == pytest.approx((52 * wide, (40 - 42) * high, 16 * wide, 8 * high), abs=1e-3)


def test_what_scores_too_little_is_dropped(scripted):
    detector, network = scripted(min_score=0.8)  # ln 4 = 1.386
    network.says(0, 1.38, (0, 0, 8, 8))
    assert detector.detect(picture(128, 128)) == []
    network.says(500, 1.39, (0, 0, 8, 8))
    assert [face.score for face in detector.detect(picture(128, 128))] == [pytest.approx(0.8, abs=0.002)]
    detector, network = scripted()  # by default a half
    network.says(0, -0.1, (0, 0, 8, 8))
    network.says(500, 0.1, (0, 0, 8, 8))
    assert len(detector.detect(picture(128, 128))) == 1


def test_the_network_is_shown_rgb_from_minus_one_to_one_between_black_bars(scripted):
    detector, network = scripted()
    detector.detect(picture(256, 128, (204, 204, 255)))
    (seen,) = network.seen
    assert (seen[:32] == -1).all()
    assert (seen[96:] == -1).all()
    np.testing.assert_allclose(seen[32:96], np.broadcast_to([1, 0.6, 0.6], (64, 128, 3)), atol=1e-6)


def test_a_picture_of_another_shape_finds_no_rest_of_the_last_one(scripted):
    detector, network = scripted()
    detector.detect(picture(256, 128, (255, 255, 255)))
    letterbox = detector._letterbox
    buffers = letterbox._small, letterbox._rgb
    detector.detect(picture(512, 256, (255, 255, 255)))
    assert letterbox._small is buffers[0]  # and one of the same shape is scaled into what is there
    assert letterbox._rgb is buffers[1]
    detector.detect(picture(128, 256, (255, 255, 255)))
    seen = network.seen[-1]
    assert (seen[:, :32] == -1).all()
    assert (seen[:, 32:96] == 1).all()
    assert (seen[:, 96:] == -1).all()


@pytest.mark.parametrize(("size", "views"), [
    ((480, 480), [(0, 0, 480, 480)]),
    ((575, 480), [(0, 0, 575, 480)]),
    ((576, 480), [(0, 0, 480, 480), (96, 0, 480, 480)]),
    ((640, 480), [(0, 0, 480, 480), (160, 0, 480, 480)]),
    ((480, 640), [(0, 0, 480, 480), (0, 160, 480, 480)]),
    ((1280, 480), [(0, 0, 704, 480), (576, 0, 704, 480)]),
    ((480, 1280), [(0, 0, 480, 704), (0, 576, 480, 704)]),
])  # fmt: skip
def test_the_full_range_searches_a_long_picture_in_two_parts(scripted, size, views):
    assert scripted("full")[0]._views(picture(*size)) == views
    assert scripted("short")[0]._views(picture(*size)) == [(0, 0, *size)]


def test_a_face_in_the_second_part_is_where_it_is_in_the_picture(scripted):
    detector, network = scripted("full")
    network.says(48 * 10 + 20, 1.0, (0, 0, 20, 10))
    faces = detector.detect(picture(384, 192))  # two parts of 211×192, the second from 173 on
    lefts = sorted(face.box.x for face in faces)
    assert lefts == pytest.approx([72 * 211 / 192, 72 * 211 / 192 + 173], abs=1e-3)
    faces = detector.detect(picture(192, 384))
    tops = sorted(face.box.y for face in faces)
    assert tops == pytest.approx([37 * 211 / 192, 37 * 211 / 192 + 173], abs=1e-3)


@pytest.mark.parametrize(("other", "faces"), [
    ((0, 0, 10, 4), 1),  # shares 0.4
    ((0, 0, 4, 10), 1),
    ((5, 0, 15, 10), 1),  # a third
    ((0, 5, 10, 15), 1),
    ((6, 0, 16, 10), 2),  # a quarter
    ((0, 6, 10, 16), 2),
    ((0, 0, 20, 20), 2),  # a quarter
    ((0, 0, 20, 15), 1),  # a third
    ((12, 0, 22, 10), 2),
])  # fmt: skip
def test_boxes_that_share_more_than_three_tenths_are_one_face(other, faces):
    rows = np.stack([row(0, 0, 10, 10), row(*other)])
    assert len(merge_overlapping(rows, np.array([0.9, 0.8]))) == faces
    assert len(merge_overlapping(rows, np.array([0.8, 0.9]))) == faces


def face_at(x, y, w, h):
    return Detection(Box(x, y, w, h), 0.7, np.arange(12, dtype=np.float32).reshape(6, 2))


@pytest.fixture
def answering(scripted):
    """A detector that finds what the test wants, and the parts that it searched."""

    def answering(*faces):
        detector, _ = scripted()
        parts = []

        def detect(part, whole, quarters, sharpen):
            assert not whole
            parts.append(part)
            return list(faces)

        detector._find = detect
        return detector, parts

    return answering


MAP = np.stack([np.tile(np.arange(640) % 256, (480, 1)), np.tile(np.arange(480)[:, None] % 256, (1, 640)),
                np.zeros((480, 640))], axis=-1).astype(np.uint8)  # a pixel's place is its colour  # fmt: skip


@pytest.mark.parametrize(("box", "corner", "size"), [
    (Box(300, 200, 40, 20), (260, 180), (120, 60)),
    (Box(-10, -20, 30, 40), (0, 0), (50, 60)),
    (Box(630, 470, 20, 20), (610, 450), (30, 30)),
    (Box(10.2, 20.2, 0.1, 0.1), (10, 20), (1, 1)),
])  # fmt: skip
def test_a_close_up_is_three_times_as_wide_as_the_face(answering, box, corner, size):
    detector, parts = answering()
    assert detector.close_up(MAP, box) is None
    (part,) = parts
    assert part.shape == (size[1], size[0], 3)
    assert part[0, 0].tolist() == [corner[0] % 256, corner[1] % 256, 0]


def test_a_face_outside_the_picture_has_no_close_up(answering):
    detector, parts = answering(face_at(0, 0, 9, 9))
    assert detector.close_up(MAP, Box(800, 100, 40, 40)) is None
    assert parts == []


def test_of_several_faces_the_close_up_gives_the_one_asked_for(answering):
    detector, _ = answering(face_at(5, 5, 40, 40), face_at(42, 44, 40, 40), face_at(80, 80, 40, 40))
    found = detector.close_up(MAP, Box(300, 200, 40, 40))
    assert found.box == (302, 204, 40, 40)
    assert found.score == 0.7
    assert found.keypoints.tolist() == [[260 + 2 * i, 161 + 2 * i] for i in range(6)]


def test_a_close_up_must_show_a_tenth_of_the_look(answering):
    assert answering(face_at(40, 40, 4, 40))[0].close_up(MAP, Box(300, 200, 40, 40)) is not None
    assert answering(face_at(40, 40, 3.9, 40))[0].close_up(MAP, Box(300, 200, 40, 40)) is None


@pytest.mark.parametrize("quarters", range(4))
def test_a_part_is_searched_turned_and_told_as_it_stands(scripted, quarters):
    """A face 16 wide and 8 high about (60, 44) of the network's square, its first keypoint in the middle."""
    detector, network = scripted()
    network.says(2 * (5 * 16 + 7), 2.0, (0, 0, 16, 8), STEPS)
    image = np.zeros((200, 300, 3), np.uint8)
    (face,) = detector.detect_in(image, Box(100, 50, 128, 128), quarters)
    x, y = {0: (60, 44), 1: (44, 128 - 60), 2: (128 - 60, 128 - 44), 3: (128 - 44, 60)}[quarters]
    assert face.box.centre == pytest.approx((100 + x, 50 + y))
    assert (face.box.w, face.box.h) == pytest.approx((8, 16) if quarters % 2 else (16, 8))
    assert face.keypoints[0].tolist() == pytest.approx([100 + x, 50 + y])
    step = {0: (2, 1), 1: (1, -2), 2: (-2, -1), 3: (-1, 2)}[quarters]
    assert (face.keypoints[1] - face.keypoints[0]).tolist() == pytest.approx(step)


def test_a_turned_picture_is_shown_upright(scripted):
    detector, network = scripted()
    image = np.zeros((64, 128, 3), np.uint8)
    image[:, :32] = 255  # at the left, so above once it is turned clockwise
    detector.detect(image)
    detector.detect_in(image, Box(0, 0, 128, 64), 1)
    turned = network.seen[-1]
    assert (turned[:32, 32:96] == 1).all()
    assert (turned[32:, 32:96] == -1).all()
    assert (turned[:, :32] == -1).all()


def test_nothing_is_found_in_a_part_outside_the_picture(scripted):
    detector, network = scripted()
    network.says(0, 2.0, (0, 0, 16, 8), STEPS)
    assert detector.detect_in(picture(64, 64), Box(100, 0, 20, 20)) == []


@pytest.mark.parametrize(("degrees", "quarters"), [
    (0, 0), (40, 0), (-40, 0), (50, 3), (90, 3), (-90, 1), (180, 2), (-170, 2), (-50, 1),
])  # fmt: skip
def test_a_face_tells_how_to_turn_it_upright(degrees, quarters):
    angle = np.deg2rad(degrees)
    keypoints = np.zeros((6, 2), np.float32)
    keypoints[1] = 10 * np.cos(angle), 10 * np.sin(angle)
    assert quarters_to_upright(keypoints) == quarters


def test_one_part_without_a_face_does_not_spoil_the_other(scripted):
    detector, network = scripted("full")
    run = network.run

    def in_the_second_part_only(tensor):
        if network.seen:
            network.says(48 * 10 + 20, 1.0, (0, 0, 20, 10))
        return run(tensor)

    network.run = in_the_second_part_only
    assert len(detector.detect(picture(384, 192))) == 1


def test_the_network_is_given_the_mended_picture_and_so_are_its_close_ups():
    """Grey 46 is a fifth of 230, and the input is a level less 127.5, in 127.5."""
    detector = FaceDetector()
    dark = np.full((240, 320, 3), 46, np.uint8)
    detector.detect(dark)
    assert detector._network._input.max() == pytest.approx(230 / 127.5 - 1, abs=1e-6)
    detector.close_up(dark, Box(100.0, 100.0, 40.0, 40.0))
    assert detector._network._input.max() == pytest.approx(230 / 127.5 - 1, abs=1e-6)


def test_in_a_tenth_of_the_light_a_face_is_found_where_it_is():
    image = cv2.imread(str(SQUARE))
    detector = FaceDetector(min_score=0.4)
    (bright,) = detector.detect(image)[:1]
    (dark,) = detector.detect(image // 10)[:1]
    assert dark.box.iou(bright.box) > 0.7
    assert detector.close_up(image // 10, dark.box).score > 0.5


def test_only_a_close_up_that_is_asked_to_be_is_sharpened():
    """An edge of 20 grey levels on a slope: three sevenths of it are added on either side."""
    box = Letterbox(128)
    edge = np.repeat(np.linspace(60, 180, 128).astype(np.uint8)[None, :, None], 128, 0).repeat(3, 2)
    edge[:, 64:] += 20
    box.fill(edge, Look(whole=False))
    plain = np.ptp(box.pixels[64, 60:68, 0].astype(int))
    box.fill(edge, Look(whole=False, sharpen=True))
    sharp = np.ptp(box.pixels[64, 60:68, 0].astype(int))
    assert (plain, sharp) == (27, 39)
