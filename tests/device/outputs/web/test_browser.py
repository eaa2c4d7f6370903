"""The page in a real browser. Needs Debian's packages chromium and chromium-driver (with them `apt install
chromium-driver` suffices); skipped where they are missing.
"""

import base64
import json
import shutil
import subprocess
import time
import urllib.request

import cv2
import numpy as np
import pytest

from tests.device.audience.film import person
from tests.device.outputs.web.test_api import Site

SIZES = {"phone": (390, 844), "laptop": (1440, 900), "kiosk": (1080, 1920), "screen": (1920, 1080)}
TOKEN = "correct horse battery"


class Browser:
    """As much of the WebDriver protocol as these tests speak."""

    def __init__(self, driver_port, profile):
        self._base = f"http://127.0.0.1:{driver_port}"
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={profile}",
        ]
        wanted = {"goog:chromeOptions": {"args": options}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._call("POST", "/session", capabilities={"alwaysMatch": wanted})
        self._base += f"/session/{session['sessionId']}"

    def _call(self, method, path, **body):
        request = urllib.request.Request(
            self._base + path, method=method, data=json.dumps(body).encode() if method == "POST" else None
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["value"]

    def open(self, url, size=SIZES["laptop"]):
        self._call(
            "POST",
            "/goog/cdp/execute",
            cmd="Emulation.setDeviceMetricsOverride",
            params={"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
        )
        self._call("POST", "/url", url=url)

    def run(self, script):
        return self._call("POST", "/execute/sync", script="return " + script, args=[])

    def until(self, script, seconds=10):
        deadline = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.05)

    def picture(self):
        png = np.frombuffer(base64.b64decode(self._call("GET", "/screenshot")), np.uint8)
        return cv2.imdecode(png, cv2.IMREAD_COLOR)

    def complaints(self):
        return [entry["message"] for entry in self._call("POST", "/se/log", type="browser")]

    def close(self):
        self._call("DELETE", "")


@pytest.fixture(scope="module")
def driver_port():
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None:
        pytest.skip("no browser: apt install chromium chromium-driver")
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if "started successfully on port" in line:
                yield int(line.split("port")[1].strip(" .\n"))
                break
        else:
            pytest.skip("chromedriver does not start")
    finally:
        process.terminate()
        process.wait(5)


@pytest.fixture
def browser(driver_port, tmp_path):
    browser = Browser(driver_port, tmp_path)
    yield browser
    browser.close()


LIVE = "picture.naturalWidth === 320 && list.children.length === 2"
PLACE = "(box => [box.left, box.top, box.right, box.bottom])(picture.getBoundingClientRect())"


def test_the_page_shows_picture_and_people_at_every_size(serve, free_port, browser):
    serve()
    for width, height in SIZES.values():
        browser.open(f"http://127.0.0.1:{free_port}/", (width, height))
        browser.until(LIVE)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.documentElement.scrollHeight") <= height
        assert browser.run("document.querySelector('li .years').textContent") == "34±3 years"
        assert browser.run("document.querySelectorAll('li')[1].textContent") == "–finding"
        left, top, right, bottom = browser.run(PLACE)
        assert (right - left) / (bottom - top) == pytest.approx(4 / 3, rel=0.01)
        assert right - left > 0.45 * width
        shown = browser.picture()[int(top) + 20 : int(bottom) - 20, int(left) + 20 : int(right) - 20]
        assert np.abs(shown.reshape(-1, 3).mean(axis=0) - (40, 120, 200)).max() < 12
    assert browser.complaints() == []


def test_it_says_when_the_device_goes_and_comes_back_by_itself(serve, free_port, browser):
    web, loop = serve()
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)
    loop.__exit__()
    web.close()
    browser.until("link.textContent === 'Reconnecting'")
    serve()
    browser.until("link.textContent === 'Live'")
    browser.until(LIVE)


def test_the_token_is_asked_for_once(serve, free_port, browser):
    serve(token=TOKEN)
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.run(f"token.value = '{TOKEN}', document.querySelector('button').click()")
    browser.until(LIVE)
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)


def test_a_hidden_page_costs_nothing(serve, free_port, browser):
    web, _ = serve()
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)
    browser.run(
        "Object.defineProperty(document, 'hidden', {value: true}), "
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    deadline = time.monotonic() + 8
    while any(web._feed._watching.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


CHOICE = "document.getElementsByName('overlay.language')[0]"


def test_the_technicians_page_at_every_size(free_port, browser):
    site = Site(free_port)
    site.health |= {"reasons": [], "memory_budget_mib": 128, "ladder": {"camera_reopened": 2}}
    site.film.play(125.0, person(age=30.0, band="25–34", state="settled"))
    address = f"http://127.0.0.1:{free_port}/device"
    try:
        for width, height in (*SIZES.values(), (360, 640)):
            browser.open(address, (width, height))
            browser.until("document.querySelectorAll('#chart rect').length === 1")
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run("document.getElementById('ladder').textContent") == "camera reopened2"
            assert browser.run("document.getElementById('link').dataset.state") == "live"
        browser.until(f"{CHOICE}?.value === 'en'")
        browser.run(f"({CHOICE}.value = 'de', {CHOICE}.dispatchEvent(new Event('change')))")
        browser.until("document.getElementById('answer').textContent === 'overlay.language is set.'")
        browser.open(address)
        browser.until(f"{CHOICE}?.value === 'de'")
        assert site.live.take().overlay.language == "de"
        assert browser.complaints() == []
    finally:
        site.web.close()
