"""Which way up, and how, a close look is taken."""

import numpy as np
import pytest

from device.box import Box
from device.faces.detector import Detection
from device.pipeline.ways_up import WaysUp
from device.tracks.tracker import Companion, Track


def track(confirmed=False, score=0.5):
    keypoints = np.float32([[10, 10], [30, 10], *[[20, 20]] * 4])
    made = Track(0, Detection(Box(0, 0, 40, 40), score, keypoints), 0, Companion())
    made.confirmed = confirmed
    return made


def tried(ways, face, scores):
    how = []
    for score in scores:
        how.append(tuple(ways.next(face)))
        ways.learn(face, score)
    return how


def test_a_refused_face_is_looked_at_sharpened_and_turned():
    assert tried(WaysUp(), track(), [0.0] * 8) == [
        (0, False), (0, True), (2, False), (0, True), (1, False), (0, True), (3, False), (0, False)
    ]  # fmt: skip


def test_a_clear_look_says_itself_which_way_up_it_is():
    for score, turned in ((0.8, [0, 0, 0, 0, 0, 0, 0]), (0.79, [0, 0, 2, 0, 1, 0, 3])):
        assert [quarters for quarters, _ in tried(WaysUp(), track(score=score), [0.0] * 7)] == turned


def test_only_the_way_that_the_keypoints_or_a_proof_say_speaks_against_a_face():
    ways, face = WaysUp(), track()
    own = []
    for score in [0.0, 0.0, 0.0, 0.0, 0.9, 0.4]:
        own.append(ways.own_way(face))
        ways.learn(face, score)
    assert own == [True, True, False, True, False, True]


def test_the_way_that_proves_a_face_is_kept_until_it_fails():
    ways, face = WaysUp(), track()
    assert tried(ways, face, [0.6, 0.6, 0.9, 0.9, 0.4, 0.4]) == [
        (0, False), (0, True), (2, False), (2, False), (2, False), (0, False)
    ]  # fmt: skip


@pytest.mark.parametrize(("confirmed", "second"), [(True, (0, False)), (False, (0, True))])
def test_a_middling_score_is_enough_for_a_confirmed_face(confirmed, second):
    assert tried(WaysUp(), track(confirmed), [0.6, 0.6])[1] == second


def test_tracks_that_are_gone_are_forgotten():
    ways, one, two = WaysUp(), track(), track()
    tried(ways, one, [0.0])
    tried(ways, two, [0.9])
    ways.keep([])
    assert (ways._failed, ways._proven) == ({}, {})
