"""One emulated 64-bit ARM machine: booted, spoken to over SSH, cut off from its power, its disk checked."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.kept import PATH
from tests.vm.artefacts import Artefacts

BOOT_LIMIT_S = 600  # a free core takes 30 s; every other limit is a multiple of what this run measured
ASK_EVERY_S = 0.5


class MachineError(AssertionError):
    """The machine did not do what every machine must, such as boot."""


class Machine:
    """A machine with a disk of its own in `folder`. `boot_s` is the time of its first boot, in seconds."""

    def __init__(self, artefacts: Artefacts, folder: Path, cores: int = 2, memory_mib: int = 1024):
        self.artefacts = artefacts
        self.folder = folder
        self.disk = folder / "disk.img"
        self.port = _free_port()
        self.boot_s = 0.0
        self._cores, self._memory = cores, memory_mib
        self._process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if not self.disk.exists():
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", artefacts.disk, self.disk], check=True)
        self.config = _ssh_config(folder, artefacts.key)
        self.bin = _ssh_that_knows(folder, self.config)

    @property
    def host(self) -> str:
        """What `make flash HOST=` takes."""
        return "pi@127.0.0.1"

    @property
    def console(self) -> str:
        """What the machine wrote to its serial console since it was booted."""
        return (self.folder / "console").read_text(errors="replace")

    def boot(self, *options: str, words: str = "") -> float:
        """Boot until sshd itself answers; seconds. `options` are QEMU's, `words` the kernel's."""
        started = time.monotonic()
        self._start(options, words)
        while not _greets(self.port):
            if not self.is_on():
                raise MachineError(f"qemu ended: {(self.folder / 'qemu.log').read_text()[-500:]}")
            if time.monotonic() - started > BOOT_LIMIT_S:
                self.cut()
                raise MachineError(f"no sshd within {BOOT_LIMIT_S} s: {self.console[-500:]}")
            time.sleep(ASK_EVERY_S)
        seconds = time.monotonic() - started
        self.boot_s = self.boot_s or seconds
        return seconds

    def run_out(self, limit: float, words: str = "") -> float | None:
        """Boot it and wait until it ends by itself; the seconds that took, None if it did not."""
        self._start((), words)
        return self.ended_within(limit)

    def monitor(self, command: str) -> None:
        """A command of QEMU's own, such as `set_link net off`, which pulls the network's cable."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "monitor"))
            connection.sendall(f"{command}\n".encode())
            time.sleep(0.5)

    def is_on(self) -> bool:
        """Whether it runs; a reset ends it too (QEMU's -no-reboot)."""
        return self._process is not None and self._process.poll() is None

    def ended_within(self, seconds: float) -> float | None:
        """Wait for it to end by itself or by its watchdog; the seconds that took, None if it did not."""
        assert self._process is not None
        started = time.monotonic()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - started

    def cut(self) -> None:
        """Take its power away: nothing that it holds in memory reaches the disk."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def power_off(self) -> None:
        """End it as a person would, then by force."""
        if self.is_on():
            self.ssh("sudo systemctl poweroff", check=False, limit=60)
            self.ended_within(max(60.0, 3 * self.boot_s))
        self.cut()

    def ssh(self, command: str, *, check: bool = True, limit: float = 300) -> str:
        """What a command in its shell prints, errors too; without `check` a failed one is as good."""
        if not self.is_on():
            raise MachineError(f"the machine is off; its last words: {self.console[-300:]}")
        done = subprocess.run(
            ["ssh", "-F", str(self.config), "-p", str(self.port), self.host, command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
            check=False,
        )
        if check and done.returncode:
            raise MachineError(f"`{command}` left with {done.returncode}: {done.stdout[-2000:]}")
        return done.stdout

    def make(self, *arguments: str, limit: float) -> subprocess.CompletedProcess[str]:
        """`make ARGUMENTS HOST=… PORT=…` of this repository, as a technician types it, output as text."""
        return subprocess.run(
            self.make_command(*arguments), **self.make_options(), timeout=limit, check=False
        )

    def make_command(self, *arguments: str) -> list[str]:
        """That command, for tests that start it themselves."""
        target = [f"HOST={self.host}", f"PORT={self.port}"]
        return ["make", "--no-print-directory", "--old-file=setup", *arguments, *target]

    def make_options(self) -> dict:
        """Its environment: an `ssh` first on the PATH that knows the machine's key, which rsync takes too."""
        return {
            "env": os.environ | {"PATH": f"{self.bin}:{PATH}"},
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }

    def filesystem_faults(self) -> str:
        """What `fsck -fn` finds on the disk of a machine that is off, its journal replayed; "" when clean."""
        assert not self.is_on()
        copy = self.folder / "fsck.img"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.disk, copy], check=True)
        environment = os.environ | {"PATH": PATH}
        subprocess.run(["e2fsck", "-p", "-E", "journal_only", copy], env=environment, check=False)
        done = subprocess.run(
            ["e2fsck", "-fn", copy], env=environment, capture_output=True, text=True, check=False
        )
        copy.unlink()
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def _start(self, options: tuple[str, ...], words: str) -> None:
        assert not self.is_on(), "it runs already"
        log = (self.folder / "qemu.log").open("w")
        self._process = subprocess.Popen(
            self._command(options, words), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def _command(self, options: tuple[str, ...], words: str) -> list[str]:
        network = f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"
        return [
            *("setpriv", "--pdeathsig", "KILL"),  # it must not outlive the tests, however they end
            *("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"),
            *("-accel", "tcg,thread=multi,tb-size=512", "-smp", str(self._cores), "-m", str(self._memory)),
            *("-display", "none", "-no-reboot", "-serial", f"file:{self.folder / 'console'}"),
            *("-monitor", f"unix:{self.folder / 'monitor'},server,nowait"),
            *("-kernel", str(self.artefacts.kernel), "-initrd", str(self.artefacts.initrd)),
            *("-append", f"console=ttyAMA0 rw quiet loglevel=3 panic=5 systemd.show_status=false {words}"),
            *("-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback"),
            # without a ROM: QEMU 7.2 wants one for its network card, from another package
            *("-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile="),
            *("-device", "virtio-rng-pci", *options),
        ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _greets(port: int) -> bool:
    """Whether sshd answers: QEMU's forwarding accepts before the guest listens, so its greeting counts."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _ssh_config(folder: Path, key: Path) -> Path:
    """The technician's ~/.ssh/config for this machine. One connection is kept: a greeting takes a second."""
    mine = folder / "key"
    shutil.copyfile(key, mine)
    mine.chmod(0o600)
    config = folder / "ssh_config"
    config.write_text(
        f"IdentityFile {mine}\nIdentitiesOnly yes\nBatchMode yes\nLogLevel ERROR\n"
        "StrictHostKeyChecking accept-new\n"
        f"UserKnownHostsFile {folder / 'known_hosts'}\nConnectTimeout 60\nServerAliveInterval 20\n"
    )
    return config


def _ssh_that_knows(folder: Path, config: Path) -> Path:
    """A folder with an `ssh` that reads that file first."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    program = place / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F "{config}" "$@"\n')
    program.chmod(0o755)
    return place
