"""The whole command on a film of made faults, watched and read in a real browser, as on a phone."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.faces.exposure_check import ADVICE
from device.field_test.steps import COVERED, FAST, FIND, LAMP, LEVEL, PREPARE_S, TURN, steps
from tests.device.browser import SIZES
from tests.device.field_test.scenes import SECOND, SIZE, Site
from tests.device.field_test.test_clips import FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.native, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[3]
FPS, SLOWER = 10.0, 0.5  # so slow that a busy machine stays within the time to get ready
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


@pytest.fixture
def film(samples, tmp_path):
    """All steps with their faults, one after the other, as long as the test takes for each."""
    if not (samples / "video" / SECOND).exists():
        pytest.skip("no clip of a kiosk in the sample data")
    site, path = Site(samples / "video"), tmp_path / "site.avi"
    scenes = {fault[0]: fault[2](site) for fault in FAULTS}
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, SIZE)
    begun = 0.0
    for step in steps():
        before, during = SLOWER * PREPARE_S, SLOWER * step.seconds
        for index in range(round(begun * FPS), round((begun + before + during) * FPS)):
            share = min(max((index / FPS - begun - before) / during, 0.0), 1.0)
            writer.write(scenes[MADE[step.name][0]](index, share))
        begun += before + during
    for _ in range(round(10 * FPS)):  # in case the test is slower than the film
        writer.write(site.nobody())
    writer.release()
    return path


@pytest.fixture
def field_test(film, free_port, tmp_path):
    """The command as it runs on a device, and the folder that its report goes to."""
    words = f"-m device field-test --site Lobby --seconds {SLOWER} --detector full --source file:{film}"
    command = [sys.executable, *words.split(), "--output", f"web:{free_port}", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        yield running, tmp_path / "out"
        running.kill()


def test_the_page_leads_through_it_and_the_report_names_each_fault_with_its_remedy(
    field_test, free_port, browser
):
    running, out = field_test
    for line in running.stderr:
        if "step 1 of 12" in line:
            break
    browser.open(f"http://127.0.0.1:{free_port}/", SIZES["phone"])
    browser.until("picture.naturalWidth === 640", 60)
    browser.until("!guide.hidden && sentence.textContent.startsWith('Stand 1 m before')", 60)
    assert np.ptp(browser.picture()) > 100
    browser.until("verdict.textContent.includes('tracker.ignore')", 60)
    assert browser.run("document.documentElement.scrollWidth") <= SIZES["phone"][0]
    assert browser.complaints() == []
    said = running.communicate(timeout=400)[1]
    assert running.returncode == 1, said
    browser.complaints()  # that nobody answers any more

    (report,), (page,) = out.glob("*.json"), out.glob("*.html")
    found = {
        step["name"]: step["findings"] for step in json.loads(report.read_text(encoding="utf-8"))["steps"]
    }
    assert list(found) == list(MADE)
    for size in SIZES.values():
        browser.open(page.as_uri(), size)
        assert browser.run("document.documentElement.scrollWidth") <= size[0]
    text = browser.run("document.body.innerText")
    for name, (fault, remedy) in MADE.items():
        assert any(remedy in finding["remedy"] for finding in found[name]), (fault, found[name])
        assert remedy in text, fault
    assert browser.complaints() == []
