"""Whether the machine may be restarted once more: a loop of restarts is worse than a dark camera.

The rule counts time by the boots' own clocks, which run whether or not the date is known: `ran_s` is how long
the machine ran before each of the ladder's reboots in a row, and a boot that the ladder did not ask for, such
as somebody's switching it off and on, begins the row anew.
"""

from __future__ import annotations

import os
from pathlib import Path

REBOOTS_A_DAY = 6
DAY_S = 24 * 3600.0
MOUNTS = Path("/proc/self/mounts")
IN_MEMORY = ("overlay", "tmpfs", "ramfs")


def within_a_day(ran_s: list[float], uptime_s: float) -> int:
    """How many of the reboots in a row lie within the last 24 hours of running."""
    since, count = uptime_s, 0
    for ran in reversed(ran_s):
        if since > DAY_S:
            break
        count += 1
        since += ran
    return count


def outlives_reboots(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether files of `folder` are on a disk: with a read-only root they lie in memory and are lost."""
    wanted = os.path.realpath(folder)
    kinds: dict[str, str] = {}  # of file system, by the place that it is mounted at
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, place, kind, *_ = line.split()
        if place == "/" or wanted == place or wanted.startswith(place + "/"):
            kinds[place] = kind
    return kinds.get(max(kinds, key=len, default=""), "") not in IN_MEMORY
