"""The window under cage, a Wayland shell that shows one program, without a screen: what it shows is what was
drawn. And the unit that starts a player under it.
"""

import configparser
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.native  # the emulated system has no Wayland

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "deploy" / "units" / "kiosk-cage.service"
TOOLS = ("cage", "Xwayland", "grim", "setpriv")
NOBODY = 65534
LIMIT_S = 60  # until the window is there; it takes 3 s on a free machine
HEADLESS = {"WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
PROGRAM = """
import time, cv2, numpy as np
from device.config.schema import WindowSettings
from device.outputs.window import Window
image = cv2.imread({picture!r})
window = Window((640, 360), WindowSettings(fullscreen=True), print)
while True:
    if window.wanted():
        window.show(image, [], 0.0)
    time.sleep(0.02)
"""


@pytest.fixture
def run_dir():
    """A folder with a short path, for sockets, of the user that cage runs as: it refuses root."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        pytest.skip(f"no {', '.join(lacking)}: apt install cage xwayland grim util-linux")
    folder = Path(tempfile.mkdtemp(prefix="cage-"))
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def as_nobody():
    """What goes before a command: another user, who may still read the checkout, where this one is root."""
    if os.getuid():
        return []
    rights = "-all,+dac_read_search"
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
            "--inh-caps", rights, "--ambient-caps", rights, "--"]  # fmt: skip


@pytest.fixture
def shell(run_dir):
    """Starts cage with a program on a screen of 1280×720; gives what its screen shows."""
    environment = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(run_dir), "HOME": str(run_dir)}
    environment |= HEADLESS | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    started = []

    def start(code):
        command = [*as_nobody(), "cage", "--", sys.executable, "-c", code]
        with (run_dir / "log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT))

    def picture():
        path = run_dir / "shown.png"
        command = [*as_nobody(), "grim", str(path)]
        done = subprocess.run(
            command, env=environment | {"WAYLAND_DISPLAY": "wayland-0"}, capture_output=True, check=False
        )
        return cv2.imread(str(path)) if done.returncode == 0 else None

    yield start, picture
    for process in started:
        process.terminate()
        process.wait(10)


def test_the_window_fills_cage_s_screen_with_what_was_drawn(shell, run_dir):
    start, picture = shell
    drawn = np.zeros((360, 640, 3), np.uint8)
    drawn[:180, :320], drawn[180:, 320:] = (40, 120, 200), (200, 30, 60)
    drawn[140:220:2, 280:360:2] = (0, 255, 0)
    cv2.imwrite(str(run_dir / "drawn.png"), drawn)
    (run_dir / "drawn.png").chmod(0o644)
    expected = cv2.resize(drawn, (1280, 720), interpolation=cv2.INTER_LINEAR)
    start(PROGRAM.format(picture=str(run_dir / "drawn.png")))
    deadline = time.monotonic() + LIMIT_S
    shown = None
    while time.monotonic() < deadline:
        shown = picture()
        if shown is not None and shown.shape == expected.shape and (shown == expected).all():
            return
        time.sleep(0.2)
    pytest.fail(f"{None if shown is None else shown.shape}: {(run_dir / 'log').read_text()[-500:]}")


def test_the_unit_runs_cage_as_a_user_of_its_own_on_the_first_terminal():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNIT)
    service = unit["Service"]
    assert service["User"] not in ("root", "kiosk")
    assert (service["PAMName"], service["TTYPath"]) == ("login", "/dev/tty1")
    assert service["ExecStart"] == "/usr/bin/cage -- $PROGRAM"
    assert unit["Unit"]["Conflicts"] == "getty@tty1.service"
    assert "Install" not in unit  # or every kiosk would lose its login on that terminal


def test_systemd_takes_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here: apt install systemd")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/cage", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
