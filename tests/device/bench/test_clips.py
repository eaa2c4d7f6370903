"""What must hold on real clips; they are no part of the repository."""

import pytest

from device.__main__ import main
from device.bench.clips import figures
from device.config import loader

KIOSK = ["again", "bird", "book", "brother", "eat", "help", "hungry", "learn", "milk", "night"]


@pytest.fixture
def seen(samples):
    def seeing(clip, detector="short"):
        path = samples / "video" / clip
        if not path.is_file():
            pytest.skip(f"no clip {path}")
        return figures(path, loader.defaults(), detector)

    return seeing


@pytest.mark.parametrize("name", KIOSK)
def test_one_person_before_a_kiosk_is_one_track_in_nearly_every_frame(seen, name):
    row = seen(f"kiosk_{name}.mkv")
    assert row.tracks == 1
    assert row.tracked >= 0.95


def test_two_people_who_walk_up_are_two_tracks_at_the_end(seen):
    row = seen("face-demographics-walking.gif", "full")
    assert (row.tracks, row.at_end) == (2, 2)


def test_two_people_who_turn_and_tilt_the_head_keep_their_tracks(seen):
    row = seen("head-pose-face-detection-female-and-male.gif")
    assert (row.tracks, row.at_end) == (2, 2)


def test_of_four_people_in_a_classroom_three_at_least_are_tracked(seen):
    row = seen("classroom.gif", "full")
    assert 3 <= row.tracks <= 4
    assert row.at_end >= 3


def test_a_folder_without_clips_is_refused(tmp_path, capfd):
    assert main(["bench", "--clips", str(tmp_path)]) == 2
    assert "there is no .mkv, .mp4, .avi, .gif in it" in capfd.readouterr().err
