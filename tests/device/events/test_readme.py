"""The readers of events that the room's README shows do what it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from device import events
from device.box import Box
from device.events.json_lines import Events
from device.person import Person

README = (Path(events.__file__).parent / "README.md").read_text()


def example(language):
    (code,) = re.findall(rf"```{language}\n(.*?)```", README, re.S)
    return code


@pytest.fixture
def lines(tmp_path):
    """A minute and more of events, as the kiosk writes them."""
    clock = iter([0.0, 0.0, 30.0, 70.0, 71.0, 72.0])
    log = Events(str(tmp_path / "events"), wall=lambda: next(clock))
    person = Person(1, Box(0.0, 0.0, 10.0, 10.0), 0.9, age=20.0, interval=(16.0, 24.0))
    log.record(0, 0.0, [person, person._replace(id=2, age=None, interval=None)])
    log.record(1, 30.0, [person._replace(id=3, age=40.0)])
    log.record(2, 70.0, [person._replace(id=3, age=44.0)])
    log.notice("source", kind="gone", message="no frame for 2 s")
    log.notice("strain", level=1, doing="half the rate", why="hot")
    log.close()
    return (tmp_path / "events").read_text()


def test_the_mean_age_of_the_last_minute(lines):
    done = subprocess.run(
        [sys.executable, "-c", example("python")], input=lines, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "1 people, mean age 20",
        "2 people, mean age 30",
        "1 people, mean age 44",
    ]


def test_what_an_operator_wants_to_hear_of(lines):
    if not shutil.which("jq"):
        pytest.skip("there is no jq here")
    done = subprocess.run(
        ["sh", "-c", example("bash")], input=lines, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "1970-01-01T00:01:11.000Z source: no frame for 2 s",
        "1970-01-01T00:01:12.000Z strain: half the rate",
    ]


def test_the_table_has_the_fields_of_a_track(lines):
    row = next(line for line in README.splitlines() if line.startswith("| `track`"))
    fields = set(json.loads(lines.splitlines()[0])) - {"v", "time", "event"}
    assert all(f"`{field}`" in row for field in fields)
