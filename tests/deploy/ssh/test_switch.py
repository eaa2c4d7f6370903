"""What the device does when a release is switched to: switch.py, rollback.py and health.py of on_device."""

import os

import pytest

from deploy.on_device.__main__ import main
from tests.deploy.ssh.device import NEW, OLD, THIRD


def switch(device, commit, *more, window="0.1"):
    return main(["switch", commit, "--attached", "--window", window, "--root", str(device.root), *more])


def test_a_release_that_is_well_stays(device, capsys):
    device.release(NEW)
    assert switch(device, NEW) == 0
    assert device.current() == NEW
    assert not (device.home / "pending").exists()
    assert os.readlink(device.home / "guard") == f"releases/{NEW}"
    assert (device.home / "history").read_text().split() == [OLD, NEW]
    assert device.calls()[1:] == [
        "systemctl daemon-reload",
        "systemctl stop kiosk.service",
        "systemctl reset-failed kiosk.service",
        "systemctl start --no-block kiosk.service",
    ]
    assert "release bbbbbbbbbbbb runs and is well" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("fails", "kiosk.service does not stay up (exit-code, started anew 0 times)"),
        ("dies", "kiosk.service does not stay up (exit-code, started anew 3 times)"),
        ("hangs", "/health: Expecting value: line 1 column 1 (char 0)"),
        ("blind", "/health says down: camera dark"),
        ("frozen", "/health counts no frames: 7 for 0 s"),
    ],
)
def test_a_release_that_is_not_well_gives_way_to_the_old_one(device, capsys, behaviour, reason):
    device.release(NEW, behaviour)
    assert switch(device, NEW) == 1
    assert device.current() == OLD
    assert not (device.home / "pending").exists()
    said = capsys.readouterr()
    assert "the last words" in said.out
    assert said.err == f"switch: {reason}; back to aaaaaaaaaaaa, which runs again\n"
    assert device.calls()[-1] == "systemctl start --no-block kiosk.service"


def test_a_first_release_that_is_not_well_stays_for_want_of_another(device, capsys):
    for name in ("current", "guard", "history"):
        (device.home / name).unlink()
    device.release(NEW, "blind")
    assert switch(device, NEW) == 1
    assert device.current() == NEW
    assert "there is no release before it to go back to" in capsys.readouterr().err


def test_a_release_that_was_never_installed_is_refused(device, capsys):
    before = device.digest()
    assert switch(device, NEW) == 2
    assert device.digest() == before
    assert "there is no release bbbb" in capsys.readouterr().err


def test_its_own_unit_passes_its_lines_and_status_on(device, capsys):
    device.release(NEW, "blind")
    assert main(["switch", NEW, "--window", "0.1", "--root", str(device.root)]) == 1
    said = capsys.readouterr().out
    assert "switch: /health says down: camera dark; back to aaaaaaaaaaaa, which runs again" in said
    assert device.current() == OLD


def test_a_service_that_dies_after_it_was_well_is_not(device, capsys):
    device.release(NEW)
    device.command(
        "systemctl",
        '#!/bin/sh\ncase "$1" in show) ;; *) exit 0 ;; esac\n'
        'n=$(cat "$DEVICE_STATE/n" 2>/dev/null || echo 0)\n'
        'echo $((n + 1)) > "$DEVICE_STATE/n"\n'
        'printf "LoadState=loaded\\nActiveState=active\\nMainPID=$((1 + n / 3))\\nNRestarts=0\\n"\n',
    )
    assert switch(device, NEW, window="1") == 1
    assert "kiosk.service ended after it had been well" in capsys.readouterr().err


def test_the_release_before_is_rolled_back_to_and_forth(device, capsys):
    device.release(NEW)
    switch(device, NEW)
    rollback = ["rollback", "--attached", "--window", "0.1", "--root", str(device.root)]
    assert main(rollback) == 0
    assert device.current() == OLD
    assert main(rollback) == 0
    assert device.current() == NEW


def test_there_is_nothing_to_roll_back_to(device, capsys):
    before = device.digest()
    assert main(["rollback", "--root", str(device.root)]) == 2
    assert "there is no release before aaaaaaaaaaaa" in capsys.readouterr().err
    assert device.digest() == before


def test_the_last_three_are_kept_and_what_links_and_marker_name(device):
    commits = [character * 40 for character in "0123456"]
    for commit in commits:
        device.release(commit)
        assert switch(device, commit) == 0
    left = sorted(path.name for path in (device.home / "releases").iterdir())
    assert left == commits[-3:]
    device.release(THIRD)  # installed, never run
    os.unlink(device.home / "guard")
    os.symlink(f"releases/{THIRD}", device.home / "guard")
    assert switch(device, commits[-3]) == 0
    assert (device.home / "releases" / commits[-3]).is_dir()


def test_without_a_page_systemds_word_counts(device):
    device.file("etc/kiosk/kiosk.toml", '[output]\nuse = ["window"]\n')
    device.release(NEW)
    assert switch(device, NEW) == 0
    device.release(THIRD, "fails")
    assert switch(device, THIRD) == 1
    assert device.current() == NEW
