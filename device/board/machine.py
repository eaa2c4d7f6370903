"""What machine this is: named in benchmarks and judged by `python -m device doctor`."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import TypedDict

from device.board import proc
from device.board.proc import MEMINFO

CPUINFO = Path("/proc/cpuinfo")
MODEL = Path("/proc/device-tree/model")  # on boards: "Raspberry Pi 5 Model B Rev 1.0"

# instructions that make int8 networks fast, as /proc/cpuinfo calls them → as people do
INT8 = {
    "asimddp": "dot products (asimddp)",
    "i8mm": "matrix products (i8mm)",
    "avx2": "AVX2",
    "avx_vnni": "AVX-VNNI",
    "avx512_vnni": "AVX-512 VNNI",
}
# the kernel names ARM cores by number only
ARM_PARTS = {"0xd03": "Cortex-A53", "0xd08": "Cortex-A72", "0xd0b": "Cortex-A76"}


class Machine(TypedDict):
    """What this computer is. What the kernel hides is empty, and its memory then 0."""

    board: str  # "" where the firmware names none
    cpu: str
    cores: int  # that this process may use
    int8: list[str]  # instructions that make int8 networks fast
    memory_mib: int
    system: str
    python: str


def describe(cpuinfo: Path = CPUINFO, model: Path = MODEL, meminfo: Path = MEMINFO) -> Machine:
    """Board, CPU, cores, int8 abilities, memory, kernel and Python, for JSON."""
    facts = _cpuinfo(cpuinfo)
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    part = facts.get("CPU part", "")
    return {
        "board": _board(model),
        "cpu": facts.get("model name") or ARM_PARTS.get(part) or f"{platform.machine()} {part}".strip(),
        "cores": len(os.sched_getaffinity(0)),
        "int8": [words for flag, words in INT8.items() if flag in flags],
        "memory_mib": int(proc.mib(meminfo, "MemTotal") or 0),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def sentence(machine: Machine) -> str:
    """The machine in one line."""
    int8 = ", ".join(machine["int8"]) or "no int8 instructions"
    board = f"{machine['board']}: " if machine["board"] else ""
    memory = f"{machine['memory_mib']} MiB" if machine["memory_mib"] else "memory not told by the kernel"
    return f"{board}{machine['cpu']}, {machine['cores']} cores, {int8}, {memory}"


def seconds_since_start(stat: Path = Path("/proc/self/stat")) -> float | None:
    """How long ago this process was started, in seconds, to a hundredth; None when the kernel hides it."""
    after_name = proc.read(stat).rpartition(")")[2].split()
    if not after_name:
        return None
    started = int(after_name[19]) / os.sysconf("SC_CLK_TCK")  # field 22: ticks between boot and start
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def _cpuinfo(path: Path) -> dict[str, str]:
    """The first core's facts."""
    block = proc.read(path).split("\n\n")[0]
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _board(path: Path) -> str:
    return proc.read(path).rstrip("\0\n")
