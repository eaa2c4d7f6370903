"""`python -m device token`: prints a password for the page that nobody can guess."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from device.config.options import add_settings
from device.outputs.web.token import good_token


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device token`: those of all commands, though it heeds none."""
    add_settings(parser)


def main(args: Namespace) -> int:
    """Print one token, fresh from the system's random numbers."""
    print(good_token())
    return 0
