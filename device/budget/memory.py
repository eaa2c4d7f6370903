"""The memory budget: what the parts will hold, checked before anything is opened, then watched."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from device.errors import BudgetError, ConfigError

MIB = 2**20
SHED_AT = 0.90  # of the budget: optional outputs are closed
REFUSE_AT = 0.95  # no new tracks
LOOK_EVERY = 1.0  # seconds

STATM = Path("/proc/self/statm")
STATUS = Path("/proc/self/status")
MEMINFO = Path("/proc/meminfo")


class Part(NamedTuple):
    """A part of the program and the MiB that it will hold."""

    name: str
    mib: float


def table(parts: list[Part], budget_mib: float) -> str:
    """Who wants what, a line each, with the sum and the budget."""
    rows = [*parts, Part("sum", total(parts)), Part("budget", budget_mib)]
    width = max(len(row.name) for row in rows)
    return "\n".join(f"  {row.name:<{width}} {row.mib:8.1f} MiB" for row in rows)


def total(parts: list[Part]) -> float:
    """The sum of what the parts hold, in MiB."""
    return sum(part.mib for part in parts)


def check(parts: list[Part], budget_mib: float) -> None:
    """Raise ConfigError, with the table, when the parts do not fit the budget."""
    if total(parts) > budget_mib:
        raise ConfigError(
            f"limits.memory_mib = {budget_mib:g} MiB is too little; who wants what:\n"
            f"{table(parts, budget_mib)}\n"
            "Raise it (--memory-mib), take a smaller picture (--width, --height) or fewer outputs."
        )


def resident_mib(statm: Path = STATM) -> float:
    """The memory of this process that is in RAM now, in MiB."""
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


def peak_mib(status: Path = STATUS) -> float:
    """The most that this process ever had in RAM, in MiB."""
    return _kib(status, "VmHWM") / 1024


def cma_used_mib(meminfo: Path = MEMINFO) -> float:
    """Memory in the kernel's pool for cameras and displays that is taken, in MiB; 0 where there is none."""
    return (_kib(meminfo, "CmaTotal") - _kib(meminfo, "CmaFree")) / 1024


def _kib(path: Path, name: str) -> int:
    """The value of the line `name: N kB`, 0 when there is none."""
    for line in path.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


class Watcher:
    """Holds the process to its budget: sheds, then refuses to grow, then leaves before the kernel ends it.

    Once a second the resident memory and what the camera took of the CMA pool since the start are
    compared with `budget_mib`. At 90 % `shed()` closes the optional outputs, at 95 % `growing` turns
    False and no new tracks may begin (it turns True again below), beyond the budget `tick` raises
    BudgetError. `notice(event, **facts)` hears of each step.
    """

    def __init__(
        self,
        budget_mib: float,
        shed: Callable[[], list[str]],
        notice: Callable,
        resident: Callable[[], float] = resident_mib,
        cma: Callable[[], float] = cma_used_mib,
    ):
        self.growing = True
        self._budget = budget_mib
        self._shed = shed
        self._notice = notice
        self._resident = resident
        self._cma = cma
        self._cma_before = cma()
        self._next_look = 0.0
        self._has_shed = False

    def tick(self, now: float) -> None:
        """Called once a frame; `now` is monotonic, in seconds."""
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        used = self._resident() + max(self._cma() - self._cma_before, 0.0)
        if used > self._budget:
            self._notice("memory", used_mib=round(used), budget_mib=self._budget, doing="the process leaves")
            raise BudgetError(
                f"the process holds {used:.0f} MiB, more than its budget of {self._budget:g} MiB "
                "(limits.memory_mib); it leaves before the kernel ends it. Raise the budget or ask for less."
            )
        if used > SHED_AT * self._budget and not self._has_shed:
            self._has_shed = True
            self._notice("memory", used_mib=round(used), budget_mib=self._budget, closed=self._shed())
        growing = used <= REFUSE_AT * self._budget
        if growing != self.growing:
            self.growing = growing
            doing = "new faces are followed again" if growing else "no new faces are followed"
            self._notice("memory", used_mib=round(used), budget_mib=self._budget, doing=doing)
