"""Whether every file of a release that is there has its sum still: cards forget."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deploy.on_device.errors import NotWell
from deploy.on_device.layout import Layout
from deploy.on_device.release import damaged


def add_options(parser: ArgumentParser) -> None:
    """The options of `verify`."""
    parser.add_argument("commit", help="a release")


def main(layout: Layout, args: Namespace) -> int:
    """0, or NotWell with the first file that is damaged or lacking."""
    if name := damaged(layout.releases / args.commit):
        raise NotWell(f"release {args.commit[:12]} is damaged: {name}")
    return 0
