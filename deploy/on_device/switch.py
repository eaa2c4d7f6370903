"""Makes a release the one that runs, watches it, and goes back by itself when it is not well.

The switch runs as a unit of its own (`kiosk-switch`), so that it goes on when the technician's connection is
cut; if it dies, systemd runs `recover` for it; if the power goes, `kiosk-rollback.service` does at the next
boot.
"""

from __future__ import annotations

import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from deploy.on_device import health
from deploy.on_device.errors import NotWell, Refused
from deploy.on_device.install import prune
from deploy.on_device.layout import Layout, Marker, alone, named, now_s, point, sync_folder

WINDOW_S = 30.0
LOG = "run/kiosk-switch.log"
GRACE_S = 480.0  # beyond the window a switch is ended: it starts twice, stops twice, and sets up twice
SYSTEMD_S = 120.0  # for stopping the service: its own limits are 10 s each for it and two commands after it
FOLLOW_S = 0.2
LINES = 20  # of the journal, when it goes back


def add_options(parser: ArgumentParser) -> None:
    """The options of `switch`."""
    parser.add_argument("commit", help="a release that is there")
    add_window(parser)


def add_window(parser: ArgumentParser) -> None:
    """Those that `rollback` has, too."""
    parser.add_argument("--window", type=float, default=WINDOW_S, help="seconds to prove itself; default 30")
    parser.add_argument("--attached", action="store_true", help="in this process, which must not be cut off")


def main(layout: Layout, args: Namespace) -> int:
    """Switch; 0, or NotWell once the old release runs again."""
    if not (layout.releases / args.commit).is_dir():
        raise Refused(f"there is no release {args.commit} in {layout.releases}")
    return run(layout, args.commit, args.window, args.attached)


def run(layout: Layout, commit: str, window_s: float, attached: bool) -> int:
    """Switch in this process, or in a unit of its own, whose lines are passed on."""
    if not attached:
        return _detached(layout, commit, window_s)
    with alone(layout):
        switch(layout, commit, window_s)
    return 0


def switch(layout: Layout, commit: str, window_s: float) -> None:
    """Raises NotWell with the reason after it went back."""
    old = named(layout.current)
    if not named(layout.guard):
        point(layout.guard, old or commit)
    marker = Marker(commit, old, layout.boot_id(), now_s(), window_s)
    layout.begin(marker)
    try:
        set_up(layout, commit)
        point(layout.current, commit)
        _say(f"release {commit[:12]} starts; once it has, it has {window_s:g} s to prove itself")
        restart()
        why = health.watch(layout, window_s)
    except NotWell as error:
        why = str(error)
    if why:
        for line in journal(LINES):
            _say(line)
        raise NotWell(f"{why}; {back(layout, marker)}")
    layout.proved(commit)
    finish(layout)
    for name in prune(layout):
        _say(f"removed release {name[:12]}")
    _say(f"release {commit[:12]} runs and is well")


def back(layout: Layout, marker: Marker, running: bool = True) -> str:
    """Make the marker's old release current again and start it (not if the machine boots); what was done."""
    old = marker.old
    if old == marker.new or not old or not (layout.releases / old).is_dir():
        if not named(layout.current) and (layout.releases / marker.new).is_dir():
            point(layout.current, marker.new)  # whole, if not well: better than none
        finish(layout)
        return "it ran before, too, and stays" if old else "there is no release before it to go back to"
    point(layout.current, old)
    try:
        set_up(layout, old)
        if running:
            restart()
    except NotWell as error:  # the link is what counts; the next boot starts it
        _say(f"while going back: {error}")
    finish(layout)
    if not running:
        return f"back to {old[:12]}"
    return f"back to {old[:12]}, which {_settled(layout, marker.window_s)}"


def finish(layout: Layout) -> None:
    """The switch is over: the marker goes, and that is on the disk."""
    layout.pending.unlink(missing_ok=True)
    sync_folder(layout.home)


def set_up(layout: Layout, commit: str) -> None:
    """Let the release put its units and settings where they belong. Raises NotWell."""
    release = layout.releases / commit
    script = release / "app/deploy/on_device/setup.py"
    if not script.exists():
        return
    command = [sys.executable, "-B", str(script), "--root", str(layout.root), "--release", str(release)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing"]
        raise NotWell(f"setting up {commit[:12]} failed: {words[0]}")


def restart() -> None:
    """Stop the service and start it. Raises NotWell when systemd refuses; the watch sees whether it works."""
    systemctl("daemon-reload")
    subprocess.run(["systemctl", "reset-failed", health.UNIT], capture_output=True, timeout=60, check=False)
    systemctl("stop", health.UNIT)
    systemctl("start", "--no-block", health.UNIT)  # at once after it: until frames are shown all is dark


def systemctl(*words: str) -> None:
    """Raises NotWell with systemd's own words."""
    command = ["systemctl", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SYSTEMD_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotWell(f"systemctl {words[0]} failed: {error}") from None
    if done.returncode:
        told = done.stderr.strip().splitlines()[:1] or ["nothing"]
        raise NotWell(f"systemctl {words[0]} failed: {told[0]}")


def journal(lines: int) -> list[str]:
    """The service's last lines."""
    command = ["journalctl", "--unit", health.UNIT, "--lines", str(lines), "--no-pager", "--output", "short"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"the journal cannot be read: {error}"]
    return done.stdout.splitlines()[-lines:]


def _settled(layout: Layout, limit_s: float) -> str:
    """Wait until the old release is well; it was before, and has the time of a start and of a new one."""
    end = time.monotonic() + health.START_S + limit_s
    while (seen := health.sample(layout)).why:
        if time.monotonic() > end:
            return f"is not well either: {seen.why}"
        health.pause(seen)
    return "runs again"


def _say(line: str) -> None:
    print(line, flush=True)


def _detached(layout: Layout, commit: str, window_s: float) -> int:
    """Run the switch as a unit of systemd, and pass on what it writes; its exit status."""
    with alone(layout):
        pass  # one that is under way has come to its end
    log = layout.root / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    tools = [sys.executable, "-B", str(Path(__file__).parent)]
    root = ["--root", str(layout.root)]
    undo = " ".join([*tools, "recover", *root])
    command = [
        *("systemd-run", "--unit=kiosk-switch", "--collect", "--wait", "--quiet"),
        *("-p", f"StandardOutput=append:{log}", "-p", f"StandardError=append:{log}"),
        *("-p", f"RuntimeMaxSec={window_s + GRACE_S:.0f}", "-p", f"ExecStopPost={undo}"),
        *(*tools, "switch", commit, "--attached", "--window", str(window_s), *root),
    ]
    unit = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told = 0
    while True:
        status = unit.poll()
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        for line in lines[told:]:
            _say(line)
        told = len(lines)
        if status is not None:
            break
        time.sleep(FOLLOW_S)
    words = unit.stderr.read().strip() if unit.stderr else ""
    if status and not told:
        already = "already" in words
        raise Refused("another switch is under way; wait a minute" if already else f"systemd-run: {words}")
    return status if status in (0, 2) else 1
