"""A switch that was cut: recover.py of on_device, and kills before the steps of installation and switch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.on_device import layout, release
from deploy.on_device.__main__ import main
from deploy.on_device.layout import Layout, Marker, now_s
from tests.deploy.ssh.device import NEW, OLD, THIRD, bundle

KILLED = Path(__file__).with_name("killed.py")


def pending(device) -> None:
    """As if a switch from OLD to NEW had been begun, and got as far as its start."""
    device.release(NEW, "blind")
    Layout(device.root).begin(Marker(NEW, OLD, "boot-0", now_s(), 30.0))
    (device.home / "current").unlink()
    os.symlink(f"releases/{NEW}", device.home / "current")


def test_the_next_boot_goes_back_before_the_service_starts(device, capsys):
    pending(device)
    (device.state / "calls").unlink()
    assert main(["recover", "--boot", "--root", str(device.root)]) == 0
    assert device.current() == OLD
    assert not (device.home / "pending").exists()
    assert not (device.state / "calls").exists()  # nothing was started: that is the boot's own
    assert "was not finished; back to aaaaaaaaaaaa" in capsys.readouterr().out


def test_a_switch_that_died_goes_back_and_starts_the_old_release(device, capsys):
    pending(device)
    assert main(["recover", "--root", str(device.root)]) == 0
    assert device.current() == OLD
    assert device.calls()[-1] == "systemctl start --no-block kiosk.service"
    assert "which runs again" in capsys.readouterr().out


def test_a_switch_that_is_under_way_is_waited_for_and_left_alone(device, capsys, monkeypatch):
    pending(device)
    monkeypatch.setattr(layout, "PATIENCE_S", 0.3)
    with layout.alone(Layout(device.root)):
        assert main(["recover", "--root", str(device.root)]) == 2
        assert "another installation or switch is under way" in capsys.readouterr().err
    assert device.current() == NEW
    assert (device.home / "pending").exists()


def test_without_a_marker_nothing_is_done(device, capsys):
    before = device.digest()
    assert main(["recover", "--boot", "--root", str(device.root)]) == 0
    assert device.digest() == before
    assert capsys.readouterr().out == ""


def test_a_marker_that_cannot_be_read_leads_to_the_last_that_proved_well(device):
    pending(device)
    (device.home / "pending").write_text('{"new": "b')
    assert main(["recover", "--boot", "--root", str(device.root)]) == 0
    assert device.current() == OLD
    assert not (device.home / "pending").exists()


def killed(device, step: int, *words: str) -> int:
    """Run a command of the device, killed before its change number `step`; how many changes there were."""
    command = [sys.executable, str(KILLED), str(step), *words, "--root", str(device.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 137), done.stderr
    return step if done.returncode else int(done.stdout.split()[-1])


def assert_old_or_new(device) -> str:
    """What holds at every moment: releases are whole, and after the next boot one of the two runs: which."""
    for path in (device.home / "releases").iterdir():
        assert path.name[0] == "." or release.damaged(path) == "", path
    if (device.home / "pending").exists():
        json.loads((device.home / "pending").read_text())
    device.file("proc/sys/kernel/random/boot_id", "boot-2\n")  # the power went
    guard = device.home / "guard/app/deploy/on_device"
    command = [sys.executable, "-B", str(guard), "recover", "--boot", "--root", str(device.root)]
    subprocess.run(command, check=True, capture_output=True)
    assert not (device.home / "pending").exists()
    assert device.current() in (OLD, NEW)
    assert release.damaged(device.home / "current") == ""
    device.file("proc/sys/kernel/random/boot_id", "boot-1\n")
    return device.current()


def again(device) -> None:
    """As before the first step: OLD runs, and there is one more, which is to be pruned."""
    subprocess.run(["rm", "-rf", *map(str, device.home.iterdir())], check=True)
    (device.home / "incoming").mkdir()
    device.runs(OLD)
    device.release(THIRD)


@pytest.mark.parametrize("behaviour", ["well", "blind"])
def test_a_kill_before_any_step_of_a_switch_leaves_old_or_new(device, behaviour):
    switch = ("switch", NEW, "--attached", "--window", "0.05")
    again(device)
    device.release(NEW, behaviour)
    count = killed(device, 0, *switch)
    assert count > 15
    left = []
    for step in range(1, count + 2):
        again(device)
        device.release(NEW, behaviour)
        killed(device, step, *switch)
        left.append(assert_old_or_new(device))
    assert left[0] == OLD
    assert left[-1] == (NEW if behaviour == "well" else OLD)


def test_a_kill_before_any_step_of_the_first_switch_leaves_none_or_the_first(device):
    switch = ("switch", NEW, "--attached", "--window", "0.05")
    left = []
    for step in range(1, 200):
        subprocess.run(["rm", "-rf", *map(str, device.home.iterdir())], check=True)
        device.release(NEW)
        count = killed(device, step, *switch)
        if any((device.home / name).exists() for name in ("pending", "current")):
            left.append(assert_old_or_new(device))
        if count != step:
            break
    assert set(left) == {NEW}
    assert len(left) > 10


def test_a_kill_before_steps_of_an_installation_leaves_no_torn_release(device, tmp_path):
    """Those of its beginning and its end, and every tenth between, where file after file is written."""
    command = ("install", "--bundle", str(bundle(tmp_path, NEW)))
    count = killed(device, 0, *command)
    for step in sorted({*range(1, 8), *range(8, count, 10), *range(count - 6, count + 1)}):
        again(device)
        killed(device, step, *command)
        assert assert_old_or_new(device) == OLD
    assert (device.home / "releases" / NEW).is_dir()
