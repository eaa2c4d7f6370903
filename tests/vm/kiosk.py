"""What the kiosk on a machine is and does, asked over SSH by the shell alone: Python takes a second there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

from tests.vm.emulator import Machine, MachineError

T = TypeVar("T")
HOME = "/opt/kiosk"
REQUEST = (
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3"
)
ASK = f"{REQUEST} && cat <&3"
# A line a question: seconds since the boot, the release that is current, the answer's status code. The shell
# waits by itself, for a program to wait with costs the machine as much time as the question does.
POLL = (
    "exec 9<> <(:); while :; do read -r up _ < /proc/uptime; code=$( code=; "
    f"{{ {REQUEST} && read -r -t 3 _ code _ <&3; }} 2>/dev/null; echo $code ); "
    f"echo $up $(readlink {HOME}/current) $code; read -r -t 0.3 -u 9; done"
)
TORN = (
    f"cd {HOME}/releases && for release in *; do [ -d $release ] || continue; "
    "(cd $release && sha256sum --check --quiet MANIFEST BYTECODE 2>&1) || echo torn: $release; done"
)
# What a machine has that the kiosk owns, a line a file: to see that nothing changed.
LISTING = (
    f"sudo find {HOME} /etc/kiosk /etc/systemd /var/lib/kiosk -printf '%p %s %T@ %l\\n' 2>/dev/null "
    "| grep -v /var/lib/kiosk/ladder | sort"
)


class Kiosk:
    """The kiosk on `machine`."""

    def __init__(self, machine: Machine):
        self.machine = machine

    def health(self) -> dict[str, Any] | None:
        """The report of /health, whatever its status code; None when nobody answers."""
        answer = self.machine.ssh(f"timeout 5 bash -c {_quoted(ASK)}", check=False)
        _, _, body = answer.partition("\n\n")
        try:
            return json.loads(body)
        except ValueError:
            return None

    def is_well(self) -> bool:
        """Whether it serves, sees and estimates."""
        health = self.health()
        return health is not None and health["status"] == "ok" and health["frames"] > 0

    def wait_well(self) -> float:
        """Wait for that; the seconds it took."""
        limit = 60 + 5 * self.machine.boot_s
        return wait_for(
            self.is_well, limit, lambda: f"the kiosk is not well: {self.health()} {self.journal()}"
        )

    def commit(self) -> str:
        """The release that `current` names."""
        return self.machine.ssh(f"basename $(readlink {HOME}/current)").strip()

    def property(self, name: str) -> str:
        """A property of its unit, as `systemctl show` says it."""
        return self.machine.ssh(f"systemctl show --value -p {name} kiosk").strip()

    def pid(self) -> int:
        """Its process."""
        return int(self.property("MainPID"))

    def journal(self) -> str:
        """Its last lines."""
        return self.machine.ssh("sudo journalctl -u 'kiosk*' -n 30 --no-pager -o cat", check=False)

    def torn(self) -> str:
        """What is wrong with any release that is there; "" when all are whole."""
        return self.machine.ssh(f"sudo sh -c {_quoted(TORN)}", check=False, limit=1800).strip()

    def listing(self) -> str:
        """All files of it, with sizes, times and links."""
        return self.machine.ssh(LISTING, check=False)

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """Ask /health a few times a second meanwhile, on the machine itself."""
        self.machine.ssh(f"nohup bash -c {_quoted(POLL)} > /tmp/poll 2>&1 & echo $! > /tmp/poll.pid")
        watch = Watch()
        try:
            yield watch
        finally:
            lines = self.machine.ssh("kill $(cat /tmp/poll.pid); cat /tmp/poll").splitlines()
            watch.read(line.split() for line in lines)


class Watch:
    """What was seen of /health over a while; times in seconds."""

    def __init__(self) -> None:
        self.down_s = float("inf")  # the longest time between two answers 200
        self.current_s: dict[str, float] = {}  # how long each release was the current one

    def read(self, lines: Iterable[list[str]]) -> None:
        """The lines of POLL: uptime, link, status code."""
        seen = [(float(up), link.rpartition("/")[2], code) for up, link, *code in lines]
        answered = [up for up, _, code in seen if code == ["200"]]
        self.down_s = max((later - earlier for earlier, later in pairwise(answered)), default=self.down_s)
        for (earlier, release, _), (later, *_) in pairwise(seen):
            self.current_s[release] = self.current_s.get(release, 0.0) + later - earlier


def wait_for(is_so: Callable[[], T], limit: float, otherwise: Callable[[], str]) -> float:
    """Ask until it is so; the seconds that took. MachineError with what `otherwise` says after `limit`."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > limit:
            raise MachineError(f"not within {limit:.0f} s: {otherwise()}")
        time.sleep(1)
    return time.monotonic() - started


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
