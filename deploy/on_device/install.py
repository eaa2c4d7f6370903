"""A bundle becomes a release: unpacked, checked, compiled, synced, and then given its name by one rename."""

from __future__ import annotations

import errno
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from pathlib import Path

from deploy.on_device import bytecode, release
from deploy.on_device.errors import Refused
from deploy.on_device.layout import Layout, alone, exchange, named, sync_folder

KEPT = 3  # releases that proved well; those of links and marker are kept beside them
UNPACKING = ".unpacking"
SPACE = "free some on the device (`sudo journalctl --vacuum-size=50M`, `sudo apt clean`) and try again"


def add_options(parser: ArgumentParser) -> None:
    """The options of `install`."""
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle's file on the device")


def main(layout: Layout, args: Namespace) -> int:
    """Install, and print the release's commit as the last word of the last line."""
    with alone(layout):
        commit, done = install(layout, args.bundle)
    print(f"{'unpacked and checked' if done else 'there already, and right'}: release {commit}")
    return 0


def install(layout: Layout, bundle: Path) -> tuple[str, bool]:
    """(commit, whether it had to be unpacked). Raises Refused; then no release was changed."""
    part = layout.releases / UNPACKING
    try:
        commit = release.about(bundle)["commit"]
        home = layout.releases / commit
        if home.is_dir() and not release.damaged(home):
            _leave(layout, bundle)
            return commit, False
        _remove_leftovers(layout)
        part.mkdir()
        release.unpack(bundle, part)
        bytecode.add(part)
        subprocess.run(["sync", "-f", str(part)], check=True)
        if home.is_dir():
            exchange(part, home)  # a damaged one that may be running: there is a release at every moment
        else:
            part.rename(home)
        sync_folder(layout.releases)
    except Refused:
        _leave(layout, bundle)
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(f"the device's disk is full; {SPACE}") from None
        if error.errno == errno.EROFS:
            raise Refused("the device's disk is read-only; see `make flash` on lifting it") from None
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for other in layout.incoming.glob("*.tar.*"):  # those whose sending was cut and not taken up again
        _leave(layout, other)
    _leave(layout, bundle)
    return commit, True


def prune(layout: Layout) -> list[str]:
    """Remove all releases but the last that proved well and those of links and marker; the removed ones."""
    keep = set(layout.history()[-KEPT:]) | layout.protected()
    gone = sorted(p.name for p in layout.releases.iterdir() if p.name[0] != "." and p.name not in keep)
    for name in gone:  # renamed first: a removal that is cut leaves no half release under a commit's name
        (layout.releases / name).rename(layout.releases / f".removing-{name}")
    _remove_leftovers(layout)
    return gone


def _remove_leftovers(layout: Layout) -> None:
    """Of unpackings and removals that were cut."""
    for path in layout.releases.glob(".*"):
        if named(layout.current) != path.name:
            shutil.rmtree(path, ignore_errors=True)


def _leave(layout: Layout, bundle: Path) -> None:
    """Nothing stays in incoming: the release is there, or the file was wrong and is sent anew."""
    if bundle.parent == layout.incoming:
        bundle.unlink(missing_ok=True)
