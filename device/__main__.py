"""`python -m device COMMAND`: the commands of the device, and the exit statuses they end with."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from importlib import import_module

from device.board import footprint
from device.errors import DeviceError

COMMANDS = {
    "run": "watch the people before the camera and show their ages",
    "photo": "the ages of the faces in photographs",
    "doctor": "what this machine has, and whether the main job can run on it",
    "bench": "how long a frame takes and how much memory the program holds",
    "config": "print the commented configuration file",
    "token": "print a good password for the page, a new one each time",
}
STATUSES = """exit statuses:
  0 done   2 a setting or an option is wrong, or the memory budget too small   3 no camera, or lost for good
  4 a model file is missing or damaged   75 out of the memory budget: start again   1 anything else"""


def usage() -> str:
    """The commands, a line each."""
    lines = [f"  {name:<8} {text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: python -m device COMMAND [OPTIONS]", "", *lines, "", STATUSES])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"device: unknown command {name!r}; allowed: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    footprint.apply()
    command = import_module(f"device.commands.{name}")
    program = f"python -m device {name}"
    parser = ArgumentParser(program, f"{program} [OPTIONS]", COMMANDS[name], allow_abbrev=False)
    try:
        command.add_options(parser)
        return command.main(parser.parse_args(options))
    except DeviceError as error:
        print(f"device {name}: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
