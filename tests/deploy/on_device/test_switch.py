"""What the device does when a release is switched to: switch.py, rollback.py and health.py of on_device."""

import os
from types import SimpleNamespace

import pytest

from deploy.on_device import health
from deploy.on_device.__main__ import main
from deploy.on_device.layout import Layout
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
        "systemctl reset-failed kiosk.service",
        "systemctl stop kiosk.service",
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


@pytest.mark.parametrize(("job", "is_fatal"), [("", True), ("Job=\n", True), ("Job=812\n", False)])
def test_a_stop_that_failed_is_no_failed_start_while_the_start_is_due(device, job, is_fatal):
    device.unit(f"LoadState=loaded\nActiveState=failed\nResult=timeout\nMainPID=0\nNRestarts=0\n{job}")
    seen = health.sample(Layout(device.root))
    assert (seen.fatal, seen.why != "") == (is_fatal, True)


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


def test_the_release_that_runs_is_not_gone_back_from(device, capsys):
    (device.home / "releases" / OLD / "app/behaviour").write_text("blind")
    assert switch(device, OLD) == 1
    assert device.current() == OLD
    assert "it ran before, too, and stays" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("use", "where"),
    [
        ('["web"]', ("127.0.0.1", 8080, False, True)),
        ('["window", "web:81"]', ("127.0.0.1", 81, False, True)),
        ('["web:0.0.0.0:82"]', ("127.0.0.1", 82, False, True)),
        ('["web:[::]:83"]', ("127.0.0.1", 83, False, True)),
        ('["web:192.168.0.7:84"]', ("192.168.0.7", 84, False, True)),
        ('["web"]\n[web]\ncertificate = "/etc/kiosk/page.pem"', ("127.0.0.1", 8080, True, True)),
        ('["auto"]', ("127.0.0.1", 8080, False, False)),
        ('["window"]', None),
        ('["we', ("127.0.0.1", 8080, False, False)),
    ],
)
def test_where_health_answers_is_read_from_the_settings(device, use, where):
    device.file("etc/kiosk/kiosk.toml", f"[output]\nuse = {use}\n")
    assert health.page(Layout(device.root)) == where


def test_the_status_of_all_that_is_in_force(device, capsys):
    device.release(NEW)
    (device.home / "history").write_text(f"{NEW}\n{OLD}\n")
    device.file("var/lib/kiosk/ladder.json", '{"counters": {"camera_reopened": 2, "reboots": 0}}')
    device.file("sys/fs/cgroup/30s/memory.max", "201326592\n")
    assert main(["status", "--root", str(device.root)]) == 0
    said = capsys.readouterr().out.splitlines()
    frames = said[3].split(", ")[1]
    assert said == [
        f"release       {OLD}",
        "before it     bbbbbbbbbbbb",
        "switch        none under way",
        f"health        well, {frames}",
        "ladder        camera_reopened 2",
        "watchdog      service WatchdogUSec=30s, hardware RuntimeWatchdogUSec=30s",
        "memory.max    192 MiB",
        "throttled     under-voltage now, throttled now, under-voltage since the start, "
        "throttled since the start",
    ]


@pytest.mark.parametrize(
    ("limit", "words"),
    [("max", "not in force: max"), (None, "not in force: the memory controller is off")],
)
def test_a_memory_limit_that_is_not_in_force_is_said(device, capsys, limit, words):
    if limit:
        device.file("sys/fs/cgroup/30s/memory.max", limit)
    main(["status", "--root", str(device.root)])
    assert words in capsys.readouterr().out


def test_a_kiosk_that_is_not_well_is_status_1(device, capsys):
    (device.home / "current/app/behaviour").write_text("blind")
    assert main(["status", "--brief", "--root", str(device.root)]) == 1
    assert capsys.readouterr().out == "health        /health says down: camera dark\n"


def test_a_release_that_finds_itself_unfit_is_not_switched_to(device, capsys):
    device.release(NEW, "unfit")
    assert main(["trial", NEW, "--root", str(device.root)]) == 1
    assert capsys.readouterr().err == (
        "trial: `doctor` of bbbbbbbbbbbb says: ages 9.0 years for the built-in face, which is 34.3\n"
    )


def test_a_damaged_release_is_named_with_its_file(device, capsys):
    assert main(["verify", OLD, "--root", str(device.root)]) == 0
    (device.home / "releases" / OLD / "app/COMMIT").write_text("?")
    assert main(["verify", OLD, "--root", str(device.root)]) == 1
    assert capsys.readouterr().err == "verify: release aaaaaaaaaaaa is damaged: app/COMMIT\n"


def samples(monkeypatch, *seen: health.Sample) -> None:
    """What `watch` sees, one after the other; the last for ever. Each look takes a second of its clock."""
    clock, left = iter(range(1000)), list(seen)
    monkeypatch.setattr(health, "sample", lambda layout: left.pop(0) if len(left) > 1 else left[0])
    quick = SimpleNamespace(monotonic=lambda: float(next(clock)), sleep=lambda seconds: None)
    monkeypatch.setattr(health, "time", quick)


WELL = [health.Sample("", "1", frames) for frames in range(100)]
SLOW = health.Sample("/health did not answer within 2 s", "1")


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (WELL, ""),
        ([SLOW] * 8 + WELL, ""),  # became well just before the end
        ([*WELL[:10], SLOW, *WELL[11:]], ""),  # one slow answer at the end
        ([*WELL[:9], SLOW, SLOW, *WELL[11:]], SLOW.why),
        ([SLOW], SLOW.why),
        ([*WELL[:3], health.Sample("", "2", 0)], "kiosk.service ended after it had been well"),
        ([WELL[7]], "/health counts no frames: 7 for 10 s"),
        ([health.Sample("", "1")], ""),  # where nobody counts frames
        ([SLOW, health.Sample("failed", "0", fatal=True)], "failed"),
    ],
)
def test_what_is_well_within_a_window_of_ten_seconds(tmp_path, monkeypatch, seen, why):
    samples(monkeypatch, *seen)
    assert health.watch(Layout(tmp_path), 10.0) == why


STARTS = health.Sample("still starting", "1", starting=True)


@pytest.mark.parametrize(
    ("seen", "used", "why"),
    [
        ([STARTS] * 40 + WELL, [1.0] * 40, ""),  # a slow board
        ([STARTS] * 40 + WELL, [1.0] * 5, STARTS.why),  # one that hangs
        ([STARTS] * 40 + WELL, [0.0] * 5 + [1.0, 0.0] * 20, ""),  # waits for its card
        ([STARTS] * 200 + WELL, [1.0] * 200, STARTS.why),  # longer than systemd waits
        ([STARTS] * 40 + [SLOW], [1.0] * 40, SLOW.why),
    ],
)
def test_the_window_begins_when_the_start_is_over(tmp_path, monkeypatch, seen, used, why):
    looks, total, taken = iter(used), [0.0], []
    samples(monkeypatch, *seen)

    def processor_s(proc, pid):
        total[0] += next(looks, 0.0)
        taken.append(pid)
        return total[0]

    monkeypatch.setattr(health, "processor_s", processor_s)
    assert health.watch(Layout(tmp_path), 10.0) == why
    assert set(taken) == {"1"}


def test_the_processor_time_of_a_process(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text("7 (a b) c) R 1 7 7 0 -1 4194304 90 0 0 0 150 50 9 9 20 0 1 0 5 6 7\n")
    tick = os.sysconf("SC_CLK_TCK")
    assert health.processor_s(tmp_path, "7") == 200 / tick
    assert health.processor_s(tmp_path, "8") == 0.0
