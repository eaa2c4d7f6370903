"""Whole processes whose vision hangs, that are stopped and go on, or that have no descriptors left."""

import json
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.native  # it waits for real seconds

LIMIT = 60.0  # seconds for a process; none comes near it
OPTIONS = ["run", "--source", "fake", "--output", "none", "--memory-mib", "4096", "--summary", "json"]
PRELUDE = """
import sys, threading
from device.board import footprint
footprint.apply()
from device.app import forced_exit, health
health.LATE_S = 0.3
from device.outputs.dispatcher import Dispatcher
from device.pipeline.pipeline import Vision
from device.__main__ import main
process, count = Vision.process, 0
def hang(*_):
    threading.Event().wait()
def stuck(vision, frame):
    global count
    count += 1
    return hang() if count > 5 else process(vision, frame)
"""
SLOW = (
    PRELUDE
    + """
import time
def slow(vision, frame):
    for _ in range(20):  # many short ones: each goes on only once the process does
        time.sleep(0.01)
    return process(vision, frame)
Vision.process = slow
"""
)
STUCK = PRELUDE + "Vision.process = stuck\n"
STUCK_CLOSING = STUCK + "forced_exit.ORDERLY_S = 0.2\nDispatcher.close = hang\n"


def start(code, *options):
    command = [sys.executable, "-c", code + f"sys.exit(main({[*OPTIONS, *options]!r}))"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("code", [STUCK, STUCK_CLOSING])
def test_a_vision_that_hangs_is_said_and_ends_the_process_with_75_even_if_closing_hangs(code, tmp_path):
    events = tmp_path / "events"
    with start(code, "--events", str(events), "--limits-vision-timeout-s", "1") as process:
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 75
    assert json.loads(out)["frames"] > 5  # the picture went on
    assert "Traceback" not in err
    if code is STUCK:
        assert "worked on one frame for 1 s without a result" in err
    told = [json.loads(line) for line in events.read_text().splitlines()]
    healths = [(row["status"], row["reasons"]) for row in told if row["event"] == "health"]
    assert healths == [("degraded", ["vision stuck"]), ("down", ["vision stuck"])]


def test_a_camera_driver_that_hangs_ends_the_process_with_3_even_if_closing_hangs():
    code = PRELUDE + (
        "from device.camera import reconnecting\n"
        "reconnecting.HUNG_S = forced_exit.ORDERLY_S = 0.2\n"
        "Dispatcher.close = hang\n"
    )
    source = ["--source", "fake:frames 3; hang 600s", "--camera-timeout-s", "0.2"]
    with start(code, *source) as process:
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 3
    assert json.loads(out)["frames"] > 0
    assert "Traceback" not in err


def test_a_process_that_was_stopped_and_goes_on_is_no_hang(tmp_path):
    events = tmp_path / "events"
    options = ["--events", str(events), "--limits-vision-timeout-s", "1"]
    with start(SLOW, "--source", "demo", *options) as process:
        end = time.monotonic() + LIMIT
        while not (events.exists() and events.stat().st_size):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        size = events.stat().st_size
        while events.stat().st_size == size and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LIMIT)
    assert process.returncode == 0


def test_a_process_without_descriptors_left_goes_on():
    """Every descriptor is taken after five frames; the budget is still watched, and nothing else is lost."""
    code = PRELUDE + (
        "import os\n"
        "taken = []\n"
        "def starved(vision, frame):\n"
        "    global count\n"
        "    count += 1\n"
        "    while count == 5:\n"
        "        try:\n"
        "            taken.append(os.open('/dev/null', os.O_RDONLY))\n"
        "        except OSError:\n"
        "            break\n"
        "    return process(vision, frame)\n"
        "Vision.process = starved\n"
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
    )
    with start(code, "--source", "demo", "--frames", "70") as process:
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, "Traceback" in err) == (0, False), err
    report = json.loads(out)
    assert report["frames"] == 70
    assert 10 < report["peak_memory_mib"] < report["peak_rss_mib"] + 1
