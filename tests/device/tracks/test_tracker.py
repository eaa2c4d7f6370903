"""One face is a 100-pixel box whose keypoints lie where a frontal face has them."""

import ast
import inspect

import numpy as np
import pytest

import device.tracks.tracker
from device.box import Box
from device.config.loader import changed, defaults
from device.faces.detector import Detection
from device.tracks.tracker import Companion, Tracker

FRONTAL = np.array([[-0.2, -0.15], [0.2, -0.15], [0.0, 0.05], [0.0, 0.25], [-0.4, -0.1], [0.4, -0.1]])
STEP = 1 / 15


def face(x, y, size=100.0, score=0.9, turned=0.0):
    """Centre, size, and how far the inner keypoints are moved sideways, in sizes."""
    points = FRONTAL + np.array([turned, 0.0]) * [[0.5], [0.5], [1.0], [0.8], [0.0], [0.0]]
    return Detection(
        Box(x - size / 2, y - size / 2, size, size), score, (points * size + (x, y)).astype(np.float32)
    )


@pytest.fixture
def tracker():
    return Tracker(defaults(), Companion)


def ids(tracks):
    return [track.id for track in tracks]


def test_a_face_counts_after_init_hits(tracker):
    assert tracker.update([face(100, 100)], STEP) == []
    assert ids(tracker.update([face(102, 100)], STEP)) == [1]


def test_a_single_false_detection_is_never_shown(tracker):
    tracker.update([face(100, 100)], STEP)
    shown = [tracker.update([], STEP) for _ in range(20)]
    assert not any(shown)


def test_a_weak_detection_begins_nothing_but_goes_on(tracker):
    for _ in range(5):
        assert tracker.update([face(100, 100, score=0.42)], STEP) == []
    for _ in range(2):
        tracker.update([face(100, 100)], STEP)
    assert ids(tracker.update([face(100, 100, score=0.42)], STEP)) == [1]


def test_moving_face_keeps_its_identity_and_its_speed_is_known(tracker):
    for i in range(30):
        tracks = tracker.update([face(100 + 20 * i, 100)], STEP)
    assert ids(tracks) == [1]
    assert tracks[0].velocity[0] == pytest.approx(300, rel=0.1)


def test_a_frame_without_detection_moves_box_and_keypoints_on(tracker):
    for i in range(30):
        tracker.update([face(100 + 20 * i, 100)], STEP)
    (track,) = tracker.update(None, STEP)
    assert track.misses == 0
    assert track.box.centre[0] == pytest.approx(700, abs=5)
    np.testing.assert_allclose(track.keypoints, face(*track.box.centre).keypoints, atol=2)


def test_uneven_time_steps(tracker):
    x = 100.0
    for dt in [0.03, 0.2, 0.07, 0.1, 0.03, 0.3, 0.05] * 4:
        x += 150 * dt
        tracks = tracker.update([face(x, 100)], dt)
    assert ids(tracks) == [1]
    assert tracks[0].velocity[0] == pytest.approx(150, rel=0.15)


def test_a_short_miss_is_survived_and_a_longer_one_refound(tracker):
    for _ in range(15):
        tracker.update([face(100, 100)], STEP)
    for _ in range(6):
        tracks = tracker.update([], STEP)
    assert ids(tracks) == [1]
    assert tracks[0].state == "lost"
    for _ in range(20):
        tracks = tracker.update([], STEP)
    assert tracks == []
    assert ids(tracker.update([face(120, 105)], STEP)) == [1]


def test_after_the_refind_window_it_is_somebody_new(tracker):
    for _ in range(15):
        tracker.update([face(100, 100)], STEP)
    for _ in range(60):
        tracker.update([], STEP)
    for _ in range(2):
        tracks = tracker.update([face(100, 100)], STEP)
    assert ids(tracks) == [2]


def test_two_cross_and_one_is_hidden_meanwhile(tracker):
    for i in range(40):
        left, right = 100 + 10 * i, 500 - 10 * i
        seen = [face(left, 100, turned=0.1)]
        if abs(left - right) > 60:
            seen.append(face(right, 104, turned=-0.1))
        tracks = tracker.update(seen, STEP)
    assert {track.id: round(track.box.centre[0], -1) for track in tracks} == {1: 490, 2: 110}


def test_the_order_of_detections_does_not_matter(tracker):
    for i in range(10):
        pair = [face(100 + i, 100), face(300 - i, 100)]
        tracks = tracker.update(pair if i % 2 else pair[::-1], STEP)
    assert sorted(ids(tracks)) == [1, 2]


