"""BlazeFace's decoding: anchors, suppression, and faces of known places."""

import numpy as np
import pytest

from device.detector import FaceDetector, anchor_centres, merge_overlapping


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
