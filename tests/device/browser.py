"""A real browser, driven by its WebDriver. Needs Debian's packages chromium and chromium-driver (with them
`apt install chromium-driver` suffices); tests are skipped where they are missing.
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

SIZES = {"phone": (390, 844), "laptop": (1440, 900), "kiosk": (1080, 1920), "screen": (1920, 1080)}


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
