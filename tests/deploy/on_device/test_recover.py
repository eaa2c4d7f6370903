"""A switch that was cut: recover.py of on_device, and kills before the steps of installation and switch."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.on_device import layout
from deploy.on_device.__main__ import main
from deploy.on_device.layout import Layout, Marker, now_s
from tests.deploy.ssh.device import NEW, OLD, THIRD, bundle

KILLED = Path(__file__).with_name("killed.py")
# Before the first and the last changes and every tenth; before each of them where minutes may be taken
steps = pytest.mark.parametrize("steps", ["some", pytest.param("all", marks=pytest.mark.slow)])


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


def killed(device, steps: str, *words: str) -> list[str]:
    """Kill a command of the device before each of its changes and boot after it; what runs then, in a list.

    What holds each time: a marker is there only with a guard that can read it, the boot finishes what is
    pending, and no release is torn. The first of the list is the command that was not killed.
    """
    template = device.root.parent / "template"
    shutil.copytree(device.home, template / "kiosk", symlinks=True)
    command = [sys.executable, str(KILLED), str(device.root), str(template), steps, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    left = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for found in left:
        assert found["status"] in (0, 137), found
        assert found["guarded"] or not found["pending"], found
        assert found["recovered"] == 0, found
        assert found["torn"] == [], found
        assert not found["unfinished"], found
    assert [found["status"] for found in left] == [0] + [137] * (len(left) - 1)
    return [found["runs"] for found in left]


@steps
@pytest.mark.parametrize(("behaviour", "end"), [("well", NEW), ("blind", OLD)])
def test_a_kill_before_any_change_of_a_switch_leaves_old_or_new(device, behaviour, end, steps):
    device.release(NEW, behaviour)
    device.release(THIRD)  # which is to be pruned
    runs = killed(device, steps, "switch", NEW, "--attached", "--window", "0.05")
    assert len(runs) > (20 if steps == "all" else 12)
    assert runs[0] == end
    assert runs[1] == OLD
    assert set(runs) == {OLD, end}


@steps
def test_a_kill_before_any_change_of_the_first_switch_leaves_none_or_the_first(device, steps):
    for name in ("current", "guard", "history", f"releases/{OLD}"):
        subprocess.run(["rm", "-rf", str(device.home / name)], check=True)
    device.release(NEW)
    runs = killed(device, steps, "switch", NEW, "--attached", "--window", "0.05")
    assert len(runs) > (20 if steps == "all" else 12)
    assert runs[0] == NEW
    assert set(runs) == {"", NEW}
    assert runs[1:] == sorted(runs[1:])  # once it was begun, there is one


def test_a_kill_before_changes_of_an_installation_leaves_no_torn_release(device, tmp_path):
    path = bundle(tmp_path, NEW)
    runs = killed(device, "some", "install", "--bundle", str(path))
    assert len(runs) > 15
    assert set(runs) == {OLD}
