"""Where lines end: a stream that belongs to somebody else, or a file of ours that is bounded.

Both wait for a reader only in slices, so that the thread that writes can be told to stop.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Callable

from device.errors import ConfigError

SLICE_MS = 50  # of waiting for a reader
PIPE_PIECE = 4096  # bytes that a pipe which is ready takes without waiting, all or none
CHECK_S = 1.0  # between two looks whether the file was moved away
MODE = 0o600
LINKS_OF_THE_SYSTEM = ("/dev/", "/proc/self/fd/")  # /dev/stdout and >(a command) are links, and no trap


class Stream:
    """A descriptor that was open before us, such as standard error; a copy of it, which is ours to close."""

    def __init__(self, descriptor: int) -> None:
        self._fd: int | None = os.dup(descriptor)

    def write(self, data: bytes, stopping: Callable[[], bool]) -> None:
        """Write `data` to the end, or until `stopping()`."""
        if self._fd is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        write_all(self._fd, data, stopping)

    def reopen(self) -> None:
        """A stream has no name."""

    def close(self) -> None:
        """Close the copy."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None


class Nowhere:
    """Stands for a stream that was closed when the program started: every line is lost, and counted."""

    def write(self, data: bytes, stopping: Callable[[], bool]) -> None:
        """Refuse it."""
        raise OSError(errno.EBADF, "it was closed when the program started")

    def reopen(self) -> None:
        """There is nothing to open."""

    def close(self) -> None:
        """There is nothing to close."""


class LineFile:
    """A file, FIFO or device of ours at `path`, opened again when it was moved away.

    `option` names it in messages. A regular file of more than `limit` bytes is renamed to `PATH.1`, with
    `rotated`, or else takes no more; nor does it where it cannot be renamed. New files are readable by their
    owner alone, and no symbolic link is followed. Raises ConfigError when it cannot be opened.
    """

    def __init__(self, option: str, path: str, limit: int, *, rotated: bool, truncate: bool = False) -> None:
        self._path, self._limit, self._rotated = path, limit, rotated
        self._fd: int | None = None
        self._regular = False
        self._next_check = 0.0
        try:
            self._open(os.O_TRUNC if truncate else 0)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            if getattr(error, "errno", None) == errno.ENXIO and stat.S_ISFIFO(os.stat(path).st_mode):
                return  # a FIFO without a reader: one may come
            raise ConfigError(f"{option} {path}: cannot be written ({_reason(error)}).") from None

    def _open(self, more: int = 0) -> None:
        follow = 0 if self._path.startswith(LINKS_OF_THE_SYSTEM) else os.O_NOFOLLOW
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        self._fd = os.open(self._path, flags | follow | more, MODE)
        self._regular = stat.S_ISREG(os.fstat(self._fd).st_mode)

    def write(self, data: bytes, stopping: Callable[[], bool]) -> None:
        """Write `data` to the end, or until `stopping()`; of what does not fit on the disk, nothing stays."""
        now = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + CHECK_S
            self.reopen()
        if self._fd is None:
            self._open()
        assert self._fd is not None
        if not self._regular:
            write_all(self._fd, data, stopping)
            return
        size = os.fstat(self._fd).st_size
        if size and size + len(data) > self._limit:
            self._make_room()
            size = os.fstat(self._fd).st_size
        written = os.write(self._fd, data)
        if written < len(data):
            os.ftruncate(self._fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _make_room(self) -> None:
        if not self._rotated:
            raise OSError(errno.EFBIG, f"it has its {self._limit // 2**20} MiB")
        try:
            os.replace(self._path, self._path + ".1")
        except OSError as error:
            message = f"it has its {self._limit // 2**20} MiB, and cannot be renamed to {self._path}.1"
            raise OSError(error.errno, f"{message} ({error.strerror})") from None
        self.close()
        self._open()

    def reopen(self) -> None:
        """Let go of a regular file that its name leads to no more; the next line opens a new one."""
        if self._fd is None or not self._regular:
            return
        ours = os.fstat(self._fd)
        try:
            named = os.stat(self._path, follow_symlinks=False)
        except OSError:
            self.close()
            return
        if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None


def write_all(fd: int, data: bytes, stopping: Callable[[], bool]) -> None:
    """Write to a pipe, terminal or device, waiting for its reader in slices until `stopping()`."""
    ready = select.poll()
    ready.register(fd, select.POLLOUT)
    while data:
        if not ready.poll(SLICE_MS):
            if stopping():
                raise OSError(errno.EAGAIN, "nobody reads it")
            continue
        try:
            data = data[os.write(fd, data[:PIPE_PIECE]) :]
        except BlockingIOError:
            if stopping():
                raise


def _reason(error: OSError | ValueError) -> str:
    """Why a file cannot be opened, with the remedy."""
    if getattr(error, "errno", None) == errno.ELOOP:
        return "it is a symbolic link; name the file that it leads to"
    return f"{getattr(error, 'strerror', None) or error}; give another place"
