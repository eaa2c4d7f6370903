"""`python3 -B .../deploy/on_device COMMAND`: what a release needs done on the device, a command a module.

Exit statuses: 0 done, or nothing to do; 1 the release is not well, and the one before runs; 2 refused, and
nothing was changed. Every command takes --root FOLDER, a folder that stands for / (the tests' devices).
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

if not __package__:  # started as a folder: the package is two folders up
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from deploy.on_device.errors import NotWell, Refused
from deploy.on_device.layout import Layout

COMMANDS = {
    "install": "unpack a bundle into a release, its sums checked; nothing runs yet",
    "trial": "let a release examine itself beside the one that runs, without a camera",
    "switch": "make a release the one that runs, and go back if it is not well within the window",
    "rollback": "switch to the release before",
    "recover": "wait for a switch that is under way, and go back from one that died",
    "status": "what runs, how it is, and which guards are in force",
}


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status."""
    parser = ArgumentParser("on_device", description=__doc__, allow_abbrev=False)
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = choices.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.add_argument("--root", type=Path, default=Path("/"), help="a folder that stands for /")
        import_module(f"deploy.on_device.{name}").add_options(command)
    args = parser.parse_args(argv)
    try:
        status: int = import_module(f"deploy.on_device.{args.command}").main(
            Layout(args.root.resolve()), args
        )
    except Refused as error:
        print(f"{args.command}: {error}", file=sys.stderr)
        return 2
    except (NotWell, OSError) as error:
        print(f"{args.command}: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
