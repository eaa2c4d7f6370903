import json

import pytest

from device.box import Box
from device.errors import ConfigError
from device.events.trace import Trace
from device.person import Person


def test_a_line_for_every_frame(tmp_path):
    path = tmp_path / "trace.jsonl"
    trace = Trace(path)
    trace.record(0, 0.0, [])
    trace.record(3, 0.1, [Person(1, Box(1.0, 2.0, 3.0, 4.0), 0.98765, raw=30.123, state="settling")])
    trace.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"frame": 0, "t": 0.0, "tracks": []},
        {
            "frame": 3,
            "t": 0.1,
            "tracks": [
                {
                    "id": 1,
                    "box": [1.0, 2.0, 3.0, 4.0],
                    "score": 0.988,
                    "raw": 30.12,
                    "age": None,
                    "spread": None,
                    "interval": None,
                    "state": "settling",
                    "yaw": None,
                },
            ],
        },
    ]


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(ConfigError, match="--trace /nowhere/trace: cannot be written"):
        Trace("/nowhere/trace")
