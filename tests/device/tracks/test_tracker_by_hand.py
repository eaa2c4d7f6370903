"""The tracker's decisions against numbers worked by hand, and literal scenes of faces that come and go.

A face is a box of 100 pixels whose keypoints lie where a frontal face has them, as in test_tracker.
"""

import math

import pytest

from device.config.loader import changed, defaults
from device.tracks import tracker as module
from device.tracks.tracker import Companion, Tracker
from tests.device.tracks.test_tracker import face, ids

STEP = 0.1


def tracker(**settings):
    return Tracker(changed(defaults(), tracker=settings), Companion)


@pytest.fixture
def costs(monkeypatch):
    """What each update gives to the assignment: the costs, and what is too much."""
    seen, real = [], module.assign

    def assign(cost, limit):
        seen.append((cost.copy(), limit))
        return real(cost, limit)

    monkeypatch.setattr(module, "assign", assign)
    return seen


def test_the_cost_of_a_detection_by_hand(costs):
    """A tenth of a second after the first detection: 10 to the right, 4 up, 4 larger and turned by 0.05.

    variance of the centre   measured 0.02² + (0.8/100)² = 0.000464; + 0.1² · 3² + 0.1³/3 · 2.5² = 0.0925473
    of the extent            0.03² + (0.8/100)² = 0.000964; + 0.1² · 0.5² + 0.1³/3 · 0.5² = 0.0035473
    of the difference        + measured + 0.12²: 0.1074113 and 0.0189113, in squared sizes of 100 pixels
    distance                 (10² + 4²) / 1074.113 + 4² / 189.113 = 0.1926
    pose                     0.05² · (0.5² + 0.5² + 1² + 0.8²) / (4 · 0.06²) = 0.3715
    of being that uncertain  2 ln 0.1074113 + ln 0.0189113, and 2 for a track not yet confirmed
    """
    one = tracker()
    one.update([face(100, 100)], STEP)
    one.update([face(110, 96, size=104, turned=0.05)], STEP)
    (cost, limit) = costs[0]
    own = 2 * math.log(0.1074113) + math.log(0.0189113)
    assert cost.item() == pytest.approx(0.1926 + 0.3715 + own + 2.0, abs=2e-4)
    assert limit == 12.0


def test_confirmed_tracks_go_first_and_the_usual_pose_follows_by_a_third(costs):
    """Turned by 0.05 once: the usual pose moved by 0.3 of it, so that the same again is 0.035 from it."""
    turned, frontal = tracker(), tracker()
    for one, pose in ((turned, 0.05), (frontal, 0.0)):
        one.update([face(100, 100)], STEP)
        one.update([face(100, 100, turned=pose)], STEP)
        one.update([face(100, 100, turned=pose)], STEP)
    (tentative, _), (after_turn, _), _, (after_none, _) = costs
    assert after_turn.item() - after_none.item() == pytest.approx(0.3715 * 0.49, abs=2e-4)
    assert after_none.item() < tentative.item() - 2.0


def test_a_changed_pose_costs_14_at_most(costs):
    one = tracker()
    one.update([face(100, 100)], STEP)
    one.update([face(100, 100, turned=5.0)], STEP)
    one.update([face(100, 100, turned=-5.0)], STEP)
    assert costs[0][0].item() == pytest.approx(
        14.0 + 2 * math.log(0.1074113) + math.log(0.0189113) + 2.0, abs=1e-3
    )


def test_what_is_beyond_the_gate_is_somebody_else(costs):
    """Squared Mahalanobis distance 20 is √(20 · 1074.113) = 146.57 pixels away."""
    for away, finite in ((146.5, True), (146.7, False)):
        one = tracker()
        one.update([face(100, 100)], STEP)
        one.update([face(100 + away, 100)], STEP)
        assert math.isfinite(costs.pop()[0].item()) is finite


def test_a_face_that_counts_at_once_stands_still_where_it_was_found():
    (track,) = tracker(init_hits=1).update([face(100, 100)], STEP)
    assert (track.id, track.hits, track.misses, track.velocity) == (1, 1, 0, (0.0, 0.0))
    assert tuple(track.box) == (50.0, 50.0, 100.0, 100.0)


def test_a_face_counts_with_the_third_of_three_detections():
    one = tracker(init_hits=3)
    seen = [ids(one.update([face(100, 100)], STEP)) for _ in range(4)]
    assert seen == [[], [], [1], [1]]


def test_a_detection_that_is_just_sure_enough_begins_a_track():
    just, less = tracker(init_hits=1), tracker(init_hits=1)
    assert ids(just.update([face(100, 100, score=0.5)], STEP)) == [1]
    assert ids(less.update([face(100, 100, score=0.49)], STEP)) == []


def test_how_long_a_face_is_shown_without_being_seen_grows_with_what_was_seen():
    """0.7 s after eight detections, a quarter of that, 0.175 s, after two."""
    for hits, seconds in ((2, 0.175), (4, 0.35), (8, 0.7), (20, 0.7)):
        one = tracker()
        for _ in range(hits):
            one.update([face(100, 100)], STEP)
        assert ids(one.update([], seconds - 0.001)) == [1]
        assert ids(one.update([], 0.002)) == []


