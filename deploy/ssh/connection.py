"""One OpenSSH connection to a device, shared by all that is asked of it; its failures are a sentence each."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from deploy.errors import DeployError, LostError

OPTIONS = {
    "BatchMode": "yes",  # never asks: not for a password, not for a key's pass phrase
    "ConnectTimeout": "10",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "StrictHostKeyChecking": "accept-new",  # a device's first key is learned, a changed one refused
    "ControlPersist": "60",
}
NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]*@)?[A-Za-z0-9\[:][A-Za-z0-9.:%_\]-]*")
OPENING_S = 60  # for name, connection, greeting and keys together
LOST = 255  # ssh's own status
RSYNC_LOST = (10, 12, 30, 35, LOST)
FAILURES = (  # of ssh's words, the first that is found; {host} is without the user
    (
        "IDENTIFICATION HAS CHANGED",
        "{host} shows another host key than before: after a new card run `ssh-keygen -R {name}`, "
        "else find out who answers in its place",
    ),
    ("Host key verification failed", "{host}'s host key cannot be checked: run `ssh {target}` once by hand"),
    (
        "Permission denied",
        "{target} does not take this key: copy it with `ssh-copy-id {target}`, or name another with KEY=",
    ),
    (
        "Could not resolve",
        "there is no {host} on this network: is it on, and its name right? try its address",
    ),
    ("Name or service not known", "there is no {host} on this network: is it on, and its name right?"),
    ("Connection refused", "{host} is there and no SSH on it: run `sudo systemctl enable --now ssh` on it"),
    ("timed out", "{host} does not answer: is it on, and on this network?"),
    ("No route to host", "{host} cannot be reached: is it on, and on this network?"),
    ("Network is unreachable", "this machine has no network that leads to {host}"),
    ("Could not open user configuration", "~/.ssh/config cannot be read"),
)


class Connection:
    """A device that commands are run on. As a context manager it opens one connection and closes it."""

    def __init__(self, host: str, port: int, key: Path | None = None, settings: Path | None = None):
        """`host` is [USER@]NAME; `settings` stands in for ~/.ssh/config. Raises DeployError for a bad one."""
        if not NAME.fullmatch(host):
            raise DeployError(f"HOST={host} is no name: say USER@NAME, such as pi@kiosk.local")
        if key and not key.is_file():
            raise DeployError(f"KEY={key} is not there: name the private key's file")
        self.host = host
        self.prefix: tuple[str, ...] = ("sudo", "-n")  # to be root there
        self._port, self._key, self._settings = port, key, settings
        self._folder = tempfile.TemporaryDirectory(prefix="kiosk-")  # a socket's path has 108 bytes at most

    def __enter__(self) -> Connection:
        """Connect. Raises DeployError with the remedy."""
        opening = [*self._ssh(), "-o", "ControlMaster=yes", "-f", "-N", self.host]
        with tempfile.TemporaryFile(
            "w+", errors="replace"
        ) as words:  # the master keeps it: a pipe would wait
            try:
                status = subprocess.run(
                    opening, stdin=subprocess.DEVNULL, stderr=words, timeout=OPENING_S, check=False
                ).returncode
            except FileNotFoundError:
                raise DeployError("ssh is not installed here: sudo apt install openssh-client") from None
            except subprocess.TimeoutExpired:
                raise DeployError(self._explain("timed out")) from None
            words.seek(0)
            told = words.read()
        if status:
            raise DeployError(self._explain(told))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        hang_up = [*self._ssh(), "-O", "exit", self.host]
        subprocess.run(hang_up, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, check=False)
        self._folder.cleanup()

    def run(self, *words: str, root: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command there and wait; its output is passed through unless `more` says otherwise.

        Raises LostError when the connection was lost.
        """
        command = shlex.join([*(self.prefix if root else ()), *words])
        more = {"stdin": subprocess.DEVNULL, **more} if "input" not in more else more
        done = subprocess.run(
            [*self._ssh(), self.host, command], text=True, errors="replace", check=False, **more
        )
        if done.returncode == LOST:
            raise LostError(f"the connection to {self.host} was lost")
        return done

    def send(self, *sources: Path, to: str, options: tuple[str, ...]) -> None:
        """rsync files or folders into the folder `to` there. Raises LostError or DeployError."""
        host = self.host
        if ":" in host:  # IPv6
            user, _, name = host.rpartition("@")
            host = f"{user}@[{name.strip('[]')}]" if user else f"[{name.strip('[]')}]"
        command = ["rsync", *options, "--timeout=30", "-e", shlex.join(self._ssh())]
        command += ["--rsync-path", shlex.join([*self.prefix, "rsync"])]
        command += [*(str(source) for source in sources), f"{host}:{to}"]
        try:
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        except FileNotFoundError:
            raise DeployError("rsync is not installed here: sudo apt install rsync") from None
        if done.returncode in RSYNC_LOST:
            raise LostError(f"the connection to {self.host} was lost while sending")
        if done.returncode:
            words = next((line for line in done.stderr.splitlines() if line.strip()), "it said nothing")
            full = "No space left" in done.stderr
            raise DeployError(f"the device's disk is full ({words})" if full else f"rsync failed: {words}")

    def _ssh(self) -> list[str]:
        socket = f"{self._folder.name}/s"
        command = ["ssh", "-p", str(self._port), "-o", f"ControlPath={socket}"]
        if self._settings:
            command += ["-F", str(self._settings)]
        if self._key:
            command += ["-i", str(self._key), "-o", "IdentitiesOnly=yes"]
        for name, value in OPTIONS.items():
            command += ["-o", f"{name}={value}"]
        return command

    def _explain(self, words: str) -> str:
        name = self.host.rpartition("@")[2]
        known = name if self._port == 22 else f"[{name}]:{self._port}"
        for sign, sentence in FAILURES:
            if sign in words:
                return sentence.format(host=name, name=f"'{known}'", target=self.host)
        lines = words.strip().splitlines() or ["ssh said nothing"]
        return f"{self.host} cannot be reached: {lines[-1]}"
