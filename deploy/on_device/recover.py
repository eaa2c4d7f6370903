"""Goes back from a switch that was not finished: at each boot, and when a switch dies.

A marker of another boot means that the power went, or the machine hung, within the window; one whose window
passed means that nobody watched to its end. Both lead back to the old release. `kiosk-rollback.service` runs
this from the release that proved well last (`guard`), before the kiosk's service starts.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deploy.on_device.layout import Layout, Marker, alone, now_s
from deploy.on_device.switch import back

GRACE_S = 120.0  # beyond the window: stopping, starting and setting up take their time on a small board


def add_options(parser: ArgumentParser) -> None:
    """The options of `recover`."""
    parser.add_argument("--now", action="store_true", help="whoever switched is dead: wait for no window")
    parser.add_argument("--boot", action="store_true", help="the service has not started yet: leave it so")


def main(layout: Layout, args: Namespace) -> int:
    """Go back if it is due, and say what was done."""
    marker = layout.marker()
    if marker is None:
        return 0
    if not (args.now or is_due(marker, layout.boot_id(), now_s())):
        print(f"a switch to {marker.new[:12]} is under way; it is left alone")
        return 0
    with alone(layout):
        print(
            f"a switch to {marker.new[:12]} was not finished; {back(layout, marker, running=not args.boot)}"
        )
    return 0


def is_due(marker: Marker, boot_id: str, now: float) -> bool:
    """Whether a marker is older than this boot, or its window passed."""
    return marker.boot_id != boot_id or now > marker.since_s + marker.window_s + GRACE_S
