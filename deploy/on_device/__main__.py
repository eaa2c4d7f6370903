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
    "verify": "whether every file of a release has its sum",
    "trial": "let a release examine itself beside the one that runs, without a camera",
    "switch": "make a release the one that runs, and go back if it is not well within the window",
    "rollback": "switch to the release before",
    "recover": "wait for a switch that is under way, and go back from one that died",
    "status": "what runs, how it is, and which guards are in force",
}


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status."""
    if not argv or argv[0] not in COMMANDS:
        lines = [f"  {name:<9} {text}" for name, text in COMMANDS.items()]
        print("\n".join([__doc__.strip(), "", *lines]))
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    name = argv[0]
    module = import_module(f"deploy.on_device.{name}")  # no other: they cost a small board half a second
    parser = ArgumentParser(f"on_device {name}", description=COMMANDS[name], allow_abbrev=False)
    parser.add_argument("--root", type=Path, default=Path("/"), help="a folder that stands for /")
    module.add_options(parser)
    args = parser.parse_args(argv[1:])
    os.umask(0o022)  # the service has a user of its own, whatever the technician's umask is
    try:
        status: int = module.main(Layout(args.root.resolve()), args)
    except Refused as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except (NotWell, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
