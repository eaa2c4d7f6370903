"""Looks whether the gateway answers; run by kiosk-network.timer, every two minutes, as root.

Unreachable for 10 minutes: the radio is switched off and on. For an hour: the machine is restarted, within
the ladder's six restarts a day, and only where the gateway answered since the machine came up: what a restart
did not mend once, a second one will not. Where no network is configured, nothing is done.

A gateway need not answer pings, but nobody sends anything through one that does not answer for its own
address: a datagram is sent to it, and the kernel's table of neighbours tells whether it did.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

RADIO_S = 600.0
MACHINE_S = 3600.0
ANSWER_S = 10.0  # the kernel doubts an old answer after 5 s, and asks three times, a second apart
DISCARD = 9  # a port that nobody listens to; the datagram's way there is what counts
PROFILES = (
    "etc/NetworkManager/system-connections/*.nmconnection",
    "run/NetworkManager/system-connections/*.nmconnection",
    "etc/systemd/network/*.network",
    "etc/netplan/*.yaml",
)
LOOPBACK = "lo.nmconnection"
STATE = Path("run/kiosk-network/state.json")  # in memory: it is about this boot


class State(NamedTuple):
    """When the gateway answered last, and what was done last; in seconds of this boot, 0 for never."""

    answered_s: float = 0.0
    radio_s: float = 0.0
    machine_s: float = 0.0


def configured(root: Path) -> bool:
    """Whether anybody set up a network; the profile of the loopback is none."""
    return any(path.name != LOOPBACK for pattern in PROFILES for path in root.glob(pattern))


def step(state: State, now: float, answers: bool) -> tuple[State, str]:
    """What is to be done: "", "radio" or "machine"; `now` is seconds since the machine came up."""
    if answers:
        return State(answered_s=now), ""
    if state.answered_s and now - max(state.machine_s, state.answered_s) >= MACHINE_S:
        return state._replace(machine_s=now), "machine"
    if now - max(state.radio_s, state.answered_s) >= RADIO_S:
        return state._replace(radio_s=now), "radio"
    return state, ""


def ip(*words: str) -> list[dict[str, Any]]:
    """What `ip -json` says; nothing when it fails."""
    done = subprocess.run(["ip", "-json", *words], capture_output=True, timeout=10, check=False)
    told: list[dict[str, Any]] = json.loads(done.stdout or b"[]")
    return told


def answers(wait: Callable[[float], None] = time.sleep) -> bool:
    """Whether a gateway answers for its own address; a line without neighbours (LTE) is taken to."""
    routes = [route for family in ("-4", "-6") for route in ip(family, "route", "show", "default")]
    found = [(route["gateway"], route["dev"]) for route in routes if "gateway" in route]
    if len(found) < len(routes):
        return True
    for address, interface in found:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sending:
            target = (address, DISCARD, 0, socket.if_nametoindex(interface))
            try:
                sending.sendto(b"", target if family == socket.AF_INET6 else target[:2])
            except OSError:  # no way there: the table tells the same
                continue
    if found:
        wait(ANSWER_S)
    return any(known(address, interface) for address, interface in found)


def known(address: str, interface: str) -> bool:
    """Whether the kernel has its hardware address, and does not doubt it; links without any have none."""
    rows = ip("neigh", "show", "to", address, "dev", interface)
    states = {state for row in rows for state in row.get("state", [])}
    return bool(states & {"REACHABLE", "STALE", "DELAY", "PERMANENT", "NOARP"})


def restart_radio() -> None:
    """Off and on, by NetworkManager; a machine without it has no radio that we know of."""
    if shutil.which("nmcli"):
        for word in ("off", "on"):
            subprocess.run(["nmcli", "radio", "wifi", word], timeout=15, check=False)
            time.sleep(2)


def load(path: Path) -> State:
    """The state of this boot; a new one where there is none."""
    try:
        found = json.loads(path.read_bytes())
        return State(*(float(seconds) for seconds in found))
    except (OSError, ValueError, TypeError):
        return State()


def main(root: Path = Path("/")) -> int:
    """Look once, and do what is due."""
    if not configured(root):
        return 0
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    path = root / STATE
    state, due = step(load(path), now, answers())
    part = path.with_suffix(".part")
    part.write_text(json.dumps(state) + "\n", encoding="ascii")
    os.replace(part, path)
    if due == "radio":
        print("the gateway has not answered for 10 minutes: the radio is restarted", file=sys.stderr)
        restart_radio()
    elif due == "machine":
        print("the gateway has not answered for an hour: the machine is to be restarted", file=sys.stderr)
        command = ["systemctl", "--no-block", "start", "kiosk-reboot@network.service"]
        return subprocess.run(command, check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
