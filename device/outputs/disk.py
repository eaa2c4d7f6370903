"""Room on a disk: what must stay free, and a reserve that is taken beforehand and given back for the end."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE = 24 * 2**20  # bytes that must stay free: the system's log and the settings still need to be written
END = 4 * 2**20  # bytes kept for a film's index: 16 a frame, so enough for two hours at 30 frames a second


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write into `folder`. Raises OSError."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def nearly_full(folder: Path) -> str:
    """A sentence when less than the reserve is free in `folder`; empty where there is room."""
    free = free_bytes(folder)
    if free >= RESERVE:
        return ""
    return f"only {free >> 20} MiB are free there, {RESERVE >> 20} MiB must stay free"


class Reserve:
    """A file of `size` bytes beside what is written, so that its end can be written on a full disk too."""

    def __init__(self, path: Path, size: int = END) -> None:
        """Raises OSError when there is no room for it."""
        self._path = path
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Give the room back."""
        self._path.unlink(missing_ok=True)
