"""`make flash` against a real sshd on the loopback, with a folder as the device's root."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy import __main__ as deploy
from deploy.on_device.layout import Layout, Marker, point
from deploy.ssh import flash
from tests.deploy.ssh.device import NEW, OLD, THIRD, Device, bundle

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    not (SSHD and shutil.which("rsync") and shutil.which("ssh")), reason="there is no sshd or rsync here"
)
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
START_S = 20  # for sshd to listen


class Server:
    """An sshd of this user on a port of its own, whose sessions see the device's commands and state."""

    def __init__(self, folder: Path, device: Device):
        folder.mkdir(mode=0o700)
        self.folder, self.device = folder, device
        for name in ("host", "other_host", "user", "other_user"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(key, check=True)
        (folder / "authorized").write_text((folder / "user.pub").read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "ssh_config").write_text(
            f"UserKnownHostsFile {folder}/known\nGlobalKnownHostsFile /dev/null\nPasswordAuthentication no\n"
        )
        self.start("host")

    def start(self, host_key: str) -> None:
        environment = self.device.environment
        names = ("PATH", "DEVICE_STATE", "DEVICE_ROOT")
        (self.folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/{host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
            f"SetEnv HOME={self.folder} "  # and so no start file of this user's shell
            + " ".join(f"{name}={environment[name]}" for name in names)
            + "\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)  # where root's sshd separates its privileges
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self.log = (self.folder / "sshd.log").open("w")
        self.process = subprocess.Popen(command, stderr=self.log, start_new_session=True)
        end = time.monotonic() + START_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    assert connection.recv(4) == b"SSH-"
                    return
            except OSError:
                assert self.process.poll() is None, (self.folder / "sshd.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.05)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)
        self.log.close()

    def options(self, **changed: str) -> list[str]:
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        named = {
            "host": f"{user}@127.0.0.1",
            "port": str(self.port),
            "key": str(self.folder / "user"),
            "ssh-config": str(self.folder / "ssh_config"),
            "root": str(self.device.root),
            **changed,
        }
        return [f"--{name}={value}" for name, value in named.items()]

    def flash(self, path: Path, **changed: str) -> int:
        return deploy.main(["flash", *self.options(**changed), "--bundle", str(path), "--window", "1"])


@pytest.fixture
def server(tmp_path, monkeypatch):
    device = Device(tmp_path)
    monkeypatch.setattr(flash.bundle, "SYSTEMS", {"bookworm": flash.bundle.System(PYTHON, "2_36")})
    made = Server(tmp_path / "ssh", device)
    yield made
    made.stop()
    device.close()


def test_flashed_then_the_same_again_then_upgraded_then_broken_then_back(server, tmp_path, capfd):
    device = server.device
    first = bundle(tmp_path, OLD)
    assert server.flash(first) == 0
    said = capfd.readouterr()
    assert "release aaaaaaaaaaaa runs and is well" in said.out
    assert "note: under-voltage now: take the official power supply, and give it air" in said.out
    assert device.current() == OLD
    assert not list((device.home / "incoming").glob("*.zst"))

    before, calls = device.digest(), device.calls()
    assert server.flash(first) == 0
    assert "aaaaaaaaaaaa runs on" in (said := capfd.readouterr().out)
    assert "nothing was sent, nothing restarted" in said
    assert device.digest() == before
    assert device.calls() == calls

    assert server.flash(bundle(tmp_path, NEW)) == 0
    assert device.current() == NEW
    capfd.readouterr()

    assert server.flash(bundle(tmp_path, THIRD, "blind")) == 1
    said = capfd.readouterr()
    assert "the last words" in said.out
    assert "/health says down: camera dark; back to bbbbbbbbbbbb, which runs again" in said.out + said.err
    assert device.current() == NEW

    assert deploy.main(["rollback", *server.options(), "--window", "1"]) == 0
    assert device.current() == OLD
    assert deploy.main(["status", *server.options()]) == 0
    said = capfd.readouterr().out
    assert f"release       {OLD}" in said
    assert "before it     bbbbbbbbbbbb" in said
    assert deploy.main(["logs", *server.options()]) == 0
    assert "the last words" in capfd.readouterr().out


def test_a_release_that_the_card_lost_a_file_of_is_sent_again(server, tmp_path, capfd):
    device = server.device
    for commit in (OLD, NEW):
        assert server.flash(bundle(tmp_path, commit)) == 0
    lost = device.home / "releases" / OLD / "site-packages/numpy/core.so"
    lost.write_text("ELF")
    capfd.readouterr()
    assert server.flash(tmp_path / f"kiosk-{OLD[:12]}-bookworm.tar.zst") == 0
    said = capfd.readouterr()
    assert "release aaaaaaaaaaaa is damaged: site-packages/numpy/core.so" in said.err
    assert "sent 0.0 MB" in said.out
    assert lost.read_text() == "ELF" * 5000
    assert device.current() == OLD


def test_a_switch_that_died_is_gone_back_from_before_anything_is_sent(server, tmp_path, capfd):
    device = server.device
    device.runs(OLD)
    device.release(THIRD, "blind")
    Layout(device.root).begin(Marker(THIRD, OLD, "boot-0", 0.0, 30.0))
    point(device.home / "current", THIRD)
    assert server.flash(bundle(tmp_path, OLD)) == 0
    said = capfd.readouterr().out
    assert "a switch to cccccccccccc was not finished; back to aaaaaaaaaaaa, which runs again" in said
    assert "nothing was sent" in said
    assert device.current() == OLD


def refused(server, tmp_path, capfd, **changed: str) -> str:
    """The one line that is said of a `make flash` that changes nothing."""
    path = bundle(tmp_path, NEW)
    before = server.device.digest()
    assert server.flash(path, **changed) == 2
    assert server.device.digest() == before
    said = capfd.readouterr().err
    assert said.count("\n") == 1, said
    return said


def test_wrong_ways_to_a_device_are_one_line_and_change_nothing(server, tmp_path, capfd):
    assert "does not take this key" in refused(server, tmp_path, capfd, key=f"{server.folder}/other_user")
    assert "there is no nobody.invalid" in refused(server, tmp_path, capfd, host="pi@nobody.invalid")
    assert "is there and no SSH on it" in refused(server, tmp_path, capfd, port="1")
    assert "KEY=/none is not there" in refused(server, tmp_path, capfd, key="/none")
    assert "HOST=-x is no name" in refused(server, tmp_path, capfd, host="-x")


def test_a_host_key_that_changed_is_refused(server, tmp_path, capfd):
    assert deploy.main(["status", *server.options()]) == 2  # learns the key
    assert "there is no release on" in capfd.readouterr().err
    server.stop()
    server.start("other_host")
    said = refused(server, tmp_path, capfd)
    assert "shows another host key than before: after a new card" in said
    assert f"run `ssh-keygen -R '[127.0.0.1]:{server.port}'`" in said


def test_unfit_devices_and_bundles_are_one_line_and_change_nothing(server, tmp_path, capfd):
    device = server.device
    trixie = bundle(tmp_path / "t", THIRD, system="trixie")
    before = device.digest()
    assert server.flash(trixie) == 2
    said = capfd.readouterr().err
    assert said == "deploy flash: the device runs bookworm, and the release is for trixie: say OS=bookworm\n"
    whole = bundle(tmp_path, NEW)
    cut = tmp_path / "cut.tar.zst"
    cut.write_bytes(whole.read_bytes()[:-600])
    assert server.flash(cut) == 2
    assert "deploy flash: cut.tar.zst is cut short or damaged" in capfd.readouterr().err
    device.command("python3", "#!/bin/sh\necho 'sh: python3: not found' >&2; exit 127\n")
    assert server.flash(whole) == 2
    assert "python3 does not run on" in capfd.readouterr().err
    assert device.digest() == before


def test_a_connection_that_is_cut_in_the_window_leaves_the_device_to_go_on(server, tmp_path, capfd):
    device = server.device
    assert server.flash(bundle(tmp_path, OLD)) == 0
    path = bundle(tmp_path, NEW)
    command = [sys.executable, "-c", RUN, PYTHON, "flash", *server.options(), "--bundle", str(path)]
    technician = subprocess.Popen([*command, "--window", "3"], stderr=subprocess.PIPE, text=True)
    wait(lambda: device.current() == NEW and (device.home / "pending").exists())
    for pid in children(server.process.pid):  # as when the cable is pulled
        os.kill(pid, signal.SIGKILL)
    assert technician.wait(60) == 3
    assert "was lost; the device goes on by itself" in technician.stderr.read()
    technician.stderr.close()
    wait(lambda: not (device.home / "pending").exists())
    assert device.current() == NEW
    assert (device.home / "history").read_text().split() == [OLD, NEW]


RUN = """
import sys
from deploy import __main__ as deploy
from deploy.ssh import flash
flash.bundle.SYSTEMS = {"bookworm": flash.bundle.System(sys.argv[1], "2_36")}
sys.exit(deploy.main(sys.argv[2:]))
"""


def wait(holds) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """The processes that an sshd started for its sessions."""
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]
