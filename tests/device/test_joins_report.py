"""Stage timings, recorders, the summary, the events and the signals of a run."""

import json
import os
import signal

import cv2
import pytest

from device.__main__ import main
from device.app.application import sentence
from device.errors import BudgetError
from tests.device.assembly import ANNA, FPS, MEMORY_MIB, Film, Kiosk, Screen, amber


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def open_files():
    """Where the process's open descriptors lead."""
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return {os.readlink(link) for link in links if os.path.islink(link)}


def test_every_stage_is_timed(kiosk):
    """Each stage's seconds on a clock that only the fakes move: detector 4 ms, reading 1, screen 8."""
    kiosk.faces.seconds, kiosk.net.seconds, kiosk.screens[0].seconds = 0.004, 0.001, 0.008
    kiosk.film.length = 20
    kiosk.play()
    timings = kiosk.run.timings
    assert timings["read"].total == pytest.approx(20 / FPS)
    assert timings["detect"].total == pytest.approx(20 * 0.004)
    assert timings["age"].total == pytest.approx(0.001 * sum(kiosk.faces.ages))
    assert timings["output"].total == pytest.approx(20 * 0.008)
    assert timings["frame"].total == pytest.approx(timings["detect"].total + timings["age"].total)
    counts = {name: timings[name].count for name in ("read", "detect", "track", "overlay", "output", "frame")}
    assert set(counts.values()) == {20}
    assert set(kiosk.run.report()["stages"]) == {*counts, "age"}


def test_a_close_up_is_part_of_following_and_of_no_other_stage(kiosk):
    kiosk.faces.close_up_seconds = 0.003
    kiosk.film.length = 2
    kiosk.play()
    assert kiosk.run.timings["track"].total == pytest.approx(0.006)  # one on each


def test_the_time_to_the_first_frame_is_told(kiosk):
    kiosk.film.length = 1
    assert kiosk.play().run.report()["start_to_first_frame_s"] > 0


def test_every_recorder_hears_of_every_frame(kiosk, tmp_path):
    trace, events = tmp_path / "trace", tmp_path / "events"
    kiosk.change(events={"to": str(events)})
    kiosk.film.length = 61
    kiosk.play(trace=str(trace))
    assert {str(trace), str(events)} <= open_files()
    kiosk.close()
    assert not {str(trace), str(events)} & open_files()
    rows = lines(trace)
    assert [row["frame"] for row in rows] == list(range(61))
    assert [row["t"] for row in rows] == [round(index / FPS, 4) for index in range(61)]
    assert [len(row["tracks"]) for row in rows] == [0] + [1] * 60
    assert [row["id"] for row in lines(events)] == [1, 1]  # one a second
    report = kiosk.run.report()
    told = [report[key] for key in ("frames", "frames_with_track", "tracks_total", "dropped", "restarts")]
    assert told == [61, 60, 1, 0, 0]
    assert report["tracks"][0]["frames"] == 60
    assert (report["source"], report["interpreter"]) == ("images:film", "brightness")
    assert report["peak_rss_mib"] > 1
    assert report["peak_memory_mib"] == 0.0


def test_the_times_of_the_frames_begin_at_the_first(kiosk):
    kiosk.film.index, kiosk.film.length = 30, 33
    assert kiosk.play().screens[0].times == pytest.approx([0.0, 1 / FPS, 2 / FPS])


def test_what_heat_and_memory_change_is_in_the_events(kiosk, tmp_path, monkeypatch):
    monkeypatch.setattr("device.budget.load_shedding.CHECK_EVERY_S", 0.0)
    events = tmp_path / "events"
    kiosk.change(events={"to": str(events)})
    kiosk.world.celsius, kiosk.world.looks, kiosk.world.used_mib = 90.0, 1, 0.96 * MEMORY_MIB
    kiosk.faces.boxes = []
    kiosk.play()
    rows = [{**row, "time": None} for row in lines(events)]
    assert [row["event"] for row in rows] == ["memory", "memory", "health", "strain"]
    assert rows[2]["reasons"] == ["memory near the budget"]
    assert [rows[1]["doing"], rows[3]["doing"]] == [
        "no new faces are followed",
        "settled faces are estimated a quarter as often",
    ]


