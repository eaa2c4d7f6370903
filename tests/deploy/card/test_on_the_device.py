"""The script that the first start runs, on a device in a folder, with the device's real installation."""

import shutil
import subprocess

import pytest

from deploy.archive import manifest, pack
from deploy.card.payload import SCRIPT
from tests.deploy.ssh.device import NEW, Device, fill

UNIT = "etc/systemd/system/kiosk-first-boot.service"
SETUP = """import pathlib, sys
root, release = (pathlib.Path(sys.argv[sys.argv.index(name) + 1]) for name in ("--root", "--release"))
(root / "set-up").write_text(release.name)
"""


class FirstBoot:
    """A device that starts from a card; `behaviour` is how its release will do."""

    def __init__(self, folder, behaviour):
        self.device, self.root = Device(folder), folder / "root"
        self.card = self.root / "boot/firmware/kiosk"
        self.card.mkdir(parents=True)
        shutil.copy(SCRIPT, self.card)
        (self.card / "COMMIT").write_text(f"{NEW}\n")
        (self.card / "kiosk.toml").write_text((self.root / "etc/kiosk/kiosk.toml").read_text())
        (self.root / "etc/kiosk/kiosk.toml").unlink()
        (self.card / "mqtt-password").write_text("hunter2")
        tree = folder / NEW
        fill(tree, NEW, behaviour)
        (tree / "app/deploy/on_device/setup.py").write_text(SETUP)
        (tree / "MANIFEST").unlink()
        (tree / "MANIFEST").write_text(manifest(tree))
        pack(tree, self.card / f"kiosk-{NEW[:12]}-bookworm.tar", "zstd")
        self.device.command("chown", f'#!/bin/sh\necho "chown $*" >>"{folder}/chowned"\n')

    def run(self, what):
        """The script's end, and what it said."""
        environment = {**self.device.environment, "KIOSK_ROOT": str(self.root), "KIOSK_WINDOW": "1"}
        command = ["sh", str(self.card / "first-boot.sh"), what]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture
def started(tmp_path):
    """A function: a behaviour → the device that starts from its card."""
    made = []

    def start(behaviour="well"):
        made.append(FirstBoot(tmp_path, behaviour))
        return made[0]

    yield start
    made[0].device.close()


def test_a_device_installs_itself_and_leaves_nothing_on_the_open_partition(started):
    boot = started()
    boot.run("enable")
    done = boot.run("install")
    assert done.returncode == 0, done.stderr
    assert boot.device.current() == NEW
    assert (boot.root / "set-up").read_text() == NEW
    assert "[output]" in (boot.root / "etc/kiosk/kiosk.toml").read_text()
    password = boot.root / "etc/kiosk/mqtt-password"
    assert (password.read_text(), password.stat().st_mode & 0o777) == ("hunter2", 0o600)
    assert (boot.root.parent / "chowned").read_text() == f"chown kiosk {password}\n"
    assert not boot.card.exists()
    assert not (boot.root / UNIT).exists()
    assert not (boot.device.home / "first-boot").exists()
    assert boot.device.calls()[-1] == "systemctl --no-block reboot"
    assert (boot.device.home / "history").read_text().split() == [NEW]


def test_a_kiosk_whose_camera_is_not_plugged_in_yet_is_installed(started):
    boot = started("fails")
    done = boot.run("install")
    assert done.returncode == 0
    assert "the kiosk is installed, and not well yet: see above" in done.stdout
    assert boot.device.current() == NEW
    assert not boot.card.exists()


def test_a_bundle_that_does_not_read_back_leaves_all_for_the_next_start(started):
    boot = started()
    boot.run("enable")
    path = next(boot.card.glob("*.zst"))
    path.write_bytes(path.read_bytes()[:-100])
    assert boot.run("install").returncode != 0
    assert path.exists()
    assert (boot.root / UNIT).exists()
    assert not (boot.device.home / "current").exists()


def test_a_start_that_was_cut_off_is_done_again(started):
    boot = started()
    boot.run("enable")
    real = boot.device.commands / "chown"  # where the power goes: after the release was unpacked
    real.write_text("#!/bin/sh\nexit 1\n")
    assert boot.run("install").returncode == 1
    assert not (boot.device.home / "current").exists()
    assert boot.card.exists()
    real.write_text("#!/bin/sh\n")
    done = boot.run("install")
    assert (done.returncode, boot.device.current()) == (0, NEW)
    assert "there already, and right" in done.stdout


def test_enabling_writes_a_unit_that_runs_at_each_start_until_it_is_done(started):
    boot = started()
    assert boot.run("enable").returncode == 0
    unit = (boot.root / UNIT).read_text()
    assert f"ExecStart=/bin/sh {boot.card}/first-boot.sh install\n" in unit
    assert f"RequiresMountsFor={boot.card}\n" in unit
    assert "WantedBy=multi-user.target\n" in unit
    assert boot.device.calls() == [
        "systemctl daemon-reload",
        "systemctl enable kiosk-first-boot.service",
    ]


def test_starting_waits_for_nothing(started):
    boot = started()
    boot.run("start")
    assert boot.device.calls()[-1] == "systemctl start --no-block kiosk-first-boot.service"


def test_another_word_is_refused(started):
    done = started().run("begin")
    assert (done.returncode, done.stderr) == (2, "first-boot.sh: enable, start or install\n")
