"""Switches to the release that proved well before the one that runs; the same again comes back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deploy.on_device.errors import Refused
from deploy.on_device.layout import Layout, named
from deploy.on_device.switch import add_window, run


def add_options(parser: ArgumentParser) -> None:
    """The options of `rollback`."""
    add_window(parser)


def main(layout: Layout, args: Namespace) -> int:
    """Switch back; 0 once that release is well."""
    current = named(layout.current)
    before = layout.before(current)
    if not before:
        raise Refused(f"there is no release before {current[:12] or 'the first'} on the device")
    print(f"from {current[:12]} back to {before[:12]}", flush=True)
    return run(layout, before, args.window, args.attached)
