"""The whole command with made faults, led from a real browser as on a phone, and its report read there."""

import contextlib
import json
import math
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from device.__main__ import main
from device.camera.open import SOURCES
from device.commands import field_test
from device.faces.exposure_check import ADVICE
from device.field_test.conductor import Conductor
from device.field_test.steps import COVERED, FAST, FIND, LAMP, LEVEL, TURN, steps
from tests.device.browser import SIZES
from tests.device.field_test.scenes import SECOND, SIZE, Site
from tests.device.field_test.test_clips import FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.native, pytest.mark.timeout(600)]

STEPS = steps()
FPS, SLOWER = 10.0, 0.4
LIMIT_S = 120.0  # of each wait, on a busy machine
MADE = {  # the fault of each step, by its name in FAULTS, and the remedy
    "nobody": ("a poster on the wall", "tracker.ignore = "),
    "1 m": ("the camera hangs tilted", LEVEL),
    "2 m": ("nobody came", FIND),
    "3 m": ("the camera is too far", "bring the camera nearer"),
    "4 m": ("nobody came", FIND),
    "turn": ("the head was not turned", TURN),
    "mask": ("a scarf over all of the face", COVERED),
    "sunglasses": ("nobody came", COVERED),
    "crossing": ("only one of two came", FIND),
    "light": ("a dark lens", LAMP),
    "lamps": ("a red lamp", ADVICE["red"][1]),
    "walk past": ("too fast", FAST),
}


class Stage:
    """A source that shows whatever step the conductor is at: who stands before the camera does as told."""

    name, size, small_size, fps, live = "stage", SIZE, None, FPS, False

    def __init__(self, scenes):
        self.scenes, self.conductor, self.index = scenes, None, 0

    def read(self, frame, timeout):
        state = self.conductor.state if self.conductor else {}
        step = STEPS[state.get("step", 1) - 1]
        during = math.ceil(SLOWER * step.seconds)
        share = 1 - state["left_s"] / during if state.get("when") == "now" else 0.0
        np.copyto(frame.image, self.scenes[step.name](self.index, share))
        frame.time = self.index / FPS
        self.index += 1
        return True

    def close(self):
        pass


@pytest.fixture
def stage(samples, monkeypatch):
    """The clips' people in the camera's place, each step with its fault."""
    if not (samples / "video" / SECOND).exists():
        pytest.skip("no clip of a kiosk in the sample data")
    site = Site(samples / "video")
    scenes = {fault[0]: fault[2](site) for fault in FAULTS}
    stage = Stage({name: scenes[fault] for name, (fault, _) in MADE.items()})

    class Seen(Conductor):
        def __init__(self, *given):
            super().__init__(*given)
            stage.conductor = self

    monkeypatch.setattr(field_test, "Conductor", Seen)
    monkeypatch.setitem(SOURCES, "demo", ("", lambda *given: stage))
    return stage


def answers(port):
    with contextlib.closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def watch(browser, port):
    """What a technician sees on the phone's page while the second step is prepared and measured."""
    end = time.monotonic() + LIMIT_S
    while not answers(port):
        assert time.monotonic() < end, "there is no page"
        time.sleep(0.1)
    browser.open(f"http://127.0.0.1:{port}/", SIZES["phone"])
    browser.until("picture.naturalWidth === 640", LIMIT_S)
    browser.until("sentence.textContent.startsWith('Stand 1 m before')", LIMIT_S)
    assert not browser.run("guide.hidden")
    browser.until("verdict.textContent.includes('tracker.ignore')", LIMIT_S)
    assert np.ptp(browser.picture()) > 100
    assert browser.run("document.documentElement.scrollWidth") <= SIZES["phone"][0]
    assert browser.complaints() == []
    browser.run("document.getElementById('now').click()")


def test_the_page_leads_through_it_and_the_report_names_each_fault_with_its_remedy(
    stage, free_port, browser, tmp_path
):
    words = f"field-test --site Lobby --seconds {SLOWER} --detector full --source demo --memory-mib 4096"
    with ThreadPoolExecutor(1) as technician:
        watching = technician.submit(watch, browser, free_port)
        status = main([*words.split(), "--output", f"web:{free_port}", "--out", str(tmp_path / "out")])
        watching.result(LIMIT_S)
    browser.complaints()  # that nobody answers any more
    assert status == 1

    (report,), (page,) = (tmp_path / "out").glob("*.json"), (tmp_path / "out").glob("*.html")
    done = json.loads(report.read_text(encoding="utf-8"))["steps"]
    found = {step["name"]: step["findings"] for step in done}
    assert list(found) == list(MADE)
    for size in SIZES.values():
        browser.open(page.as_uri(), size)
        assert browser.run("document.documentElement.scrollWidth") <= size[0]
    text = browser.run("document.body.innerText")
    for name, (fault, remedy) in MADE.items():
        assert any(remedy in finding["remedy"] for finding in found[name]), (fault, found[name])
        assert remedy in text, fault
    assert browser.complaints() == []