def test_frames_without_detection_take_nobody_away():
    one = tracker()
    for _ in range(2):
        one.update([face(100, 100)], STEP)
    assert [ids(one.update(None, 0.2)) for _ in range(10)] == [[1]] * 10


def test_a_hidden_face_is_the_same_within_the_limit_and_another_after_it():
    for seconds, number in ((2.9, 1), (3.1, 2)):
        one = tracker()
        for _ in range(10):
            one.update([face(100, 100)], STEP)
        one.update([], seconds)
        for _ in range(2):
            tracks = one.update([face(100, 100)], STEP)
        assert ids(tracks) == [number]


def test_a_tentative_face_may_be_missed_for_a_quarter_of_a_second():
    for seconds, shown in ((0.2, [1]), (0.3, [])):
        one = tracker()
        one.update([face(100, 100)], STEP)
        one.update([], seconds)
        assert ids(one.update([face(100, 100)], STEP)) == shown


def test_a_face_in_doubt_is_news_for_four_close_ups():
    one = tracker()
    close_ups = []

    def verify(track):
        close_ups.append(track)
        return 0.6

    for _ in range(40):
        one.update([face(100, 100)], STEP, verify)
        assert one.has_tentative == (len(close_ups) < 4)


def test_close_ups_of_a_doubtful_face_come_ever_more_seldom():
    one, frames = tracker(), []
    for frame in range(16):
        one.update([face(100, 100)], STEP, lambda track, frame=frame: frames.append(frame) or 0.6)
    assert frames == [0, 1, 3, 6, 10, 15]


def test_two_good_close_ups_make_up_for_one_bad():
    """0.7 says nothing; 0.1 above it, in all, confirms; 0.5 below it is the least that a face can fall to."""
    scores = iter([0.0, 1.0, 0.95, 0.76])  # −0.5 (not −0.7), −0.2, +0.05, +0.11
    one, numbers = tracker(), []
    for _ in range(8):
        numbers.append(ids(one.update([face(100, 100)], STEP, lambda track: next(scores))))
    assert numbers == [[]] * 6 + [[1]] * 2


def test_a_doubtful_face_gives_way_to_a_new_one_and_a_proven_one_does_not():
    doubtful, proven = tracker(max_tracks=1), tracker(max_tracks=1)
    for one, score in ((doubtful, 0.6), (proven, 0.9)):
        for _ in range(4):
            one.update([face(100, 100)], STEP, lambda track, score=score: score)
        for _ in range(3):
            tracks = one.update([face(100, 100), face(500, 100)], STEP, lambda track: 0.9)
        assert round(tracks[0].box.x) == (450 if one is doubtful else 50)


def test_of_two_missing_faces_the_one_longer_away_gives_way():
    one = tracker(max_tracks=2)
    for _ in range(10):
        one.update([face(100, 100), face(400, 100)], STEP)
    for _ in range(3):
        one.update([face(400, 100)], STEP)
    one.update([], STEP)
    for _ in range(2):
        one.update([face(800, 100)], STEP)
    tracks = one.update([face(800, 100), face(400, 100)], STEP)
    assert sorted(ids(tracks)) == [2, 3]


def test_a_detection_over_a_followed_face_begins_none_until_they_part():
    """Boxes of 100 that share 0.4: 57 of 100 columns; with 40 to the side they share 0.43, with 45 0.38."""
    for aside, count in ((40, 1), (45, 2)):
        one = tracker()
        for _ in range(4):
            tracks = one.update([face(100, 100), face(100 + aside, 100)], STEP)
        assert len(tracks) == count


def test_a_face_away_for_a_quarter_of_a_second_is_lost():
    one = tracker()
    for _ in range(20):
        (track, *_) = one.update([face(100, 100)], STEP) or [None]
    states = []
    for _ in range(3):
        one.update([], 0.125)
        states.append(track.state)
    assert states == ["tracked", "tracked", "lost"]


def test_only_faces_in_view_and_not_yet_confirmed_are_tentative():
    one, said = tracker(), []
    for found in ([], [face(100, 100)], [face(100, 100)], []):
        one.update(found, STEP)
        said.append(one.has_tentative)
    assert said == [False, True, False, False]
    one.update([face(100, 100), face(400, 100)], STEP)
    assert one.has_tentative
    one.update([face(100, 100)], STEP)
    assert not one.has_tentative


def test_a_face_that_is_missed_comes_to_a_stop():
    """Its speed falls to 1/e in 0.8 s, from the second missed frame on, when it is known as missed."""
    one = tracker(coast_s=2.0)
    for i in range(40):
        (track, *_) = one.update([face(100 + 20 * i, 100)], STEP) or [None]
    speed = track.velocity[0]
    one.update([], STEP)
    assert track.velocity[0] == speed
    one.update([], 0.8)
    assert track.velocity[0] == pytest.approx(speed / math.e)
