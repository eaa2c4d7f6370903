"""`python -m device config`: prints the commented configuration file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from device.config.example import example
from device.config.options import add_settings, settings_from


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device config`: every setting."""
    add_settings(parser)


def main(args: Namespace) -> int:
    """Print the configuration file with the settings in force."""
    print(example(settings_from(args)), end="")
    return 0
