"""One further look a frame: at followed faces that are missed, or for new ones elsewhere."""

import numpy as np
import pytest

from device.box import Box
from device.faces.close_up import as_in_close_up, as_in_first_look
from device.faces.detector import Detection
from device.pipeline.second_looks import SecondLooks, places
from device.tracks.tracker import Companion, Track

IMAGE = np.zeros((480, 640, 3), np.uint8)
HERE, THERE = Box(100, 100, 80, 80), Box(400, 100, 80, 80)


def face(box, score=0.9, tilt=0.0):
    keypoints = np.zeros((6, 2), np.float32)
    keypoints[:2] = box.centre
    keypoints[1] += 20 * np.cos(tilt), 20 * np.sin(tilt)
    return Detection(box, score, keypoints)


def track(box, confirmed=True, tilt=0.0):
    made = Track(0, face(box, tilt=tilt), 0, Companion())
    made.confirmed = confirmed
    return made


class Detector:
    """Shows what the test wants, and remembers where it was asked to look."""

    def __init__(self, close=None, elsewhere=()):
        self.close, self.elsewhere = close, list(elsewhere)
        self.close_ups, self.parts = [], []

    def close_up(self, image, box, quarters=0):
        self.close_ups.append((box, quarters))
        return self.close

    def detect_in(self, image, part, quarters=0):
        self.parts.append((part, quarters))
        return self.elsewhere


def looks(detector):
    return SecondLooks(detector, (640, 480))


def test_where_all_followed_faces_are_seen_there_is_no_further_look():
    detector = Detector()
    found = [face(HERE), face(THERE, 0.3)]
    assert looks(detector).complete(found, IMAGE, [track(HERE)], 0.0) == found
    assert (detector.close_ups, detector.parts) == ([], [])


def test_a_missed_face_is_looked_at_closely_turned_as_it_is():
    close = face(as_in_close_up(HERE), 0.8)
    detector = Detector(close)
    (found,) = looks(detector).complete([], IMAGE, [track(HERE, tilt=np.pi / 2)], 0.0)
    assert detector.close_ups == [(HERE, 3)]
    assert found.box == pytest.approx(as_in_first_look(close.box, 640))
    assert found.box.iou(HERE) > 0.9
    assert found.score == 0.8


def test_a_weak_look_at_a_followed_face_is_proven_or_gives_way():
    """A track whose looks are wide would be lost by a close look's narrow box: a clip became two people."""
    close = face(as_in_close_up(HERE), 0.8)
    wide, other = face(HERE.scaled(1.4), 0.3), face(THERE, 0.3)
    found = looks(Detector(close)).complete([wide, other], IMAGE, [track(HERE.scaled(1.4))], 0.0)
    assert found == [other, wide]
    beside = face(HERE.shifted(0, 50), 0.3)  # of the track's box, but not of the face that is seen
    found = looks(Detector(close)).complete([beside], IMAGE, [track(HERE.shifted(0, 20))], 0.0)
    assert [f.score for f in found] == [0.8]
    assert found[0].box == pytest.approx(as_in_first_look(close.box, 640))


def test_without_proof_weak_looks_are_believed_for_half_a_second():
    second = looks(Detector(None))
    followed, weak = track(HERE), face(HERE, 0.3)
    second.complete([face(HERE)], IMAGE, [followed], 0.0)
    assert second.complete([weak], IMAGE, [followed], 0.4) == [weak]
    assert second.complete([weak], IMAGE, [followed], 0.6) == []
    other = face(THERE, 0.3)
    assert second.complete([weak, other], IMAGE, [followed], 0.7) == [other]


def test_of_two_missed_faces_the_one_longest_without_proof_comes_first():
    detector = Detector(None)
    second = looks(detector)
    one, two = track(HERE), track(THERE)
    second.complete([face(HERE), face(THERE)], IMAGE, [one, two], 0.0)
    second.complete([face(THERE)], IMAGE, [one, two], 0.1)
    second.complete([], IMAGE, [one, two], 0.2)
    assert [box for box, _ in detector.close_ups] == [HERE, HERE]
    detector.close = face(as_in_close_up(HERE), 0.8)
    second.complete([], IMAGE, [one, two], 0.3)
    second.complete([], IMAGE, [one, two], 0.4)
    assert [box for box, _ in detector.close_ups][2:] == [HERE, THERE]


def test_where_nobody_is_the_next_place_is_searched_for_sure_faces():
    detector = Detector(elsewhere=[face(THERE, 0.5), face(HERE, 0.3)])
    second = looks(detector)
    (found,) = second.complete([], IMAGE, [], 0.0)
    assert found.box.centre[0] == pytest.approx(THERE.centre[0])
    for _ in range(20):
        second.complete([], IMAGE, [], 0.0)
    expected = list(places(640, 480))
    assert detector.parts == [tuple(expected[i % len(expected)]) for i in range(21)]


def test_a_track_that_no_close_up_believes_in_keeps_nobody_from_looking_elsewhere():
    detector = Detector()
    doubted = track(HERE, confirmed=False)
    doubted.confirmation_score = -0.5
    looks(detector).complete([face(HERE, 0.3)], IMAGE, [doubted], 0.0)
    assert detector.close_ups == []
    assert len(detector.parts) == 1


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (480, 270), (1280, 720), (320, 320)])
def test_the_places_cover_the_picture_and_all_four_ways_round(size):
    width, height = size
    there = list(places(*size))
    assert sorted({place.quarters for place in there}) == [0, 1, 2, 3]
    seen = np.zeros((height, width), bool)
    for part, quarters in there:
        x, y, w, h = (round(value) for value in part)
        assert x >= 0
        assert y >= 0
        assert x + w <= width + 1
        assert y + h <= height + 1
        if quarters == 0:
            seen[y : y + h, x : x + w] = True
    assert seen.all()
    assert len(there) <= 16
