from types import SimpleNamespace

from device.box import Box
from device.tracks.still import StillFaces

POSTER = Box(100, 50, 40, 40)


def track(box=POSTER, number=1, misses=0):
    return SimpleNamespace(id=number, box=box, misses=misses)


def watch(still, seconds, *tracks, start=0):
    """The boxes that are left out in so many seconds of `tracks`, and at which second."""
    return [(t, box) for t in range(start, start + seconds) for box in still.observe(tracks, float(t))]


def test_a_face_that_does_not_move_is_left_out_after_its_minutes():
    still = StillFaces(2.0, 16)
    assert not still.leaves_out(POSTER)
    assert watch(still, 130, track(), track(Box(10, 10, 40, 40), 2)) == [
        (120, POSTER),
        (120, Box(10, 10, 40, 40)),
    ]
    assert still.leaves_out(POSTER)
    assert still.leaves_out(POSTER.shifted(4, 4))
    assert not still.leaves_out(POSTER.shifted(60, 0))


def test_who_moves_by_more_than_a_tenth_begins_anew():
    still = StillFaces(2.0, 16)
    assert watch(still, 100, track()) == []
    assert watch(still, 1, track(POSTER.shifted(5.5, 0)), start=100) == []
    assert watch(still, 119, track(POSTER.shifted(5.5, 0)), start=101) == []
    assert watch(still, 1, track(POSTER.shifted(5.5, 0)), start=220) == [(220, POSTER.shifted(5.5, 0))]


def test_a_tenth_of_its_width_and_a_pixel_are_no_movement():
    still = StillFaces(2.0, 16)
    assert watch(still, 60, track()) == []
    assert watch(still, 61, track(POSTER.shifted(4.9, -4.9)), start=60) == [(120, POSTER)]


def test_who_comes_nearer_begins_anew():
    still = StillFaces(2.0, 16)
    watch(still, 100, track())
    assert watch(still, 100, track(POSTER.scaled(1.2)), start=100) == []


def test_what_is_predicted_is_no_movement():
    still = StillFaces(2.0, 16)
    watch(still, 60, track())
    watch(still, 1, track(POSTER.shifted(30, 0), misses=3), start=60)
    assert watch(still, 60, track(), start=61) == [(120, POSTER)]


def test_another_track_in_the_same_place_goes_on_and_elsewhere_does_not():
    still = StillFaces(2.0, 16)
    watch(still, 60, track())
    watch(still, 30, start=60)
    assert watch(still, 60, track(number=7), track(POSTER.shifted(80, 0), 8), start=90) == [(120, POSTER)]


def test_after_a_minute_away_it_is_another():
    still = StillFaces(2.0, 16)
    watch(still, 60, track())
    watch(still, 70, start=60)
    assert watch(still, 119, track(number=7), start=130) == []


def test_somebody_in_its_place_brings_the_place_back():
    still = StillFaces(1.0, 16)
    watch(still, 70, track())
    person = POSTER.shifted(6, 0)
    assert [still.leaves_out(person) for _ in range(51)] == [True] * 49 + [False] * 2
    assert not still.leaves_out(POSTER)


def test_a_poster_that_is_seen_between_keeps_its_place():
    still = StillFaces(1.0, 16)
    watch(still, 70, track())
    assert all(still.leaves_out(box) for _ in range(40) for box in (POSTER.shifted(6, 0), POSTER))


def test_0_minutes_leave_nobody_out():
    still = StillFaces(0.0, 16)
    assert watch(still, 100_000, track()) == []


def test_places_are_bounded():
    still = StillFaces(1.0, 3)
    for number in range(50):
        watch(still, 61, track(Box(50 * number, 0, 40, 40), number), start=100 * number)
    assert len(still._still) == len(still._left) + len(still._still) == 3
