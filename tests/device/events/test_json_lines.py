import json
import os

import pytest

from device.box import Box
from device.errors import ConfigError
from device.events.json_lines import Events
from device.person import Person

ANNA = Person(
    7, Box(10.04, 20.0, 30.0, 40.0), 0.91, raw=33.3, age=34.5, interval=(31.0, 39.4), state="settled"
)
BEN = Person(8, Box(200.0, 20.0, 30.0, 40.0), 0.8)


LIMIT = 20.0  # seconds for what is queued to be written; nothing comes near it


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def settle(log):
    """Wait until all is written."""
    assert log._writer.flush(LIMIT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def events(path, **facts):
    return Events(str(path), wall=lambda: 1_700_000_000.25, **facts)


def test_an_event_has_time_track_box_age_spread_and_state_and_no_picture(path):
    log = events(path)
    log.record(0, 0.0, [ANNA])
    settle(log)
    assert lines(path) == [
        {
            "v": 1,
            "time": "2023-11-14T22:13:20.250Z",
            "event": "track",
            "id": 7,
            "box": [10.0, 20.0, 30.0, 40.0],
            "age": 34.5,
            "spread": 4.2,
            "interval": [31.0, 39.4],
            "state": "settled",
        }
    ]


def test_one_a_track_a_second_at_most(path):
    log = events(path)
    for frame in range(90):
        log.record(frame, frame / 30, [ANNA, BEN])
    settle(log)
    assert [row["id"] for row in lines(path)] == [7, 8, 7, 8, 7, 8]


def test_a_track_that_left_and_came_back_still_keeps_its_distance(path):
    log = events(path)
    log.record(0, 0.0, [ANNA])
    log.record(1, 0.1, [])
    log.record(2, 0.2, [ANNA])
    settle(log)
    assert len(lines(path)) == 1


def test_tracks_that_are_gone_are_forgotten(path):
    log = events(path)
    for number in range(1, 1000):
        log.record(number, float(number), [ANNA._replace(id=number)])
    assert len(log._last) < 5


def test_notices_about_the_device(path):
    log = events(path)
    log.notice("strain", level=1, doing="less", why="hot")
    settle(log)
    told = {"event": "strain", "level": 1, "doing": "less", "why": "hot"}
    assert lines(path) == [{"v": 1, "time": "2023-11-14T22:13:20.250Z"} | told]


def test_a_long_file_is_put_aside_and_begun_anew(path):
    log = Events(str(path), max_mib=1)
    text = "x" * 4000
    for _ in range(300):
        log.notice("output", message=text)
        settle(log)
    assert path.stat().st_size < 2**20 - 4000 < path.with_name(path.name + ".1").stat().st_size <= 2**20


def test_a_reader_that_is_gone_does_not_stop_the_kiosk(path, caplog):
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = events(path)
    os.close(reader)
    for _ in range(2):
        log.notice("output", message="")
        settle(log)
    assert log.dropped == 2
    assert caplog.text.count("events.jsonl are lost: Broken pipe; everything else runs on") == 1
    log.close()
    assert log.dropped == 2


def test_a_reader_that_is_slow_does_not_stop_the_kiosk(path):
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = events(path)
    for _ in range(200):
        log.notice("output", message="x" * 3000)
    assert 200 > log.dropped > 0
    os.close(reader)


def test_where_bands_are_shown_no_exact_age_is_written(path):
    log = Events(str(path), exact_ages=False)
    log.record(0, 0.0, [ANNA._replace(band="25–34")])
    settle(log)
    (row,) = lines(path)
    assert (row["age"], row["spread"], row["interval"], row["band"]) == (None, None, None, "25–34")
    assert "34.5" not in path.read_text()


def test_without_a_place_nothing_is_written():
    log = Events("")
    log.record(0, 0.0, [ANNA])
    log.notice("output", message="")
    log.close()
    assert log.dropped == 0


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(ConfigError, match="--events /nowhere/events: cannot be written"):
        Events("/nowhere/events")


def test_a_line_a_second_to_the_very_second(path):
    log = events(path, every_s=2.0)
    for t in (0.0, 1.9, 2.0, 3.9, 4.0):
        log.record(0, t, [ANNA])
    settle(log)
    assert len(lines(path)) == 3


def test_a_track_away_for_two_lines_time_is_forgotten(path):
    log = events(path, every_s=2.0)
    log.record(0, 0.0, [ANNA])
    log.record(1, 3.9, [])
    assert log._last == {7: 0.0}
    log.record(2, 4.0, [])
    assert log._last == {}


def test_by_default_a_file_has_16_mib(path):
    assert events(path)._writer._sink._limit == 16777216


def test_a_standard_output_that_is_closed_is_told(monkeypatch, caplog):
    monkeypatch.setattr("sys.stdout", None)
    log = Events("-")
    log.notice("output", message="")
    settle(log)
    assert log.dropped == 1
    assert "events to standard output are lost: it was closed when the program started" in caplog.text


def test_the_standard_output_is_written_to_and_stays_open(capfd):
    log = Events("-", wall=lambda: 0.0)
    log.notice("source", kind="gone", message="")
    log.close()
    log.notice("source", kind="back", message="")
    print("and more")
    written, _ = capfd.readouterr()
    line = '{"v": 1, "time": "1970-01-01T00:00:00.000Z", "event": "source", "kind": "gone", "message": ""}'
    assert written == f"{line}\nand more\n"


def test_a_closed_file_is_closed_once_and_written_to_no_more(path):
    log = events(path)
    log.close()
    log.close()
    log.notice("output", message="")
    assert lines(path) == []


def test_closing_writes_what_is_queued_and_lets_go_of_the_file(path):
    log = events(path)
    for _ in range(50):
        log.notice("output", message="")
    log.close()
    assert len(lines(path)) == 50
    held = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_open(fd)]
    assert str(path) not in held


def _is_open(fd):
    return os.path.islink(f"/proc/self/fd/{fd}")


def test_flushing_waits_for_the_writer(path, monkeypatch):
    log = events(path)
    waited = []
    monkeypatch.setattr(log._writer, "flush", waited.append)
    log.flush(3.0)
    assert waited == [3.0]


def test_opening_anew_is_asked_of_the_writer(path, monkeypatch):
    log = events(path)
    asked = []
    monkeypatch.setattr(log._writer, "request_reopen", lambda: asked.append(1))
    log.reopen()
    assert asked == [1]
    Events("").reopen()
