"""The dma-bufs that this process holds: buffers of cameras and displays, which no other figure counts.

Every open dma-buf has an entry in /proc/self/fdinfo with its size in bytes, who exported it, and, since
Linux 5.14, its inode, by which a buffer that is open twice is counted once.
"""

from __future__ import annotations

import os
from pathlib import Path

FDINFO = Path("/proc/self/fdinfo")


def held_bytes(fdinfo: Path = FDINFO) -> int:
    """The sum of their sizes in bytes. Raises OSError when the folder cannot be listed."""
    sizes: dict[str, int] = {}
    with os.scandir(fdinfo) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        fields = _fields(fdinfo / name)
        if "exp_name" in fields and fields.get("size", "").isdecimal():
            sizes[fields.get("ino", f"descriptor {name}")] = int(fields["size"])
    return sum(sizes.values())


def _fields(path: Path) -> dict[str, str]:
    """The lines `name: value` of one entry; none when the descriptor was closed meanwhile."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
