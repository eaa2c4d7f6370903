"""Two people at fixed places, and tracks written down by hand."""

from device.box import Box
from models.tracks.identity_metrics import identity, total
from models.tracks.replay import DisplayedTrack
from models.tracks.scenes import Scene
from models.tracks.simulator import Frame, Recording

LEFT, RIGHT, NOWHERE = Box(0, 0, 100, 100), Box(300, 0, 100, 100), Box(600, 0, 100, 100)


def recording(count):
    frames = [Frame(i / 10, [], {0: LEFT, 1: RIGHT}) for i in range(count)]
    return Recording(Scene("crossing", 0, 10.0, count / 10, []), [30.0, 50.0], frames)


def shown(**tracks):
    return [DisplayedTrack(int(name[1:]), box, {}) for name, box in tracks.items()]


def test_perfect():
    counts = identity(recording(5), [shown(t1=LEFT, t2=RIGHT)] * 5)
    assert (counts.switches, counts.fragments, counts.idf1) == (0, 0, 1.0)


def test_two_tracks_that_change_places_are_two_switches():
    counts = identity(recording(10), [shown(t1=LEFT, t2=RIGHT)] * 5 + [shown(t1=RIGHT, t2=LEFT)] * 5)
    assert counts.switches == 2
    assert counts.idf1 == 0.5


def test_a_gap_is_a_fragment_and_no_switch_when_the_same_track_is_back():
    counts = identity(
        recording(9), [shown(t1=LEFT, t2=RIGHT)] * 3 + [shown(t2=RIGHT)] * 3 + [shown(t1=LEFT, t2=RIGHT)] * 3
    )
    assert (counts.switches, counts.fragments) == (0, 1)


def test_a_new_number_after_a_gap_is_a_switch():
    counts = identity(recording(6), [shown(t1=LEFT)] * 2 + [shown()] * 2 + [shown(t3=LEFT)] * 2)
    assert counts.switches == 1


def test_a_track_on_nothing_costs_idf1_only():
    counts = identity(recording(4), [shown(t1=LEFT, t2=RIGHT, t3=NOWHERE)] * 4)
    assert (counts.switches, counts.fragments) == (0, 0)
    assert counts.idf1 == 16 / 20


def test_counts_add_up():
    counts = identity(recording(5), [shown(t1=LEFT, t2=RIGHT)] * 5)
    assert total([counts, counts]).matched_frames == 20
