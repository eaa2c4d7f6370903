"""Where everything lies on the device, and the few ways in which it is changed there.

    /opt/kiosk/releases/COMMIT   whole releases, each put there by one rename
    /opt/kiosk/current           -> releases/COMMIT, the release that runs
    /opt/kiosk/guard             -> releases/COMMIT, the last that proved well; its `recover` looks at boots
    /opt/kiosk/pending           the marker of a switch that is not finished
    /opt/kiosk/history           the commits that proved well, the newest last
    /opt/kiosk/incoming          bundles while they are sent

Nothing here compares wall clocks: a Pi has none until the network gives it one.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.on_device.errors import Refused

PATIENCE_S = 90.0  # for another process to give the releases free: longer than a switch on a fast board
LOOK_S = 0.2
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of renameat2(2)


class Marker(NamedTuple):
    """A switch that is not finished: to `new` from `old` ("" for none), begun at `since_s` of a boot."""

    new: str
    old: str
    boot_id: str
    since_s: float  # CLOCK_BOOTTIME
    window_s: float


class Layout(NamedTuple):
    """The paths below `root`, which is / but in tests."""

    root: Path

    @property
    def home(self) -> Path:
        """All that comes with releases."""
        return self.root / "opt/kiosk"

    @property
    def releases(self) -> Path:
        """The folder of whole releases."""
        return self.home / "releases"

    @property
    def incoming(self) -> Path:
        """The folder of bundles while they are sent."""
        return self.home / "incoming"

    @property
    def current(self) -> Path:
        """The link to the release that runs."""
        return self.home / "current"

    @property
    def guard(self) -> Path:
        """The link to the last release that proved well."""
        return self.home / "guard"

    @property
    def pending(self) -> Path:
        """The marker's file."""
        return self.home / "pending"

    @property
    def config(self) -> Path:
        """The device's settings."""
        return self.root / "etc/kiosk/kiosk.toml"

    @property
    def state(self) -> Path:
        """What the service keeps."""
        return self.root / "var/lib/kiosk"

    def boot_id(self) -> str:
        """The kernel's name of this boot."""
        return read(self.root / "proc/sys/kernel/random/boot_id")

    def marker(self) -> Marker | None:
        """The switch that is not finished. One that cannot be read is of no boot; it leads to the guard."""
        text = read(self.pending)
        if not text and not self.pending.exists():
            return None
        try:
            facts = json.loads(text)
            return Marker(*(facts[name] for name in Marker._fields))
        except (ValueError, KeyError, TypeError):
            return Marker("", named(self.guard), "", 0.0, 0.0)

    def begin(self, marker: Marker) -> None:
        """The switch that `marker` tells of is not finished from now on."""
        put(self.pending, json.dumps(marker._asdict()) + "\n")

    def history(self) -> list[str]:
        """The commits that proved well and are still there, the newest last."""
        return [line for line in read(self.home / "history").split() if (self.releases / line).is_dir()]

    def before(self, commit: str) -> str:
        """The newest that proved well beside `commit`; "" for none."""
        return next((name for name in reversed(self.history()) if name != commit), "")

    def proved(self, commit: str) -> None:
        """`commit` is well: it is the newest of the history, and guards from now on."""
        names = [name for name in self.history() if name != commit][-9:]
        put(self.home / "history", "".join(f"{name}\n" for name in [*names, commit]))
        point(self.guard, commit)

    def protected(self) -> set[str]:
        """The releases that nothing may remove."""
        marker = self.marker()
        links = {named(self.current), named(self.guard)}
        return (links | {marker.new, marker.old} if marker else links) - {""}


def now_s() -> float:
    """Seconds since this boot, suspensions included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def read(path: Path) -> str:
    """A small file's text, stripped; "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def named(link: Path) -> str:
    """The commit that a link points to; "" where there is no link."""
    try:
        return Path(os.readlink(link)).name
    except OSError:
        return ""


def sync_folder(folder: Path) -> None:
    """The names in `folder` are on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(path: Path, text: str) -> None:
    """Write a small file that is whole or as it was, and on the disk."""
    part = path.with_name(f".{path.name}.next")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def point(link: Path, commit: str) -> None:
    """Let `link` name the release `commit`, by one rename(2)."""
    part = link.with_name(f".{link.name}.next")
    part.unlink(missing_ok=True)
    os.symlink(f"releases/{commit}", part)
    os.replace(part, link)
    sync_folder(link.parent)


def exchange(a: Path, b: Path) -> None:
    """Two folders change names at once. Raises OSError."""
    import ctypes  # takes its time, and is hardly ever needed

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(b))


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Hold the device's releases for this process. Raises Refused when another one keeps them."""
    layout.releases.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(layout.releases, os.O_RDONLY)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _locked(descriptor):
            if time.monotonic() > end:
                raise Refused("another installation or switch is under way; see `make status`, and try again")
            time.sleep(LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
