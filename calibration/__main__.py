"""`python -m calibration COMMAND`: the representative faces of the int8 network."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module

from models.errors import told

COMMANDS = {
    "build": "make the shipped faces anew, the same bytes on every machine; --check compares only",
    "report": "prove the shipped faces against photographs and noise (workstation)",
    "sensitivity": "how light, focus and colour move the age, and where the doctor warns",
    "capture": "take crops of the people at a site, with their consent",
    "apply": "a new int8 network from these crops, checked before it replaces the old one (workstation)",
    "detector": "what the face detector would gain and lose as int8 (workstation)",
    "fit": "fit the face model to photographs",
    "people": "draw the people of the demo scene anew",
}
WITHOUT_ARGUMENTS = ["build"]  # what `make calibrate` does


def usage() -> str:
    """All commands with a line each."""
    lines = [f"  {name:<12} {text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: python -m calibration COMMAND [OPTIONS]", "", *lines])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status; without a name, `build`."""
    name, options = argv[0], argv[1:]
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"calibration: unknown command {name!r}; allowed: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    program = f"python -m calibration {name}"
    parser = ArgumentParser(program, f"{program} [OPTIONS]", COMMANDS[name], allow_abbrev=False)
    try:
        command = import_module(f"calibration.{name}")
        command.add_options(parser)
        args = parser.parse_args(options)
        return told("calibration", name, lambda: command.main(args))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or WITHOUT_ARGUMENTS))
