"""What machine this is: named in benchmarks and judged by `python -m device doctor`."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MODEL = Path("/proc/device-tree/model")  # on boards: "Raspberry Pi 5 Model B Rev 1.0"
MEMINFO = Path("/proc/meminfo")

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


def describe(cpuinfo: Path = CPUINFO, model: Path = MODEL, meminfo: Path = MEMINFO) -> dict:
    """Board, CPU, cores, int8 abilities, memory in MiB, kernel and Python, for JSON."""
    facts = _cpuinfo(cpuinfo)
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    part = facts.get("CPU part", "")
    return {
        "board": _board(model),
        "cpu": facts.get("model name") or ARM_PARTS.get(part) or f"{platform.machine()} {part}".strip(),
        "cores": len(os.sched_getaffinity(0)),
        "int8": [words for flag, words in INT8.items() if flag in flags],
        "memory_mib": _total_memory(meminfo),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def sentence(machine: dict) -> str:
    """The machine in one line."""
    int8 = ", ".join(machine["int8"]) or "no int8 instructions"
    board = f"{machine['board']}: " if machine["board"] else ""
    return f"{board}{machine['cpu']}, {machine['cores']} cores, {int8}, {machine['memory_mib']} MiB"


def seconds_since_start(stat: Path = Path("/proc/self/stat")) -> float:
    """How long ago this process was started, in seconds, to a hundredth."""
    after_name = stat.read_text().rpartition(")")[2].split()
    started = int(after_name[19]) / os.sysconf("SC_CLK_TCK")  # field 22: ticks between boot and start
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def _cpuinfo(path: Path) -> dict[str, str]:
    """The first core's facts."""
    block = path.read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _board(path: Path) -> str:
    return path.read_text().rstrip("\0\n") if path.exists() else ""


def _total_memory(path: Path) -> int:
    line = next(line for line in path.read_text().splitlines() if line.startswith("MemTotal"))
    return int(line.split()[1]) // 1024
