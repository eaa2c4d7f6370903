"""The memory budget: what the parts will hold, checked before anything is opened, then watched.

What counts is what the kernel cannot drop: anonymous memory, shared memory, and the process's own dma-bufs.
Pages of files (program code, libraries, models) do not: the kernel takes them back whenever it needs room,
and how many of them lie in RAM tells of the page cache, not of this program.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from device.board import proc
from device.board.proc import STATUS
from device.budget.dmabuf import FDINFO, held_bytes
from device.budget.load_shedding import Notify
from device.errors import BudgetError, ConfigError

MIB = 2**20
COUNTED = "anonymous and shared memory, and dma-bufs"  # what the budget is of, in words

# Reasoned, not tuned: of the default of 128 MiB the two leave 13 and 6 MiB.
SHED_AT = 0.90  # of the budget: optional outputs are closed
REFUSE_AT = 0.95  # of the budget: no new face is followed
CHECK_EVERY_S = 1.0  # one leaked frame of 640 × 480 in thirty takes 0.9 MiB in it


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


class Meter:
    """Measures this process's own memory, also when no file can be opened any more.

    The kernel's file is opened once and read again and again, since a process that runs out of descriptors is
    just the one to be watched. `whole` tells whether the figure is what `COUNTED` says; where /proc is
    missing it is False, and the figure is the peak of all that ever was in RAM, file pages included.
    """

    def __init__(self, status: Path = STATUS, fdinfo: Path = FDINFO):
        self._fdinfo = fdinfo
        self._dmabufs = 0  # bytes, when they were counted last
        self._status: int | None = None
        with contextlib.suppress(OSError):
            self._status = os.open(status, os.O_RDONLY | os.O_CLOEXEC)
        self.peak_mib = 0.0  # the most that `mib` returned
        self.whole = self._own_kib() is not None

    def mib(self) -> float:
        """What is held now, in MiB."""
        own = self._own_kib()
        self.whole = own is not None
        if own is None:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with contextlib.suppress(OSError):  # no descriptor left to list them with: as they were
            self._dmabufs = held_bytes(self._fdinfo)
        held = own / 1024 + self._dmabufs / MIB
        self.peak_mib = max(self.peak_mib, held)
        return held

    def close(self) -> None:
        """Give the descriptor back; `mib` still answers."""
        if self._status is not None:
            os.close(self._status)
        self._status = None

    def _own_kib(self) -> int | None:
        """Anonymous and shared memory in KiB, None when the kernel does not tell."""
        if self._status is None:
            return None
        try:
            text = os.pread(self._status, 8192, 0).decode("ascii", "replace")
        except OSError:
            return None
        anonymous, shared = proc.kib(text, "RssAnon"), proc.kib(text, "RssShmem")
        return None if anonymous is None else anonymous + (shared or 0)


def peak_rss_mib(status: Path = STATUS) -> float:
    """VmHWM: the most that this process ever had in RAM, pages of files included, in MiB."""
    found = proc.mib(status, "VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if found is None else found


class Watcher:
    """Holds the process to its budget: sheds, then refuses to grow, then leaves before the kernel ends it.

    Once a second the memory of `COUNTED` is compared with `budget_mib`. At 90 % `shed()` closes the optional
    outputs, at 95 % `growing` turns False and no new tracks may begin (it turns True again below), beyond the
    budget `poll` raises BudgetError. `notify(event, **facts)` hears of each step. `used_mib` is the last
    reading, `near` whether it is above 90 %.
    """

    def __init__(
        self,
        budget_mib: float,
        shed: Callable[[], list[str]],
        notify: Notify,
        used: Callable[[], float],
    ):
        self.growing = True
        self.used_mib = 0.0
        self.near = False
        self._budget = budget_mib
        self._shed = shed
        self._notify = notify
        self._used = used
        self._next_check = 0.0
        self._has_shed = False

    def poll(self, now: float) -> None:
        """Called once a frame; `now` is monotonic, in seconds."""
        if now < self._next_check:
            return
        self._next_check = now + CHECK_EVERY_S
        used = self.used_mib = self._used()
        if used > self._budget:
            self._tell(doing="the process leaves")
            raise BudgetError(
                f"the process holds {used:.0f} MiB ({COUNTED}), more than its budget of {self._budget:g} MiB "
                "(limits.memory_mib); it leaves before the kernel ends it. Raise the budget or ask for less."
            )
        self.near = used > SHED_AT * self._budget
        if self.near and not self._has_shed:
            self._has_shed = True
            self._tell(closed=self._shed())
        growing = used <= REFUSE_AT * self._budget
        if growing != self.growing:
            self.growing = growing
            self._tell(doing="new faces are followed again" if growing else "no new faces are followed")

    def _tell(self, **facts: object) -> None:
        self._notify("memory", used_mib=round(self.used_mib), budget_mib=self._budget, **facts)
