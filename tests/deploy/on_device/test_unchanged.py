"""The quick answer of a release that runs and is well: on_device/unchanged.sh, as it is sent, over a root."""

import subprocess

import pytest

from deploy.ssh.flash import TOOLS
from tests.deploy.ssh.device import NEW, OLD


def is_unchanged(device, commit: str = OLD, time: str = "0", system: str = "", **environment: str) -> bool:
    command = ["sh", "-s", "--", commit, time, system, str(device.root)]
    script = (TOOLS / "unchanged.sh").read_text()
    environment = device.environment | environment
    done = subprocess.run(command, input=script, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
    return done.returncode == 0


def test_a_release_that_runs_and_is_well_is_unchanged_and_nothing_is_written(device):
    before = device.digest()
    assert is_unchanged(device)
    assert is_unchanged(device, system="bookworm", time="1700000000")
    assert device.digest() == before


def test_no_python_is_started_for_it(device):
    device.command("python3", "#!/bin/sh\nexit 1\n")
    assert is_unchanged(device)


OTHERWISE = {
    "another release is current": lambda d: d.release(NEW) and (d.home / "current").unlink(),
    "a switch is not finished": lambda d: (d.home / "pending").write_text("{}"),
    "a file is gone": lambda d: (d.home / "current/app/COMMIT").unlink(),
    "its list is gone": lambda d: (d.home / "current/MANIFEST").unlink(),
    "its list is empty": lambda d: (d.home / "current/MANIFEST").write_text(""),
    "it sees nothing": lambda d: d.unit("ActiveState=active\nStatusText=down: camera dark\n"),
    "it lacks a part": lambda d: d.unit("ActiveState=active\nStatusText=degraded: no output\n"),
    "it starts": lambda d: d.unit("ActiveState=activating\nStatusText=ok\n"),
    "it says nothing": lambda d: d.unit("ActiveState=active\nStatusText=\n"),
    "nobody knows it": lambda d: d.unit(""),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_it_is_not_when(device, case):
    OTHERWISE[case](device)
    assert not is_unchanged(device)


def test_it_is_not_for_another_commit_another_system_or_a_clock_before_it(device):
    assert not is_unchanged(device, commit=NEW)
    assert not is_unchanged(device, system="trixie")
    assert not is_unchanged(device, time="99999999999")
