"""`python -m device COMMAND`: the commands of the device, and the exit statuses they end with.

Works from any folder: as `python -m device` beside the package, else as `python /where/it/is/device`.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from io import TextIOWrapper

COMMANDS = {
    "run": "watch the people before the camera and show their ages",
    "photo": "the ages of the faces in photographs",
    "doctor": "what this machine has, and whether the main job can run on it",
    "bench": "how long a frame takes and how much memory the program holds",
    "field-test": "lead a technician through a test of the site, and keep a page of what came of it",
    "config": "print the commented configuration file",
    "ladder": "what the recovery ladder did on this machine",
    "notice": "print the notice for the door, in five languages, as an HTML page",
    "token": "print a good password for the page, a new one each time",
}
STATUSES = """exit statuses:
  0 done: the source ended, or somebody asked the program to stop
  2 a setting or an option is wrong, or the memory budget too small
  3 no camera, or lost for good   4 a file of the program is missing or damaged
  5 a screen that was asked for is away for ten minutes
  75 out of the memory budget, of memory, descriptors or threads, or the vision is stuck: start again
  130, 143 ended by SIGINT or SIGTERM while it started, or because something hung
  141 nobody reads its output any more   1 anything else"""
NOBODY_READS = 141  # as a shell shows a program that SIGPIPE ended


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status."""
    from device.app.logs import logging_to_stderr

    with logging_to_stderr():
        return flushed(attempt(argv))


def attempt(argv: list[str]) -> int:
    """The status of the command that `argv` names; whatever goes wrong is told in the log."""
    import logging

    from device.errors import DeviceError, shortage

    log = logging.getLogger(f"device.{argv[0]}" if argv and argv[0] in COMMANDS else "device")
    try:
        return perform(argv)
    except DeviceError as error:
        for line in str(error).splitlines():
            log.error("%s", line)
        return error.exit_status
    except BrokenPipeError:
        return NOBODY_READS
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        missing = shortage(error)
        if missing:
            log.error("this machine has no more %s for the program (%s)", missing, error)
            return 75
        if isinstance(error, OSError):
            place = error.filename or "standard output" if error.errno == errno.ENOSPC else error.filename
            log.error("%s: %s", place or "input or output", error.strerror or error)
        else:
            log.critical("a fault of the program; please report it with the lines below", exc_info=True)
        return 1


def perform(argv: list[str]) -> int:
    """Run the command. Raises whatever it raises."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name == "--version":
        from device.app.version import version

        print(version())
        return 0
    from device.config.keys import short
    from device.errors import ConfigError

    if name not in COMMANDS:
        raise ConfigError(f"unknown command {short(repr(name))}; allowed: {', '.join(COMMANDS)}")
    empty = next((option for option in options if option.startswith("--") and option.endswith("=--")), None)
    if empty:  # for argparse this is no value at all
        raise ConfigError(f"{short(repr(empty))}: -- is not a value.")
    from argparse import ArgumentParser
    from importlib import import_module

    from device.board import footprint

    footprint.apply()
    command = import_module(f"device.commands.{name.replace('-', '_')}")
    program = f"python -m device {name}"
    parser = ArgumentParser(program, f"{program} [OPTIONS]", COMMANDS[name], allow_abbrev=False)
    command.add_options(parser)
    status: int = command.main(parser.parse_args(options))
    return status


def usage() -> str:
    """The commands, a line each."""
    lines = [f"  {name:<10} {text}" for name, text in {**COMMANDS, "--version": "version and commit"}.items()]
    return "\n".join(["usage: python -m device COMMAND [OPTIONS]", "", *lines, "", STATUSES])


def flushed(status: int) -> int:
    """The status after what was printed has been written; a full disk or a reader that went is a failure."""
    if sys.stdout is None:
        return status
    try:
        sys.stdout.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what is still buffered; Python would try again at the end
        os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            return status or NOBODY_READS
        import logging

        logging.getLogger("device").error("standard output cannot be written: %s", error.strerror)
        return status or 1
    return status


def prepare_process() -> None:
    """What must be so before anything else is imported: signals, descriptors and standard output."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends at once, without a traceback, until `run` listens
    for descriptor in (0, 1, 2):  # one that is closed would be given to the next file, and then printed into
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not __package__:  # started as a folder: the package is beside it, not in it
        sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


if __name__ == "__main__":
    prepare_process()
    from device.app.forced_exit import end

    end(main(sys.argv[1:]))
