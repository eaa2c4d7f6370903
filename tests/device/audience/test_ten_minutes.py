"""Ten minutes of the demo: every message of every interface fits its schema, and the sums are the hour's."""

import json
import threading
from contextlib import ExitStack

import pytest

from device.app.application import Run
from device.audience.audience import Audience
from device.audience.messages import Messages
from device.config.loader import changed, defaults
from tests.device.assembly import MEMORY_MIB
from tests.device.audience.film import ATTRIBUTES
from tests.device.events.schemas import check

pytestmark = [pytest.mark.slow, pytest.mark.native, pytest.mark.timeout(900)]

FPS, MINUTES = 4, 10


class Reader:
    """Validates whatever is new after each frame, as the interfaces would send it."""

    def __init__(self, audience, messages):
        self.audience, self.messages = audience, messages
        self.counts = dict.fromkeys(("now", "state", "minute", "visit"), 0)
        self.sums = []
        self._minute = self._visit = self._snapshot = 0

    def record(self, index, t, persons):
        if self.audience.snapshot.number > self._snapshot:
            self._snapshot = self.audience.snapshot.number
            now = self.messages.now(self.audience.snapshot)
            self._check("now", now)
            self._check("state", {key: value for key, value in now.items() if key != "tracks"})
        for minute in self.audience.minutes:
            if minute.number > self._minute:
                self._minute = minute.number
                self.sums.append(self._check("minute", self.messages.minute(minute.number)))
        for visit in self.audience.visits:
            if visit.number > self._visit:
                self._visit = visit.number
                self._check("visit", self.messages.visit(visit))

    def _check(self, name, message):
        self.counts[name] += 1
        return check(name, json.loads(json.dumps(message)))


def test_every_message_of_ten_minutes_fits_its_schema(tmp_path):
    settings = changed(
        defaults(),
        source={"use": "demo:4", "pace": "fast"},
        camera={"width": 320, "height": 240, "fps": float(FPS)},
        output={"use": ("none",)},
        api={"boxes": True},
        age=ATTRIBUTES,
        events={"to": str(tmp_path / "events.jsonl")},
        limits={"memory_mib": MEMORY_MIB},  # of the whole test run's process
    )
    audience = Audience(settings)
    reader = Reader(audience, Messages(audience, settings))
    with ExitStack() as closing:
        run = Run(settings, threading.Event(), closing)
        run.loop._recorders += [audience, reader]
        run.loop.run(MINUTES * 60 * FPS + 2)
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    for line in lines:
        check(f"line_{line['event']}", line)
    assert len([line for line in lines if line["event"] == "track"]) > 1000  # a person a second
    assert any(line.get("gender") in ("female", "male") for line in lines)
    assert reader.counts["minute"] == MINUTES
    assert reader.counts["now"] == reader.counts["state"] > 20
    first, last = audience.minutes[0], audience.minutes[-1]
    hour = reader.messages.window(first.wall, first.mark, last.wall, last.mark)
    for name in ATTRIBUTES:
        assert sum(hour[name].values()) == sum(hour["bands"].values())
    for key in ("people", "watchers", "left"):
        assert sum(minute[key] for minute in reader.sums) == hour[key]
    assert hour["people"] > 0
    assert sum(minute["dwell_s"]["sum"] for minute in reader.sums) == pytest.approx(
        hour["dwell_s"]["sum"], abs=0.1
    )