def test_what_is_said_of_the_source_is_in_the_events_and_on_the_picture(kiosk, tmp_path, caplog):
    events = tmp_path / "events"
    kiosk.change(events={"to": str(events)})
    kiosk.faces.boxes = []
    words = {
        5: ("stalled", "no frame"),
        10: ("back", "frames again"),
        15: ("garbage", "flat"),
        20: ("changed", "another size"),
    }
    kiosk.film.before = lambda index: index in words and kiosk.on_event(*words[index])
    kiosk.play()
    rows = lines(events)
    told = [(row["kind"], row["message"]) for row in rows if row["event"] == "source"]
    assert told == list(words.values())
    healths = [(row["status"], row["reasons"]) for row in rows if row["event"] == "health"]
    assert healths == 2 * [("degraded", ["camera dark"]), ("ok", [])]
    warned = [amber(image) for image in kiosk.screens[0].images]
    assert warned == [5 < index <= 10 or 15 < index <= 20 for index in range(30)]
    assert "no frame" in caplog.text


def test_one_thread_for_opencv(kiosk):
    cv2.setNumThreads(2)
    kiosk.open()
    assert cv2.getNumThreads() == 1


def test_the_line_at_the_bottom_tells_frames_a_second(kiosk):
    """Of two films that differ in their pace only, the pictures after two seconds differ in that line."""
    kiosk.faces.boxes = []
    kiosk.film.length = 70
    kiosk.play()
    first, last = kiosk.screens[0].images[0], kiosk.screens[0].images[-1]
    assert (first[:200] == last[:200]).all()
    assert (first[200:] != last[200:]).any()


def test_a_ring_turns_while_an_age_is_not_settled(kiosk):
    kiosk.film.length = 4
    kiosk.change(overlay={"status": False})
    kiosk.net.estimate = lambda crop: 30.0
    kiosk.change(smoother={"show_within": 0.5})
    images = kiosk.play().screens[0].images
    assert (images[2] != images[3]).any()


# --- the command


@pytest.fixture
def command(monkeypatch):
    """Runs `python -m device run` in this process on a film whose `before` the test gives."""

    def running(before, *options):
        film = Film(100_000)
        film.before = before
        monkeypatch.setattr("device.camera.capture.open_source", lambda spec, settings, on_event: film)
        return main(["run", "--source", "images:film", "--output", "none", "--memory-mib", "4096", *options])

    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_a_second_would_kill_and_then_all_is_as_before(command, number, capfd):
    before, during = signal.getsignal(number), []

    def interrupt(index):
        if index == 5:
            os.kill(os.getpid(), number)
            during.append(signal.getsignal(number))
        assert index < 50, "the signal was not heard"

    assert command(interrupt, "--summary", "json") == 0
    assert during == [signal.SIG_DFL]
    assert signal.getsignal(number) is before
    assert json.loads(capfd.readouterr().out)["frames"] == 6


def test_an_error_still_has_its_summary_and_its_trace(command, tmp_path, capfd):
    trace = tmp_path / "trace"

    def fail(index):
        if index == 7:
            raise BudgetError("too much")

    assert command(fail, "--trace", str(trace)) == 75
    said = capfd.readouterr().err
    assert "0 of 7 frames with a face" in said
    assert "of 4096 MiB are declared" in said
    assert len(lines(trace)) == 7


def test_so_many_frames_and_no_more(command, capfd):
    assert command(lambda index: None, "--frames", "9", "--summary", "json") == 0
    assert json.loads(capfd.readouterr().out)["frames"] == 9


def test_the_faces_of_a_run_are_where_the_detector_saw_them(kiosk):
    kiosk.play()
    assert kiosk.screens[0].persons[-1][0].box == pytest.approx(ANNA, abs=0.5)


