"""The machine's setup, on a folder that stands for its root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.on_device import setup

DEPLOY = Path(setup.__file__).resolve().parents[1]
SYSTEM = "etc/systemd/system"


class Pi:
    """A root folder, a release beside it, and the commands that would have been run."""

    def __init__(self, folder, monkeypatch):
        self.root, self.release, self.ran = folder / "root", folder / "release", []
        for name in ("units", "on_device"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(DEPLOY / name, self.release / "app/deploy" / name, ignore=ignored)
        self.put("etc/os-release", 'ID=debian\nVERSION_ID="13"\n')
        self.put("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        self.put("etc/group", "root:x:0:\nvideo:x:44:\nrender:x:105:\n")
        monkeypatch.setattr(setup, "run", self.run)

    def put(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def get(self, name):
        return (self.root / name).read_text()

    def run(self, *command):
        self.ran.append(command)
        if command[0] == "systemd-sysusers":
            self.put("etc/passwd", "kiosk:x:994:994:Kiosk:/var/lib/kiosk:/usr/sbin/nologin\n")
            self.put("etc/group", "video:x:44:kiosk\nrender:x:105:pi,kiosk\nkiosk:x:994:\n")

    def set_up(self, capsys, status=0):
        """Returns what was said, on both streams."""
        capsys.readouterr()
        assert setup.main(["--root", str(self.root), "--release", str(self.release)]) == status
        said = capsys.readouterr()
        return (said.out + said.err).splitlines()

    def tree(self):
        """Every path below the root with its contents."""
        return {
            str(path): os.readlink(path) if path.is_symlink() else path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture
def pi(tmp_path, monkeypatch):
    return Pi(tmp_path, monkeypatch)


def test_a_second_time_changes_nothing_and_says_so(pi, capsys):
    assert f"{SYSTEM}/kiosk.service: written" in pi.set_up(capsys)
    before = pi.tree()
    assert pi.set_up(capsys) == ["set up already: nothing to change"]
    assert pi.tree() == before


def test_units_are_there_and_started_with_the_machine(pi, capsys):
    pi.set_up(capsys)
    assert os.readlink(pi.root / SYSTEM / "multi-user.target.wants/kiosk.service") == "../kiosk.service"
    assert (pi.root / SYSTEM / "timers.target.wants/kiosk-network.timer").exists()
    assert not list(pi.root.rglob("*.wants/kiosk-retry.timer"))  # the failure of kiosk.service starts it
    assert "Storage=volatile" in pi.get("etc/systemd/journald.conf.d/kiosk.conf")


def test_growing_pauses_are_for_a_systemd_that_knows_them(pi, capsys):
    steps = pi.root / SYSTEM / "kiosk.service.d/restart-steps.conf"
    pi.put("etc/os-release", 'VERSION_ID="12"\n')
    pi.set_up(capsys)
    assert not steps.exists()
    pi.put("etc/os-release", 'VERSION_ID="13"\n')
    pi.set_up(capsys)
    assert steps.exists()


def test_the_configuration_is_never_touched(pi, capsys):
    pi.set_up(capsys)
    assert (pi.root / "etc/kiosk/kiosk.toml").stat().st_mode & 0o777 == 0o640
    pi.put("etc/kiosk/kiosk.toml", "[limits]\nmemory_mib = 200\n")
    assert f"{SYSTEM}/kiosk.service.d/memory.conf: written" in pi.set_up(capsys)
    assert pi.get("etc/kiosk/kiosk.toml") == "[limits]\nmemory_mib = 200\n"
    assert "MemoryMax=264M" in pi.get(f"{SYSTEM}/kiosk.service.d/memory.conf")


def test_the_configuration_belongs_to_root_and_its_group_is_the_kiosks(pi, capsys):
    pi.set_up(capsys)
    found = (pi.root / "etc/kiosk/kiosk.toml").stat()
    if os.geteuid() != 0:  # only root gives files away
        return
    assert (found.st_uid, found.st_gid) == (0, 994)
    (pi.root / "etc/kiosk/kiosk.toml").chmod(0o666)
    assert "etc/kiosk/kiosk.toml: mode 640, owner root, group 994" in pi.set_up(capsys)


def test_updates_by_night_or_not_at_all(pi, capsys):
    timer = f"{SYSTEM}/apt-daily-upgrade.timer.d/kiosk.conf"
    assert "sudo apt install unattended-upgrades" in "".join(pi.set_up(capsys))
    assert "OnCalendar=*-*-* 04:00" in pi.get(timer)
    assert '-security,label=Debian-Security"' in pi.get("etc/apt/apt.conf.d/52kiosk")
    pi.put("etc/kiosk/os.toml", 'updates = "off"\n')
    said = pi.set_up(capsys)
    assert "etc/apt/apt.conf.d/52kiosk: taken away" in said
    assert "ConditionPathExists=/never" in pi.get(timer)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("os.toml", 'updates = "always"', "updates = 'always'"),
        ("os.toml", "update = 1", "unknown 'update'; allowed: updates, video"),
        ("os.toml", 'video = "a b"', "video = 'a b'; write HDMI-A-1:1920x1080@60D"),
        ("os.toml", "updates", "/etc/kiosk/os.toml: Expected '='"),
        ("kiosk.toml", "[limits", "/etc/kiosk/kiosk.toml: Expected ']'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2_and_changes_nothing(pi, capsys, name, text, said):
    pi.put(f"etc/kiosk/{name}", text)
    before = pi.tree()
    (line,) = pi.set_up(capsys, status=2)
    assert said in line
    assert pi.tree() == before


def test_a_folder_that_is_no_release_is_refused(pi, capsys):
    shutil.rmtree(pi.release / "app")
    (line,) = pi.set_up(capsys, status=2)
    assert "is no release" in line


def test_the_way_back_takes_away_what_the_older_release_has_not(pi, capsys):
    later = pi.release / "app/deploy/units/kiosk-later.service"
    later.write_text("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    pi.set_up(capsys)
    assert (pi.root / SYSTEM / "multi-user.target.wants/kiosk-later.service").exists()
    later.unlink()
    pi.put(f"{SYSTEM}/somebody-elses.service", "")
    assert f"{SYSTEM}/kiosk-later.service: taken away" in pi.set_up(capsys)
    assert not list(pi.root.rglob("*kiosk-later*"))
    assert (pi.root / f"{SYSTEM}/somebody-elses.service").exists()


def test_the_old_swap_file_gives_way_where_there_is_one(pi, capsys):
    pi.set_up(capsys)
    assert not (pi.root / SYSTEM / "dphys-swapfile.service").is_symlink()
    pi.put("usr/lib/systemd/system/dphys-swapfile.service", "")
    pi.set_up(capsys)
    assert os.readlink(pi.root / SYSTEM / "dphys-swapfile.service") == "/dev/null"


def test_boot_files_are_changed_where_they_are_and_said_to_count_later(pi, capsys):
    pi.put("boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1-02 rootwait\n")
    pi.put("etc/fstab", "PARTUUID=1-02  /  ext4  defaults,noatime  0  1\n")
    pi.put("etc/kiosk/os.toml", 'video = "HDMI-A-1:1920x1080@60D"\n')
    assert "count from the machine's next start" in pi.set_up(capsys)[-1]
    words = "cgroup_enable=memory consoleblank=0 video=HDMI-A-1:1920x1080@60D"
    assert pi.get("boot/firmware/cmdline.txt") == f"console=tty1 root=PARTUUID=1-02 rootwait {words}\n"
    assert pi.get("etc/fstab") == "PARTUUID=1-02\t/\text4\tdefaults,noatime,commit=60\t0\t1\n"
    assert pi.set_up(capsys) == ["set up already: nothing to change"]


def test_only_the_machine_itself_is_told(pi, capsys):
    pi.set_up(capsys)
    assert [command[0] for command in pi.ran] == ["systemd-sysusers"]


def test_who_has_to_hear_of_what(pi):
    changed = ["etc/systemd/journald.conf.d/kiosk.conf", f"{SYSTEM}/kiosk.service"]
    setup.tell_the_system([*changed, f"{SYSTEM}/multi-user.target.wants/kiosk.service"])
    assert pi.ran == [
        ("systemctl", "daemon-reload"),
        ("systemctl", "restart", "systemd-journald"),
    ]
    pi.ran.clear()
    setup.tell_the_system([f"{SYSTEM}/timers.target.wants/kiosk-network.timer"])
    assert pi.ran[-1] == ("systemctl", "start", "--no-block", "kiosk-network.timer")


def test_it_runs_as_a_script_leaves_no_bytecode_and_makes_the_user(pi):
    """With systemd's own tool, which needs root to give files away."""
    script = pi.release / "app/deploy/on_device/setup.py"
    command = [sys.executable, "-I", str(script), "--root", str(pi.root), "--release", str(pi.release)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "written" in done.stdout) == (0, True), done.stderr
    assert not list(pi.release.rglob("*.pyc"))
    if shutil.which("systemd-sysusers") and os.geteuid() == 0:
        assert "kiosk:x:" in pi.get("etc/passwd")
        assert "video:x:44:kiosk" in pi.get("etc/group")


def test_a_command_that_fails_is_said_and_ends_nothing(capsys):
    setup.run("false")
    setup.run("no-such-command")
    assert capsys.readouterr().err.splitlines() == [
        "false: status 1",
        "no-such-command: [Errno 2] No such file or directory: 'no-such-command'",
    ]
