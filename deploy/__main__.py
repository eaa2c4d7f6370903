"""`python -m deploy COMMAND`: from the repository to a Raspberry Pi."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module

from deploy.errors import DeployError

COMMANDS = {
    "bundle": ("deploy.bundle", "everything that a device needs, for one operating system, in one file"),
    "card": ("deploy.card.command", "an SD card that makes a kiosk of a Raspberry Pi at its first start"),
}
NOT_YET = (
    "putting it on a Raspberry Pi from here is not there yet; on the Pi, clone the repository and `make run`"
)


def usage() -> str:
    """All commands with a line each."""
    lines = [f"  {name:<12} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: python -m deploy COMMAND [OPTIONS]", "", *lines, "", f"flash: {NOT_YET}"])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status; without a name, list them."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        reason = NOT_YET if name == "flash" else f"unknown command; allowed: {', '.join(COMMANDS)}"
        print(f"deploy {name}: {reason}", file=sys.stderr)
        return 2
    module, text = COMMANDS[name]
    command = import_module(module)
    parser = ArgumentParser(f"python -m deploy {name}", description=text, allow_abbrev=False)
    command.add_options(parser)
    try:
        status: int = command.main(parser.parse_args(options))
    except DeployError as error:
        print(f"deploy {name}: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
