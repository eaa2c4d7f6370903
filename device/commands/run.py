"""`python -m device run`: the main job."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from typing import Any

from device.app import logs
from device.app.application import Run
from device.app.memory_plan import memory_plan
from device.app.signals import stop_on_signals
from device.app.summary import as_text
from device.budget.memory import total
from device.config.options import add_settings, settings_from, whole_number
from device.errors import DeviceError
from device.events.line_writer import told_writer
from device.events.sinks import Stream

log = logging.getLogger(__name__)

STDOUT = 1
SUMMARY_BYTES = 2**20  # more than a summary ever has


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device run`."""
    form = "what the run ends with: text in the log (default), or one JSON object on standard output"
    parser.add_argument("--frames", type=whole_number, metavar="N", help="end after so many frames")
    parser.add_argument("--trace", metavar="FILE", help="write a line of JSON for every frame, for measuring")
    parser.add_argument("--summary", choices=("text", "json"), default="text", help=form)
    add_settings(parser)


def main(args: Namespace) -> int:
    """Run until the source ends, a signal comes or `--frames` are done; always ends with a summary."""
    settings = settings_from(args)
    logs.follow(settings.log)
    log.info("memory: %.0f of %d MiB are declared", total(memory_plan(settings)), settings.limits.memory_mib)
    with ExitStack() as closing:
        stopping = threading.Event()
        listen = stop_on_signals(stopping, closing)
        run = Run(settings, stopping, closing, args.trace)
        listen(lambda: reopen(run))
        try:
            run.loop.run(args.frames)
        except DeviceError as error:  # a driver or a display may hang in the kernel while it is closed
            run.force_exit(error.exit_status)
            raise
        finally:  # before all is closed, which may hang
            print_summary(report(run), args.summary)
    return 0


def report(run: Run) -> dict[str, Any]:
    """What the run amounted to, with the lines that nobody took."""
    handler = logs.current()
    lost = {"events": run.events.dropped, "log": handler.lost if handler else 0}
    return {**run.report(), "lines_lost": lost}


def reopen(run: Run) -> None:
    """Open events and log anew where they were moved away. Safe in a signal's handler."""
    run.events.reopen()
    handler = logs.current()
    if handler:
        handler.reopen()


def print_summary(report: dict[str, Any], form: str) -> None:
    """The report as the operator asked for it; where standard output is full or gone, the log says so."""
    if form == "text":
        for line in as_text(report).splitlines():
            log.info("%s", line)
    elif sys.stdout is not None:
        summary = (json.dumps(report) + "\n").encode("ascii")
        try:
            writer = told_writer("the summary's lines", "standard output", Stream(STDOUT), SUMMARY_BYTES)
        except OSError:  # no descriptor is left for a copy of the stream
            os.write(STDOUT, summary)
            return
        writer.put(summary)
        writer.close()
