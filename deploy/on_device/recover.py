"""Goes back from a switch that was not finished: at each boot, and when a switch dies.

Whoever switches holds the lock of the releases from before the marker is written until after it is removed.
A marker that is there while nobody holds the lock is therefore of a switch that died: the power went, the
machine hung, the process was killed, or systemd ended it because its window had long passed. It leads back
to the old release. `kiosk-rollback.service` runs this at each boot, before the kiosk's service, from the
release that proved well last (`guard`).
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deploy.on_device.layout import Layout, alone
from deploy.on_device.switch import back


def add_options(parser: ArgumentParser) -> None:
    """The options of `recover`."""
    parser.add_argument("--boot", action="store_true", help="the service has not started yet: leave it so")


def main(layout: Layout, args: Namespace) -> int:
    """Wait for a switch that is under way, go back from one that died, and say what was done."""
    if layout.marker() is None:
        return 0
    with alone(layout):
        marker = layout.marker()
        if marker is None:
            print("the switch that was under way is finished")
            return 0
        done = back(layout, marker, running=not args.boot)
    print(f"a switch to {marker.new[:12] or 'a release'} was not finished; {done}")
    return 0
