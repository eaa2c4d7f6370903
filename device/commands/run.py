"""`python -m device run`: the main job."""

from __future__ import annotations

import json
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from types import FrameType
from typing import Any

from device.app.application import Run
from device.app.memory_plan import memory_plan
from device.app.summary import as_text
from device.budget.memory import total
from device.config.options import add_settings, settings_from, whole_number


def say(text: str) -> None:
    """Tell the person at the terminal; standard output belongs to the summary and the events."""
    print(text, file=sys.stderr, flush=True)


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device run`."""
    form = "what the run ends with: text on standard error (default), or one JSON object on standard output"
    parser.add_argument("--frames", type=whole_number, metavar="N", help="end after so many frames")
    parser.add_argument("--trace", metavar="FILE", help="write a line of JSON for every frame")
    parser.add_argument("--summary", choices=("text", "json"), default="text", help=form)
    add_settings(parser)


def main(args: Namespace) -> int:
    """Run until the source ends, a signal comes or `--frames` are done; always ends with a summary."""
    settings = settings_from(args)
    say(f"memory: {total(memory_plan(settings)):.0f} MiB are declared of {settings.limits.memory_mib} MiB")
    with ExitStack() as closing:
        stopping = stop_on_signals(closing)
        run = Run(settings, stopping, closing, args.trace)
        try:
            run.loop.run(args.frames)
        finally:
            print_summary({**run.report()}, args.summary)
    return 0


def stop_on_signals(closing: ExitStack) -> threading.Event:
    """An event that SIGINT and SIGTERM set, until `closing`; a second signal ends the process at once."""
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        closing.callback(signal.signal, number, signal.signal(number, stop))
    return stopping


def print_summary(report: dict[str, Any], form: str) -> None:
    """The report as the operator asked for it."""
    if form == "json":
        print(json.dumps(report), flush=True)
    else:
        say(as_text(report))
