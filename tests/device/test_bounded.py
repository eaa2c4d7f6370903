"""Nothing that a run keeps grows with the people who came by: all that it holds is counted."""

import gc
from collections import Counter
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import pytest

from tests.device.assembly import ANNA, BERT

ELSEWHERE = (ModuleType, type, FunctionType, BuiltinFunctionType, CodeType)
STAY, GAP = 6, 6  # frames that a visitor is seen, and none is


def kept(root) -> Counter:
    """How many objects of each type can be reached from `root`, the program itself left out."""
    seen, found, stack = {id(root)}, Counter(), [root]
    while stack:
        for thing in gc.get_referents(stack.pop()):
            if id(thing) not in seen and not isinstance(thing, ELSEWHERE):
                seen.add(id(thing))
                found[type(thing).__name__] += 1
                stack.append(thing)
    return found


@pytest.fixture
def visited(kiosk, monkeypatch, tmp_path):
    """A run that so many people come by, one after the other; the summary keeps eight of them."""
    monkeypatch.setattr("device.app.summary.KEPT_TRACKS", 8)
    kiosk.screens = []
    kiosk.change(output={"use": ("none",)}, events={"to": str(tmp_path / "events")})
    kiosk.change(tracker={"coast_s": 0.1, "max_lost_s": 0.1})

    def come(index):
        visitor, frame = divmod(index, STAY + GAP)
        kiosk.faces.boxes = [(ANNA, BERT)[visitor % 2]] if frame < STAY else []
        kiosk.faces.ages = [0]  # the fake detector's own notes

    kiosk.film.before = come
    kiosk.film.length = 100_000
    run = kiosk.open()

    def visits(people):
        run.loop.run(people * (STAY + GAP))
        run.events.flush(20.0)
        return run

    return visits


def test_what_is_kept_does_not_grow_with_the_visitors(visited):
    before = kept(visited(20))
    run = visited(80)
    assert run.summary.tracks_total == 80
    grown = kept(run) - before
    numbers = grown.pop("int", 0) + grown.pop("float", 0)
    locks = grown.pop("lock", 0)
    assert not grown
    assert locks <= 1  # of the writer that waits for lines, or does not just now
    assert numbers < 30  # fewer than one for every second visitor: Python shares numbers while they are small
