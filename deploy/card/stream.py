"""Writes an image to a card and proves that it is there: a copy, `fsync`, and a read past the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from deploy.card.source import CHUNK
from deploy.card.tools import CardFailure

BLKFLSBUF = 0x1261  # linux/fs.h: drop what the kernel remembers of a block device
Spans = Iterable[tuple[int, int]]  # begin and length, in bytes
AGAIN = "the card is unfinished: start again, with another card or reader if it happens twice"


class Progress:
    """One line a second on a terminal, one a tenth elsewhere: bytes so far and the seconds that are left."""

    def __init__(self, title: str, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._title, self._total, self._clock = title, total, clock
        self._began = self._told = clock()
        self._done = self._tenth = 0
        self._live = sys.stderr.isatty()

    def add(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        now, tenth = self._clock(), 10 * self._done // max(self._total, 1)
        if (now - self._told >= 1.0) if self._live else (tenth > self._tenth):
            self._told, self._tenth = now, tenth
            print(self.line(now), end="\r" if self._live else "\n", file=sys.stderr, flush=True)

    def line(self, now: float) -> str:
        """What is printed: `write: 512 of 2048 MB, 12 s left`."""
        left = (now - self._began) * (self._total - self._done) / max(self._done, 1)
        return f"{self._title}: {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB, {left:.0f} s left"


def hold(device: Path) -> int:
    """A file descriptor that keeps others from mounting the device while it is open. Raises CardFailure."""
    try:
        return os.open(device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        raise CardFailure(
            f"{device} cannot be opened ({error.strerror}); unmount it and start again"
        ) from None


def write(image: Path, descriptor: int, size: int) -> None:
    """Copy `size` bytes of the image to the open device and wait until they are there. Raises CardFailure."""
    progress, done = Progress("write", size), 0
    try:
        with image.open("rb") as source:
            while chunk := source.read(CHUNK):
                view = memoryview(chunk)
                while view:
                    count = os.pwrite(descriptor, view, done)
                    view, done = view[count:], done + count
                    progress.add(count)
        os.fsync(descriptor)
    except OSError as error:
        raise CardFailure(f"writing ended after {done} of {size} bytes ({error.strerror}); {AGAIN}") from None


def verify(image: Path, descriptor: int, spans: Spans) -> str:
    """Read back what was written and compare the SHA-256 with the image's; return it. Raises CardFailure."""
    spans = list(spans)
    total = sum(length for _, length in spans)
    try:
        forget(descriptor)
        with image.open("rb") as source:
            wanted = digest(lambda count, at: os.pread(source.fileno(), count, at), spans, None)
            found = digest(
                lambda count, at: os.pread(descriptor, count, at), spans, Progress("read back", total)
            )
    except OSError as error:
        raise CardFailure(f"reading back failed ({error.strerror}); {AGAIN}") from None
    if found != wanted:
        sums = f"SHA-256 {found[:12]}…, not {wanted[:12]}…"
        raise CardFailure(f"the card does not hold what was written ({sums}); {AGAIN}")
    return found


def digest(read: Callable[[int, int], bytes], spans: Spans, progress: Progress | None) -> str:
    """SHA-256 of the spans, by `read(count, offset)`."""
    total = hashlib.sha256()
    for begin, length in spans:
        at, end = begin, begin + length
        while at < end:
            chunk = read(min(CHUNK, end - at), at)
            if not chunk:
                return f"ends at byte {at}"
            total.update(chunk)
            at += len(chunk)
            if progress:
                progress.add(len(chunk))
    return total.hexdigest()


def forget(descriptor: int) -> None:
    """Have the kernel drop its copy, so that what is read next comes from the card itself."""
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    if stat.S_ISBLK(os.fstat(descriptor).st_mode):
        fcntl.ioctl(descriptor, BLKFLSBUF)
