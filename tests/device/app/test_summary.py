from device.app.summary import KEPT_TRACKS, Summary, as_text
from device.box import Box
from device.person import Person


def person(number, age=None):
    return Person(
        number, Box(0.0, 0.0, 10.0, 10.0), 0.9, age=age, interval=None if age is None else (26.0, 34.0)
    )


def test_tracks_with_their_first_and_last_frame_and_what_was_shown_last():
    summary = Summary()
    for index, persons in enumerate([[], [person(1)], [person(1, 30.0), person(2)], [person(2)]]):
        summary.record(index, index / 30, persons)
    assert (summary.frames, summary.frames_with_track, summary.tracks_total) == (4, 3, 2)
    assert summary.tracks() == [
        {
            "id": 1,
            "first_frame": 1,
            "last_frame": 2,
            "frames": 2,
            "age": 30.0,
            "spread": 4.0,
            "interval": [26.0, 34.0],
        },
        {
            "id": 2,
            "first_frame": 2,
            "last_frame": 3,
            "frames": 2,
            "age": None,
            "spread": None,
            "interval": None,
        },
    ]


def test_months_of_visitors_do_not_fill_the_memory():
    summary = Summary()
    for number in range(1, 5001):
        summary.record(number, number / 30, [person(number, 40.0)])
    assert summary.tracks_total == 5000
    assert len(summary.tracks()) == KEPT_TRACKS
    assert summary.tracks()[-1]["id"] == 5000


def test_a_track_that_comes_back_is_one_track():
    summary = Summary()
    for index, persons in enumerate([[person(1)], [], [person(1)]]):
        summary.record(index, index / 30, persons)
    assert summary.frames_with_track == 2
    assert summary.tracks_total == 1
    assert [track["frames"] for track in summary.tracks()] == [2]


def test_the_text_for_people():
    text = as_text(
        {
            "frames": 10,
            "frames_with_track": 9,
            "tracks_total": 1,
            "dropped": 2,
            "restarts": 1,
            "peak_memory_mib": 36.4,
            "peak_rss_mib": 64.4,
            "tracks": [{"id": 1, "frames": 9, "age": 33.6, "interval": [29.2, 40.6]}],
            "stages": {"frame": {"p50": 1.234, "p95": 2.5}},
        }
    )
    assert "9 of 10 frames with a face, 1 tracks, 2 frames dropped" in text
    assert "track 1: 9 frames, 34 years (29 to 41)" in text
    assert "1.23 ms (p50)" in text
    assert "peak memory 36 MiB (anonymous and shared memory, and dma-bufs)" in text
    assert "64 MiB resident with pages of files" in text