# --- health


def test_the_health_of_a_run_is_told_with_its_numbers(kiosk):
    kiosk.world.used_mib = 40.04
    kiosk.film.length = 70
    run = kiosk.play().run
    told = run.health.report()
    assert (told["status"], told["reasons"]) == ("ok", [])
    assert (told["frames"], told["dropped"], told["restarts"], told["source"]) == (70, 0, 0, "images:film")
    assert (told["memory_mib"], told["memory_budget_mib"], told["load_level"]) == (40.0, MEMORY_MIB, 0)
    assert (told["temperature_c"], told["outputs_lost"]) == (40.0, [])
    assert told["vision_result_age_s"] == told["newest_frame_age_s"] + 0.0 == 0.0
    assert told["version"]


def test_an_output_that_is_lost_is_told_by_name(kiosk):
    def fail(number):
        raise OSError("the disk is full")

    kiosk.screens[0].at_picture = fail
    told = kiosk.play().run.health.report()
    assert (told["status"], told["reasons"], told["outputs_lost"]) == (
        "degraded",
        ["output lost"],
        ["screen"],
    )


@pytest.mark.parametrize(("asked", "status"), [("auto", "down"), ("demo", "ok")])
def test_a_demo_counts_as_life_only_when_it_was_asked_for(kiosk, asked, status):
    kiosk.film.name = "demo"
    kiosk.film.length = 330  # eleven seconds
    kiosk.change(source={"use": asked, "pace": "fast"})
    assert kiosk.play().run.health.report()["status"] == status


def test_a_source_says_itself_that_it_only_stands_in(kiosk):
    words = {5: ("demo", "no camera"), 8: ("back", "a camera")}
    healths = {}

    def say(index):
        if index in words:
            kiosk.on_event(*words[index])
        healths[index] = kiosk.run.health.report()["reasons"]

    kiosk.film.before = say
    kiosk.play()
    assert [index for index, reasons in healths.items() if reasons == ["demo instead of a camera"]] == [
        5,
        6,
        7,
    ]


def test_what_happens_is_said_in_sentences():
    assert (
        sentence("strain", {"level": 1, "doing": "less", "why": "it is hot"})
        == "load: level 1, less (it is hot)"
    )
    memory = {"used_mib": 116, "budget_mib": 128}
    assert sentence("memory", memory | {"doing": "leaves"}) == "memory: 116 of 128 MiB are used; leaves"
    assert (
        sentence("memory", memory | {"closed": ["web", "x"]})
        == "memory: 116 of 128 MiB are used; closed: web, x"
    )
    assert sentence("memory", memory | {"closed": []}).endswith("closed: nothing that could be")
    assert sentence("health", {"status": "ok", "reasons": []}) == "health: ok"
    assert sentence("health", {"status": "down", "reasons": ["a", "b"]}) == "health: down (a, b)"


def test_a_kernel_that_does_not_tell_what_is_held_is_said(kiosk, monkeypatch, caplog):
    monkeypatch.setattr("device.budget.memory.Meter._own_kib", lambda meter: None)
    kiosk.open()
    assert caplog.messages == [
        "memory: /proc/self/status cannot be read; the budget counts the peak of all that was in RAM"
    ]


def test_a_setting_changed_on_the_page_reaches_the_picture(monkeypatch):
    """The line at the bottom goes when it is switched off, as if it had been off from the start."""

    def last_picture(status, change_to=None):
        opened = Kiosk(monkeypatch)
        opened.screens = [Screen("web")]
        opened.change(overlay={"status": status})

        def change(index):
            if index == 15 and change_to is not None:
                opened.run.telemetry.live.change("overlay.status", change_to)

        opened.film.before, opened.film.length = change, 30
        try:
            return opened.play().screens[0].images[-1].tobytes()
        finally:
            opened.close()

    assert last_picture(True) != last_picture(False)
    assert last_picture(True, change_to=False) == last_picture(False)
