"""What runs on the device, how it is, and which of its guards are in force: not what was set, but what is."""

from __future__ import annotations

import json
import subprocess
from argparse import ArgumentParser, Namespace

from deploy.on_device import health
from deploy.on_device.layout import Layout, named, read
from deploy.on_device.preflight import THROTTLED


def add_options(parser: ArgumentParser) -> None:
    """The options of `status`."""
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--brief", action="store_true", help="the health alone")


def main(layout: Layout, args: Namespace) -> int:
    """Print it; 0 when the kiosk is well, else 1."""
    told = {"health": _health(layout)} if args.brief else status(layout)
    if args.json:
        print(json.dumps(told))
    else:
        for name, text in told.items():
            print(f"{name:<14}{text}")
    return 0 if told["health"].startswith("well") else 1


def status(layout: Layout) -> dict[str, str]:
    """Name and value of every line."""
    current = named(layout.current)
    marker = layout.marker()
    return {
        "release": current or "none",
        "before it": ", ".join(name[:12] for name in reversed(layout.history()) if name != current) or "none",
        "switch": f"to {marker.new[:12]} is not finished" if marker else "none under way",
        "health": _health(layout),
        "ladder": _ladder(layout),
        "watchdog": _watchdog(),
        "memory.max": memory_max(layout),
        "throttled": throttled(),
    }


def _health(layout: Layout) -> str:
    seen = health.sample(layout)
    return seen.why or f"well, {seen.frames} frames" if seen.frames >= 0 else seen.why or "well"


def _ladder(layout: Layout) -> str:
    """The counters of the recovery ladder that are not 0, from its copy in memory or from the card."""
    try:
        told = read(layout.root / "run/kiosk/ladder.json") or read(layout.state / "ladder.json")
        taken = {name: count for name, count in json.loads(told)["counters"].items() if count}
        return ", ".join(f"{name} {count}" for name, count in taken.items()) or "nothing yet"
    except (ValueError, AttributeError, KeyError, TypeError):
        return "nothing yet"


def _watchdog() -> str:
    """The watchdogs in force: systemd's over the service, the hardware's over systemd."""
    own = _output("systemctl", "show", health.UNIT, "--property", "WatchdogUSec", "--value") or "not known"
    board = _output("systemctl", "show", "--property", "RuntimeWatchdogUSec", "--value") or "not known"
    return f"service WatchdogUSec={own}, hardware RuntimeWatchdogUSec={board}"


def memory_max(layout: Layout) -> str:
    """memory.max as the unit's cgroup has it; without the memory controller MemoryMax does nothing."""
    group = _output("systemctl", "show", health.UNIT, "--property", "ControlGroup", "--value")
    if not group:
        return "the service does not run"
    limit = read(layout.root / "sys/fs/cgroup" / group.lstrip("/") / "memory.max")
    if not limit:
        return "not in force: the memory controller is off (cmdline.txt needs cgroup_enable=memory)"
    return "not in force: max" if limit == "max" else f"{int(limit) / 2**20:.0f} MiB"


def throttled() -> str:
    """What the Pi's firmware says of voltage and heat."""
    told = _output("vcgencmd", "get_throttled")
    try:
        bits = int(told.partition("=")[2], 16)
    except ValueError:
        return "not a Pi (no vcgencmd)"
    return ", ".join(text for bit, text in THROTTLED.items() if bits >> bit & 1) or "no"


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
