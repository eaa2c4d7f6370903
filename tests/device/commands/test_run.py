import json
import os
import signal
import subprocess
import sys

import pytest

from device.__main__ import main
from device.inference import model_files

LIMIT = 60.0  # seconds for a process; none comes near it
SUMMARY_KEYS = {
    "frames",
    "dropped",
    "frames_with_track",
    "tracks",
    "stages",
    "peak_rss_mib",
    "restarts",
    "source",
    "interpreter",
}


def run(*options):
    """Within the tests' own process, which holds more than the program does."""
    return main(["run", "--output", "none", "--memory-mib", "4096", *options])


@pytest.fixture
def summary(capfd):
    """Runs with `--summary json` and returns what it printed."""

    def running(*options):
        assert run("--summary", "json", *options) == 0
        return json.loads(capfd.readouterr().out.splitlines()[-1])

    return running


def test_the_demo_end_to_end(summary, tmp_path):
    trace, events = tmp_path / "trace.jsonl", tmp_path / "events.jsonl"
    found = summary(
        "--source",
        "demo",
        "--pace",
        "fast",
        "--frames",
        "150",
        "--trace",
        str(trace),
        "--events",
        str(events),
    )
    assert set(found) >= SUMMARY_KEYS
    assert (found["frames"], found["dropped"], found["restarts"], found["source"]) == (150, 0, 0, "demo")
    assert set(found["stages"]) == {"read", "detect", "track", "age", "overlay", "output", "frame"}
    rows = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [row["frame"] for row in rows] == list(range(150))
    assert sum(bool(row["tracks"]) for row in rows) == found["frames_with_track"] > 0
    assert found["tracks"][0]["age"] is not None
    assert {json.loads(line)["event"] for line in events.read_text().splitlines()} >= {"track"}


def test_who_comes_in_is_known_at_once(summary):
    """The first person's face comes in at frame 94."""
    found = summary("--source", "demo", "--pace", "fast", "--frames", "110")
    assert 87 <= found["tracks"][0]["first_frame"] <= 97


def test_the_demo_is_the_same_every_time(tmp_path):
    traces = [tmp_path / "one", tmp_path / "two"]
    for trace in traces:
        assert (
            run(
                "--source",
                "demo",
                "--pace",
                "fast",
                "--frames",
                "60",
                "--detect-every",
                "1",
                "--frame-budget-ms",
                "1000",
                "--trace",
                str(trace),
            )
            == 0
        )
    assert traces[0].read_text() == traces[1].read_text()


def test_a_picture_a_frame_in_a_folder(tmp_path):
    folder = tmp_path / "pictures"
    assert run("--source", "demo", "--pace", "fast", "--frames", "3", "--output", f"file:{folder}") == 0
    assert len(list(folder.glob("*.png"))) == 3


def test_a_camera_that_is_pulled_out_and_comes_back(summary, tmp_path, capfd):
    events = tmp_path / "events.jsonl"
    found = summary(
        "--source",
        "fake:frames 5; end; frames 5; garbage 1; frames 5; stall 0.5s; frames 5",
        "--camera-retry-s",
        "0.1",
        "--camera-timeout-s",
        "0.3",
        "--events",
        str(events),
    )
    assert found["restarts"] >= 2
    assert found["frames"] + found["dropped"] == 20
    kinds = [json.loads(line).get("kind") for line in events.read_text().splitlines()]
    assert {"gone", "stalled", "back"} <= set(kinds)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--source", "file:/nowhere.mkv"], 3, "there is no such file"),
        (["--source", "webcam"], 2, "is not a source"),
        (["--source", "fake:frames 2; gone 99s", "--camera-give-up-s", "0.3"], 3, "lost"),
        (["--source", "demo", "--output", "paper"], 2, "there is no such output"),
        (["--source", "demo", "--detector", "full", "--memory-mib", "50"], 2, "who wants what"),
        (["--source", "demo", "--trace", "/nowhere/trace"], 2, "cannot be written"),
        (["--source", "demo", "--events", "/nowhere/events"], 2, "cannot be written"),
        (["--config", "/nowhere.toml"], 2, "cannot be read"),
    ],
)
def test_what_goes_wrong_ends_with_its_status_and_a_message(options, status, words, capfd):
    assert run(*options) == status
    message = capfd.readouterr().err
    assert words in message
    assert "Traceback" not in message


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_a_damaged_model_is_status_4(damage, tmp_path, monkeypatch, capfd):
    (tmp_path / "fetched").mkdir()
    (tmp_path / "pins.json").write_text((model_files.MODELS / "pins.json").read_text())
    if damage == "cut short":
        whole = model_files.model_path("face-short").read_bytes()
        (tmp_path / model_files.pinned()["face-short"]["file"]).write_bytes(whole[:1000])
    monkeypatch.setattr(model_files.model_path, "__defaults__", (tmp_path,))
    assert run("--source", "demo") == 4
    assert "make setup" in capfd.readouterr().err


def test_a_process_that_outgrows_its_budget_leaves_with_75_and_a_summary(monkeypatch, capfd):
    monkeypatch.setattr("device.app.application.memory_plan", lambda settings: [])
    monkeypatch.setattr("device.app.application.Meter.mib", lambda meter: 500.0)
    assert run("--source", "demo", "--pace", "fast", "--memory-mib", "64") == 75
    said = capfd.readouterr().err
    assert "more than its budget of 64 MiB" in said
    assert "peak memory" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_summary(number):
    command = [
        sys.executable,
        "-m",
        "device",
        "run",
        "--source",
        "demo",
        "--output",
        "none",
        "--memory-mib",
        "4096",
    ]  # an emulated process holds its emulator, too
    with subprocess.Popen(
        [*command, "--events", "-", "--summary", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert json.loads(process.stdout.readline())["event"]
        process.send_signal(number)
        out, _ = process.communicate(timeout=LIMIT)
        assert process.returncode == 0
    assert json.loads(out.splitlines()[-1])["frames"] > 0
