"""`--output drm` and `fb` on a real KMS device: the product runs in a small emulated machine, and what its
screen shows is compared with the picture that the product was given.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.vm.screen_guest import ROOT, Guest, kernel, why_not

LIMIT_S = 600  # for any step on a busy emulator; a start of the product takes 20 to 60 s of a free one
SETTINGS = """
[source]
use = "images:{folder}"
loop = true
[overlay]
status = false
"""
# Not as root: who may draw on the screen is the kernel's word. The files of this machine's root may be read.
SCRIPT = """
cd {root}
export SETTINGS={settings} PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
chmod 666 /dev/dri/card0
run() {{
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+dac_read_search \\
        --ambient-caps=-all,+dac_read_search {python} -m device run --config {settings} --output $1
}}
{commands}
"""


@pytest.fixture(scope="module", autouse=True)
def made_kernel():
    if reason := why_not():
        pytest.skip(reason)
    kernel()


@pytest.fixture
def start(tmp_path):
    """Starts a machine with a screen that runs `commands`; all that it was told is in its lines."""
    running = []

    def begin(device, commands, picture):
        (tmp_path / "pictures").mkdir()
        cv2.imwrite(str(tmp_path / "pictures" / "1.png"), picture)
        settings = tmp_path / "kiosk.toml"
        settings.write_text(SETTINGS.format(folder=tmp_path / "pictures"))
        script = tmp_path / "script"
        script.write_text(
            SCRIPT.format(root=ROOT, python=sys.executable, settings=settings, commands=commands)
        )
        running.append(Guest(script, tmp_path, (device,)))
        running[-1].wait_for("guest-is-up", LIMIT_S)
        return running[-1]

    yield begin
    for guest in running:
        guest.end()


def drawn(width, height):
    """A picture without faces: four fields of plain colours, and a fine pattern in the middle."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = (40, 120, 200)
    image[height // 2 :, width // 2 :] = (200, 30, 60)
    image[: height // 2, width // 2 :] = (250, 250, 250)
    middle = image[height // 2 - 32 : height // 2 + 32, width // 2 - 32 : width // 2 + 32]
    middle[::2, ::2] = (0, 255, 0)
    return image


def seen_after(guest, expected, off_by=0, limit_s=LIMIT_S, begun=None):
    """Seconds from `begun` (monotonic, default now) until the screen shows `expected`, each value at most
    `off_by` away; fails after the limit."""
    begun = time.monotonic() if begun is None else begun
    while (now := time.monotonic()) - begun < limit_s:
        shown = guest.picture()
        if shown.shape == expected.shape and np.abs(shown.astype(int) - expected).max() <= off_by:
            return time.monotonic() - begun
        time.sleep(max(0.0, 0.2 - (time.monotonic() - now)))
    Path(ROOT / ".cache" / "vm-screen" / "shown.png").write_bytes(cv2.imencode(".png", shown)[1].tobytes())
    pytest.fail(f"the screen shows {shown.shape} otherwise: .cache/vm-screen/shown.png; {guest.lines[-5:]}")


@pytest.mark.quick
def test_a_screen_that_is_taken_unplugged_and_changed(start, say):
    image = drawn(1280, 720)
    guest = start(
        "virtio-gpu-pci,id=screen,xres=1280,yres=720",
        "(exec 3<>/dev/dri/card0; run drm; echo guest: status $?); run drm",
        image,
    )
    line = guest.wait_for("systemctl isolate", LIMIT_S)
    assert "draws on /dev/dri/card0" in line
    guest.wait_for("guest: status 2", LIMIT_S)
    guest.wait_for("the picture is on Virtual-1, 1280×720, 32 bits", LIMIT_S)
    say(f"drm: the picture on the screen after {seen_after(guest, image):.1f} s, equal to the byte")

    guest.plug(1280, 720)  # as it is: the emulator passes on only what is news to it
    guest.plug(0, 0)
    guest.wait_for("no screen is connected", LIMIT_S)
    before, plugged = len(guest.lines), time.monotonic()
    guest.plug(1280, 720)
    guest.wait_for("the picture is on Virtual-1", LIMIT_S, after=before)
    taken = time.monotonic() - plugged
    again = seen_after(guest, image, begun=plugged)
    say(f"drm: plugged in again, the screen taken after {taken:.1f} s, the picture after {again:.1f} s")

    changed = time.monotonic()
    guest.plug(1024, 768)
    guest.wait_for("1024×768", LIMIT_S)
    smaller = np.zeros((768, 1024, 3), np.uint8)
    smaller[96:672] = cv2.resize(image, (1024, 576), interpolation=cv2.INTER_LINEAR)
    say(f"drm: another size, the picture after {seen_after(guest, smaller, begun=changed):.1f} s")


@pytest.mark.quick
def test_a_frame_buffer(start, say):
    image = drawn(640, 360)
    guest = start(
        "virtio-gpu-pci,id=screen,xres=1280,yres=720",
        f"{sys.executable} -m device run --config $SETTINGS --output fb",
        image,
    )
    larger = cv2.resize(image, (1280, 720), interpolation=cv2.INTER_LINEAR)
    say(f"fb: the picture on the screen after {seen_after(guest, larger, limit_s=LIMIT_S):.1f} s of boot")


@pytest.mark.quick
def test_a_screen_of_16_bits(start, say):
    image = drawn(640, 480)
    guest = start("cirrus-vga,id=screen", "run drm", image)
    guest.wait_for("the picture is on VGA-1, 1024×768, 16 bits", LIMIT_S)
    larger = cv2.resize(image, (1024, 768), interpolation=cv2.INTER_LINEAR)
    say(f"drm, 16 bits: the picture after {seen_after(guest, larger, off_by=8):.1f} s")