def test_a_close_up_keeps_out_what_is_no_face(tracker):
    asked = []

    def verify(track):
        asked.append(track)
        return 0.93 if track.box.y < 200 else 0.45

    for _ in range(60):
        tracks = tracker.update([face(100, 100), face(100, 300)], STEP, verify)
    assert ids(tracks) == [1]
    assert len(asked) < 15


class Dummy(Companion):
    """Writes down what it hears, and is whom it is told to be: all that a further attribute needs."""

    def __init__(self):
        self.heard = []
        self.another = False

    def missed(self):
        self.heard.append("missed")

    def unseen(self, seconds):
        self.heard.append(round(seconds, 3))

    def somebody_else(self):
        another, self.another = self.another, False
        return another


@pytest.fixture
def accompanied():
    return Tracker(defaults(), Dummy)


def test_each_track_has_a_companion_of_its_own(accompanied):
    for _ in range(2):
        tracks = accompanied.update([face(100, 100), face(400, 100)], STEP)
    assert [type(track.companion) for track in tracks] == [Dummy, Dummy]
    assert tracks[0].companion is not tracks[1].companion


def test_a_companion_hears_of_each_miss_and_of_a_return_after_more_than_a_moment(accompanied):
    for _ in range(3):
        (track, *_) = accompanied.update([face(100, 100)], STEP) or [None]
    accompanied.update([], 0.1)
    accompanied.update([face(100, 100)], STEP)
    assert track.companion.heard == ["missed"]  # back after a tenth of a second
    for found in ([], [], [face(100, 100)]):
        accompanied.update(found, 0.1)
    assert track.companion.heard == ["missed"] * 3 + [0.2]


def test_frames_without_detection_are_no_misses_but_count_as_unseen(accompanied):
    for _ in range(3):
        (track, *_) = accompanied.update([face(100, 100)], STEP) or [None]
    for found in (None, None, [face(100, 100)]):
        accompanied.update(found, 0.1)
    assert track.companion.heard == [0.2]
    assert (track.state, track.misses) == ("tracked", 0)


def test_somebody_else_who_came_while_the_face_was_away_has_a_number_of_their_own(accompanied):
    for _ in range(3):
        (track, *_) = accompanied.update([face(100, 100)], STEP) or [None]
    for found in ([], [], [face(100, 100)]):
        accompanied.update(found, 0.1)
    track.companion.another = True
    assert ids(accompanied.update([face(100, 100)], STEP)) == [2]
    assert ids(accompanied.update([face(100, 100)], STEP)) == [2]


def test_who_never_went_stays_the_same_person_whatever_the_companion_says(accompanied):
    for _ in range(3):
        (track, *_) = accompanied.update([face(100, 100)], STEP) or [None]
    track.companion.another = True
    assert ids(accompanied.update([face(100, 100)], STEP)) == [1]
    assert not track.companion.another  # nor later, when the face was away


def test_a_track_is_tentative_until_it_is_confirmed(accompanied):
    asked = []

    def verify(track):
        asked.append(track.state)
        return 0.75

    for _ in range(3):
        tracks = accompanied.update([face(100, 100)], STEP, verify)
    assert asked == ["tentative", "tentative"]
    assert tracks[0].state == "tracked"


def test_the_tracker_knows_nothing_of_ages_and_close_ups():
    tree = ast.parse(inspect.getsource(device.tracks.tracker))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("device.")} == {
        "device.box",
        "device.config.schema",
        "device.faces.detector",
        "device.tracks.assignment",
        "device.tracks.kalman",
    }


def test_a_doubtful_face_has_further_close_ups(tracker):
    scores = iter([0.6, 0.75, 0.85, 0.9])
    for _ in range(12):
        tracks = tracker.update([face(100, 100)], STEP, lambda track: next(scores))
    assert ids(tracks) == [1]


def test_no_more_than_max_tracks():
    tracker = Tracker(changed(defaults(), tracker={"max_tracks": 3}), Companion)
    for _ in range(5):
        tracks = tracker.update([face(100 + 200 * i, 100) for i in range(6)], STEP)
    assert len(tracks) == 3


def test_a_lost_track_gives_way_to_a_new_face():
    tracker = Tracker(changed(defaults(), tracker={"max_tracks": 1}), Companion)
    for _ in range(5):
        tracker.update([face(100, 100)], STEP)
    for _ in range(3):
        tracks = tracker.update([face(500, 100)], STEP)
    assert ids(tracks) == [2]


def test_a_second_detection_of_the_same_face_begins_nothing(tracker):
    for _ in range(5):
        tracks = tracker.update([face(100, 100), face(112, 112)], STEP)
    assert ids(tracks) == [1]
