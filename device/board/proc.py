"""Reads the kernel's files of the form `name: N kB`; any of them may be missing or hidden.

A systemd unit with ProcSubset=pid hides /proc/meminfo, and a container may have no /proc at all.
"""

from __future__ import annotations

from pathlib import Path

MEMINFO = Path("/proc/meminfo")
STATUS = Path("/proc/self/status")


def kib(text: str, name: str) -> int | None:
    """The value of the line `name: N kB` in KiB, None when there is no such line."""
    for line in text.splitlines():
        found, colon, value = line.partition(":")
        if colon and found == name:
            return int(value.split()[0])
    return None


def read(path: Path) -> str:
    """The file's text, empty when it cannot be read: missing, hidden, or no descriptor left."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def mib(path: Path, name: str) -> float | None:
    """The value of the line `name: N kB` of a file in MiB, None when it cannot be had."""
    found = kib(read(path), name)
    return None if found is None else found / 1024
