"""`python -m device notice`: the notice for the door, in five languages, as an HTML page to be printed."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, Namespace

from device.config.options import add_settings, settings_from
from device.notice.page import blanks, page

log = logging.getLogger(__name__)


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device notice`: the settings that it tells of."""
    add_settings(parser)


def main(args: Namespace) -> int:
    """Print the page, and say in the log what is still to be filled in."""
    settings = settings_from(args)
    sys.stdout.write(page(settings))
    for name in blanks(settings):
        log.warning("%s is empty: the notice has a blank in its place", name)
    return 0
