"""Looks at a device before anything is sent to it, and changes nothing there.

One file without imports of ours: `ssh HOST sudo python3 -IS - OPTIONS < preflight.py`, or without sudo. It
prints one object of JSON: the facts, "problems" (each a sentence with its remedy: stop here) and "notes".
Where the wanted release runs and is well, only that. Status 0, or 2 when there are problems. It also runs on
the Pythons that it refuses.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Dict  # noqa: UP035 (runs on Python 3.7, too, to refuse it)

Facts = Dict[str, Any]  # noqa: UP006
HOT_C = 80.0
FOLD = 6  # free space, in bundles: the bundle itself, what becomes of it (4 times as much), and some air
NOT_CAMERAS = ("bcm2835-codec", "bcm2835-isp", "pispbe", "rpivid", "rpi-hevc-dec")
THROTTLED = {  # bits of `vcgencmd get_throttled`
    0: "under-voltage now",
    1: "frequency capped now",
    2: "throttled now",
    16: "under-voltage since the start",
    18: "throttled since the start",
}
REMOUNT = "sudo mount -o remount,rw /"
OVERLAY = "sudo raspi-config nonint do_overlayfs 1 && sudo reboot"


def options() -> argparse.Namespace:
    """The options as argparse gives them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="/", help="a folder that stands for /")
    parser.add_argument("--systems", default="bookworm:3.11,trixie:3.13", help="CODENAME:PYTHON, which fit")
    parser.add_argument("--os", default="", help="the one that is to be there")
    parser.add_argument("--bundle-bytes", type=int, default=60000000)
    parser.add_argument("--commit", default="", help="the release that is to come")
    parser.add_argument("--time", type=int, default=0, help="its commit's time, seconds since 1970")
    parser.add_argument("--now", type=int, default=0, help="the asker's own clock, for the remedy")
    parser.add_argument("--apt", default="", help="packages it expects, with commas")
    return parser.parse_args()


def output(*command: str, fails: bool = False) -> str | None:
    """What a command prints, stripped; None when it is not there, or fails and may not."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 or fails else None


def read(root: str, path: str) -> str:
    """A file's text; "" where there is none."""
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def link(root: str, path: str) -> str:
    """The last part of what a link names; "" where there is none."""
    try:
        return os.path.basename(os.readlink(os.path.join(root, path)))
    except OSError:
        return ""


def codename(root: str) -> str:
    """VERSION_CODENAME of os-release."""
    for line in read(root, "etc/os-release").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip("\"'")
    return ""


def free_bytes(root: str) -> int:
    """On the file system that /opt/kiosk is or will be on."""
    path = os.path.join(root, "opt/kiosk")
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return shutil.disk_usage(path).free


def mount(root: str, path: str) -> tuple[str, str]:
    """(kind, options) of the file system that holds a path, by /proc/mounts."""
    best, found = "", ("", "")
    for line in read(root, "proc/mounts").splitlines():
        fields = line.split()
        if (
            len(fields) > 3
            and len(fields[1]) >= len(best)
            and (path + "/").startswith(fields[1].rstrip("/") + "/")
        ):
            best, found = fields[1], (fields[2], fields[3])
    return found


def is_whole(release: str) -> bool:
    """Whether every file of a release is there; their sums were checked when they came."""
    try:
        with open(os.path.join(release, "MANIFEST"), encoding="utf-8") as file:
            names = [line.split("  ", 1)[1].rstrip("\n") for line in file]
        return bool(names) and all(os.path.lexists(os.path.join(release, name)) for name in names)
    except (OSError, IndexError):
        return False


def cameras(root: str) -> list[str]:
    """The kernel's names of what gives pictures; a Pi's codecs are none."""
    base = os.path.join(root, "sys/class/video4linux")
    try:
        names = [read(base, os.path.join(name, "name")).strip() for name in sorted(os.listdir(base))]
    except OSError:
        return []
    return [name for name in names if not name.startswith(NOT_CAMERAS)]


def running(asked: argparse.Namespace) -> Facts:
    """What runs, and whether it is what is asked for and well: then nothing else matters, and it is quick."""
    root = asked.root
    home = os.path.join(root, "opt/kiosk")
    facts: Facts = {
        "os": codename(root),
        "time": int(time.time()),
        "uid": int(os.environ.get("SUDO_UID", os.geteuid())),  # whom the next command is run by
        "current": link(root, "opt/kiosk/current"),
        "pending": os.path.exists(os.path.join(home, "pending")),
        "there": bool(asked.commit) and is_whole(os.path.join(home, "releases", asked.commit)),
    }
    same = facts["there"] and facts["current"] == asked.commit and not facts["pending"]
    suits = asked.os in ("", facts["os"]) and facts["time"] >= asked.time
    facts["well"] = same and suits and is_well(root)
    return facts


