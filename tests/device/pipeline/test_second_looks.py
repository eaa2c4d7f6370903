"""One further look a frame: at followed faces that are missed, or for new ones elsewhere."""

import numpy as np
import pytest

from device.box import Box
from device.faces.close_up import as_in_close_up, as_in_first_look
from device.faces.detector import Detection
from device.pipeline.search_order import windows
from device.pipeline.second_looks import SecondLooks
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

    def close_up(self, image, box, quarters=0, sharpen=False):
        self.close_ups.append((box, quarters))
        return self.close

    def detect_in(self, image, part, quarters=0):
        self.parts.append((part, quarters))
        return self.elsewhere


def looks(detector):
    return SecondLooks(detector, (640, 480), 0.4)


def test_where_all_followed_faces_are_seen_there_is_no_further_look():
    detector = Detector()
    found = [face(HERE), face(THERE, 0.3)]
    assert looks(detector).complete(found, IMAGE, [track(HERE)], 0.0) == found
    assert (detector.close_ups, detector.parts) == ([], [])


def test_a_weak_look_beside_a_strong_one_at_a_followed_face_does_not_count():
    """A face was lost to it, and became two people."""
    found = [face(HERE), face(HERE.shifted(5, 25), 0.3)]
    assert looks(Detector()).complete(found, IMAGE, [track(HERE)], 0.0) == found[:1]


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


def test_the_look_that_is_more_like_a_missed_face_s_track_is_taken():
    """A wide look went to a new track beside it, and the person was two."""
    close = face(as_in_close_up(HERE), 0.8)
    wide = face(HERE.scaled(1.4), 0.37)
    (found,) = looks(Detector(close)).complete([wide], IMAGE, [track(HERE.scaled(0.8))], 0.0)
    assert found.box == pytest.approx(as_in_first_look(close.box, 640))


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
    second.complete([], IMAGE, [one, two], 0.3)  # the fourth, on which others are looked for
    assert len(detector.parts) == 1
    second.complete([], IMAGE, [one, two], 0.4)
    second.complete([], IMAGE, [one, two], 0.5)
    assert [box for box, _ in detector.close_ups][2:] == [HERE, THERE]


def test_where_nobody_is_the_next_place_is_searched_for_sure_faces():
    detector = Detector(elsewhere=[face(THERE, 0.5), face(HERE, 0.3)])
    second = looks(detector)
    (found,) = second.complete([], IMAGE, [], 0.0)
    assert found.box == pytest.approx(as_in_first_look(THERE, 640))
    for _ in range(17):
        second.complete([], IMAGE, [], 0.0)
    assert {part for part, quarters in detector.parts if not quarters} == set(windows(640, 480))
    assert [quarters for _, quarters in detector.parts] == [0, 0, 2, 0, 0, 1, 0, 0, 3] * 2


def test_what_is_sure_follows_the_setting():
    detector = Detector(elsewhere=[face(THERE, 0.5)])
    assert SecondLooks(detector, (640, 480), 0.6).complete([], IMAGE, [], 0.0) == []
    SecondLooks(detector, (640, 480), 0.6).complete([face(HERE, 0.5)], IMAGE, [track(HERE)], 0.0)
    assert [box for box, _ in detector.close_ups] == [HERE]


def test_beside_somebody_others_are_looked_for_on_every_fourth_frame():
    detector = Detector(elsewhere=[face(THERE, 0.8), face(HERE, 0.8)])
    second = looks(detector)
    found = [len(second.complete([face(HERE)], IMAGE, [track(HERE)], t / 10)) for t in range(8)]
    assert found == [1, 1, 1, 2, 1, 1, 1, 2]
    new = track(THERE, confirmed=False)  # keeps what was begun from being disturbed
    for t in range(8):
        second.complete([face(HERE), face(THERE)], IMAGE, [track(HERE), new], t / 10)
    assert len(detector.parts) == 2


def test_a_weak_look_gives_way_to_a_sure_one_there():
    """Of a face on its head a look at the whole picture shows a weak one that no close-up proves."""
    second = looks(Detector(elsewhere=[face(HERE, 0.9)]))
    found = second.complete([face(HERE.scaled(1.2), 0.3), face(THERE, 0.3)], IMAGE, [], 0.0)
    assert [f.score for f in found] == [0.3, 0.9]


def test_a_better_first_look_stays_beside_one_elsewhere():
    """Of an upright face the picture on its side shows one too; a person who came in was known 0.7 s late."""
    second = looks(Detector(elsewhere=[face(HERE, 0.7)]))
    found = second.complete([face(HERE.scaled(1.2), 0.9)], IMAGE, [], 0.0)
    assert [f.score for f in found] == [0.9]


def test_a_look_beside_its_face_is_refused_and_the_face_looked_at_next():
    near = face(Box(130, 110, 40, 40), 0.9)
    detector = Detector(near)
    second = looks(detector)
    beside = as_in_first_look(near.box, 640)
    assert not second.refers(track(beside), near, 640)
    assert not second.refers(track(beside, tilt=np.pi / 2), near, 640)  # looks are often a quarter off
    assert second.refers(track(beside, tilt=np.pi), near, 640)
    assert second.refers(track(Box(100, 90, 110, 110)), near, 640)  # head and shoulders
    found = second.complete([face(THERE, 0.3)], IMAGE, [], 0.0)[-1]
    assert found.box == as_in_first_look(near.box, 640)
    assert detector.close_ups == [(near.box, 0)]
    second.complete([], IMAGE, [], 0.0)
    assert len(detector.close_ups) == 1


def test_a_face_missed_on_one_frame_is_looked_for_on_the_next():
    detector = Detector()
    missed = track(HERE)
    missed.misses, missed.unseen = 1, 0.1
    looks(detector).complete([], IMAGE, [missed], 0.1)
    assert len(detector.close_ups) == 1
    missed.unseen = 0.6
    looks(detector).complete([], IMAGE, [missed], 0.6)
    assert len(detector.close_ups) == 1


def test_a_weak_look_the_other_way_up_is_not_the_face():
    close = face(as_in_close_up(HERE), 0.8, tilt=np.pi)
    weak = face(HERE, 0.35)
    (found,) = looks(Detector(close)).complete([weak], IMAGE, [track(HERE, tilt=np.pi)], 0.0)
    assert found.score == 0.8


def test_a_track_that_no_close_up_believes_in_keeps_nobody_from_looking_elsewhere():
    detector = Detector()
    doubted = track(HERE, confirmed=False)
    doubted.confirmation_score = -0.3
    looks(detector).complete([face(HERE, 0.6)], IMAGE, [doubted], 0.0)
    assert detector.close_ups == []
    assert len(detector.parts) == 1
