"""What the device is asked before anything is sent: on_device/preflight.py, as it is sent, over a root."""

import json
import subprocess
import sys

import pytest

from deploy.ssh.flash import TOOLS
from tests.deploy.ssh.device import NEW, OLD

SYSTEMS = f"bookworm:{sys.version_info[0]}.{sys.version_info[1]},trixie:3.99"
OVERLAY = "overlayroot / overlay rw,lowerdir=/media/root-ro 0 0\n"


def ask(device, *options: str, user: int = 0) -> tuple[int, dict]:
    """Its status and what it prints, run as it is sent, by root or by what passes for another user."""
    words = [f"--root={device.root}", f"--systems={SYSTEMS}", "--bundle-bytes=1000", *options]
    script = (TOOLS / "preflight.py").read_text()
    become = f"import os, sys; os.geteuid = lambda: {user}; exec(sys.stdin.read())"
    command = [sys.executable, "-IS", *(["-c", become] if user else ["-"]), *words]
    done = subprocess.run(command, input=script, env=device.environment, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_a_fit_device_and_what_is_worth_knowing_of_it(device):
    status, facts = ask(device, f"--commit={NEW}", "--apt=python3-picamera2")
    assert status == 0
    assert facts["problems"] == []
    assert facts["current"] == OLD
    assert facts["there"] is False
    assert facts["cameras"] == ["UVC Camera"]
    assert facts["notes"] == [
        "under-voltage now: take the official power supply, and give it air",
        "throttled now: take the official power supply, and give it air",
        "under-voltage since the start: take the official power supply, and give it air",
        "throttled since the start: take the official power supply, and give it air",
    ]
    assert facts["well"] is False


def test_a_release_that_lacks_a_file_is_not_there(device):
    (device.home / "releases" / OLD / "app/COMMIT").unlink()
    assert ask(device, f"--commit={OLD}")[1]["there"] is False


WRONG = {
    "32 bits": (
        lambda d: d.command("dpkg", "#!/bin/sh\necho armhf\n"),
        "the device's system is armhf, and arm64 is needed: put the 64-bit Raspberry Pi OS on the card",
    ),
    "an old system": (
        lambda d: d.file("etc/os-release", "VERSION_CODENAME=bullseye\n"),
        "bullseye is not supported, but bookworm and trixie: put one of them on the card",
    ),
    "no os-release": (
        lambda d: (d.root / "etc/os-release").unlink(),
        "this system is not supported, but bookworm and trixie: put one of them on the card",
    ),
    "another Python": (
        lambda d: d.file("etc/os-release", "VERSION_CODENAME=trixie\n"),
        f"python3 is {SYSTEMS[9:13]}, and trixie has 3.99: give the system's own Python its place back",
    ),
    "no sudo": (
        lambda d: d.command("sudo", "#!/bin/sh\nexit 1\n"),
        "this user may not use sudo without a password: on the device, `echo",
    ),
    "a read-only root": (
        lambda d: d.file("proc/mounts", "/dev/root / ext4 ro,noatime 0 0\n"),
        "the root is read-only, and what is written now would be lost: "
        "lift it on the device with `sudo mount -o remount,rw /`",
    ),
    "overlayroot": (
        lambda d: d.file("proc/mounts", f"/dev/root / ext4 rw 0 0\n{OVERLAY}"),
        "lift it on the device with `sudo raspi-config nonint do_overlayfs 1 && sudo reboot`",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_unfit_device_is_one_sentence_with_its_remedy(device, kind):
    change, sentence = WRONG[kind]
    change(device)
    before = device.digest()
    status, facts = ask(device, user=1000)
    assert status == 2
    assert len(facts["problems"]) == 1
    assert sentence in facts["problems"][0]
    assert device.digest() == before


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--os=trixie", "the device runs bookworm, and the release is for trixie: say OS=bookworm"),
        (
            "--bundle-bytes=10000000000000",
            "60000000 MB needed (6 times the bundle): free some (`sudo apt clean`",
        ),
        ("--time=99999999999", "which is before the release was made: connect it to a network or set it"),
    ],
)
def test_a_release_that_does_not_suit_it(device, option, sentence):
    status, facts = ask(device, option)
    assert status == 2
    assert sentence in facts["problems"][0]


def test_releases_on_a_partition_of_their_own_may_be_written(device):
    device.file("proc/mounts", f"{OVERLAY}/dev/mmcblk0p3 /opt/kiosk ext4 rw 0 0\n")
    status, facts = ask(device)
    assert status == 0
    assert facts["home_mount"] == ["ext4", "rw"]
    assert "the root is read-only (overlayroot)" in facts["notes"][-1]


def test_notes_on_a_machine_that_is_no_pi_hot_and_without_a_camera(device):
    device.command("vcgencmd", "#!/bin/sh\nexit 1\n")
    device.command("dpkg-query", "#!/bin/sh\nexit 1\n")
    device.file("sys/class/thermal/thermal_zone0/temp", "81500\n")
    device.file("sys/class/video4linux/video0/name", "bcm2835-codec-decode\n")
    notes = ask(device, "--apt=python3-picamera2,python3-libcamera")[1]["notes"]
    assert notes == [
        "no camera was found: without one no release is well, unless the settings name another source",
        "the processor is at 82 °C: it needs air",
        "not a Pi (no vcgencmd): voltage and heat are not known",
        "a Pi camera needs python3-picamera2, python3-libcamera: "
        "sudo apt install python3-picamera2 python3-libcamera",
    ]


def test_space_is_no_matter_for_a_release_that_is_there(device):
    assert ask(device, f"--commit={OLD}", "--bundle-bytes=10000000000000")[0] == 0


@pytest.mark.parametrize("fault", ["import nowhere", "raise SystemExit(0)", "def main(argv): return 1 / 0"])
def test_a_release_whose_tools_are_broken_is_not_well(device, fault):
    (device.home / "current/app/deploy/on_device/__main__.py").write_text(f"{fault}\n")
    status, facts = ask(device, f"--commit={OLD}")
    assert (status, facts["well"], facts["there"]) == (0, False, True)


def test_it_says_who_logged_in_where_sudo_made_root_of_them(device, monkeypatch):
    before = device.digest()
    monkeypatch.setenv("SUDO_UID", "1000")
    assert ask(device)[1]["uid"] == 1000
    assert device.digest() == before


def test_it_can_be_read_by_the_pythons_that_it_refuses():
    import ast

    ast.parse((TOOLS / "preflight.py").read_text(), feature_version=(3, 7))


@pytest.mark.parametrize("user", [0, 1000])
def test_a_wanted_release_that_runs_and_is_well_is_all_that_is_said(device, user):
    status, facts = ask(device, f"--commit={OLD}", user=user)
    assert (status, facts["well"], facts["there"], facts["problems"], facts["notes"]) == (
        0,
        True,
        True,
        [],
        [],
    )
    assert "free" not in facts


def test_a_clock_or_a_system_that_is_wrong_is_said_of_it_all_the_same(device):
    assert ask(device, f"--commit={OLD}", "--time=99999999999")[0] == 2
    assert ask(device, f"--commit={OLD}", "--os=trixie")[0] == 2


def test_it_is_well_only_if_the_wanted_release_runs_whole_and_finished(device):
    (device.home / "current/app/behaviour").write_text("blind")
    assert ask(device, f"--commit={OLD}")[1]["well"] is False
    (device.home / "current/app/behaviour").write_text("well")
    device.release(NEW)
    assert ask(device, f"--commit={NEW}")[1]["well"] is False
    (device.home / "pending").write_text("{}")
    assert ask(device, f"--commit={OLD}")[1]["well"] is False