def machine(asked: argparse.Namespace) -> Facts:
    """Everything else of the device."""
    root = asked.root
    heat = read(root, "sys/class/thermal/thermal_zone0/temp").strip()
    told = output("vcgencmd", "get_throttled")
    return {
        "architecture": output("dpkg", "--print-architecture") or os.uname().machine,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "free": free_bytes(root),
        "sudo": os.geteuid() == 0 or output("sudo", "-n", "true") is not None,
        "rsync": shutil.which("rsync") is not None,
        "zstd": shutil.which("zstd") is not None,
        "root_fs": mount(root, "/")[0],
        "home_mount": mount(root, "/opt/kiosk"),
        "cameras": cameras(root),
        "celsius": int(heat) / 1000 if heat.lstrip("-").isdigit() else None,
        "throttled": int(told.split("=")[1], 16) if told and "=" in told else None,
        "apt_missing": missing(asked.apt.split(",")) if asked.apt else [],
    }


def missing(names: list[str]) -> list[str]:
    """Those packages that dpkg has not installed."""
    told = output("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", *names, fails=True) or ""
    there = {line.split()[0] for line in told.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in there]


def is_well(root: str) -> bool:
    """Whether the release that runs does its job, in its own words: as root, who may read the settings.

    Who is root already asks it in this process: a small board takes a second to start another.
    """
    app = os.path.join(root, "opt/kiosk/current/app")
    asked = ["status", "--brief", "--root", root]
    if os.geteuid() != 0:
        tools = os.path.join(app, "deploy/on_device")
        return output("sudo", "-n", "python3", "-B", tools, *asked) is not None
    sys.dont_write_bytecode = True
    sys.path.insert(0, app)
    try:
        command = import_module("deploy.on_device.__main__")
        with contextlib.redirect_stdout(io.StringIO()):
            return bool(command.main(asked) == 0)
    except (Exception, SystemExit):  # of a release that is broken, whatever it is
        return False


def problems(asked: argparse.Namespace, facts: Facts) -> Iterator[str]:
    """Each a sentence with its remedy."""
    yield from system_problems(asked, facts)
    if not facts["sudo"]:
        rule = 'echo "$USER ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/010_kiosk'
        yield f"this user may not use sudo without a password: on the device, `{rule}`"
    if not facts["rsync"]:
        yield "rsync is not installed on the device: sudo apt install rsync"
    kind, flags = facts["home_mount"]
    if kind == "overlay" or "ro" in flags.split(","):
        lift = OVERLAY if kind == "overlay" else REMOUNT
        yield (
            "the root is read-only, and what is written now would be lost: lift it on the device with "
            f"`{lift}`, and flash again"
        )
    need, free = FOLD * asked.bundle_bytes, facts["free"]
    if not facts["there"] and free < need:
        yield (
            f"{free // 10**6} MB are free and {need // 10**6} MB needed ({FOLD} times the bundle): "
            "free some (`sudo apt clean`, `sudo journalctl --vacuum-size=50M`), or take a larger card"
        )
    if facts["time"] < asked.time:
        day, now = time.strftime("%Y-%m-%d", time.gmtime(facts["time"])), asked.now or asked.time
        yield (
            f"the device's clock says {day}, which is before the release was made: connect it to a network "
            f"or set it on the device with `sudo date -s @{now}`"
        )


def system_problems(asked: argparse.Namespace, facts: Facts) -> Iterator[str]:
    """Those of the operating system: the first of them."""
    systems = dict(pair.split(":") for pair in asked.systems.split(","))
    name, python = facts["os"], facts["python"]
    if facts["architecture"] not in ("aarch64", "arm64"):
        yield (
            f"the device's system is {facts['architecture']}, and arm64 is needed: "
            "put the 64-bit Raspberry Pi OS on the card"
        )
    elif name not in systems:
        fit = " and ".join(sorted(systems))
        yield f"{name or 'this system'} is not supported, but {fit}: put one of them on the card"
    elif asked.os and asked.os != name:
        yield f"the device runs {name}, and the release is for {asked.os}: say OS={name}"
    elif python != systems[name]:
        yield (
            f"python3 is {python}, and {name} has {systems[name]}: give the system's own Python its place "
            "back (`sudo apt install --reinstall python3`)"
        )


def notes(facts: Facts) -> Iterator[str]:
    """Each a sentence on what is worth knowing."""
    celsius, bits, missing = facts["celsius"], facts["throttled"], facts["apt_missing"]
    if not facts["cameras"]:
        yield "no camera was found: without one no release is well, unless the settings name another source"
    if celsius is not None and celsius >= HOT_C:
        yield f"the processor is at {celsius:.0f} °C: it needs air"
    if bits is None:
        yield "not a Pi (no vcgencmd): voltage and heat are not known"
    for bit, text in THROTTLED.items():
        if (bits or 0) >> bit & 1:
            yield f"{text}: take the official power supply, and give it air"
    if missing:
        yield f"a Pi camera needs {', '.join(missing)}: sudo apt install {' '.join(missing)}"
    if facts["root_fs"] == "overlay" and facts["home_mount"][0] != "overlay":
        yield "the root is read-only (overlayroot): releases have their partition, changed units do not stay"
    if facts["pending"]:
        yield "a switch is not finished"


def main() -> int:
    """Print all as JSON."""
    asked = options()
    facts = running(asked)
    facts["problems"] = facts["notes"] = []
    if not facts["well"]:
        facts.update(machine(asked))
        facts["problems"] = list(problems(asked, facts))
        facts["notes"] = list(notes(facts))
    print(json.dumps(facts))
    return 2 if facts["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
