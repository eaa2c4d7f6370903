"""`python -m deploy COMMAND`: from the repository to a Raspberry Pi."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module

from deploy.errors import DeployError

COMMANDS = {  # module:function, by default main
    "bundle": ("deploy.bundle", "everything that a device needs, for one operating system, in one file"),
    "flash": ("deploy.ssh.flash", "this commit onto a Raspberry Pi on the network"),
    "card": ("deploy.card.command", "an SD card that makes a kiosk of a Raspberry Pi at its first start"),
    "status": ("deploy.ssh.remote:status", "what runs on a device, how it is, and which guards are in force"),
    "logs": ("deploy.ssh.remote:logs", "the last lines of its journal"),
    "rollback": ("deploy.ssh.remote:rollback", "back to the release before"),
}
STATUSES = """exit statuses: 0 done, or nothing to do; 1 the release is not well, and the one before runs;
2 wrong input or an unfit device, nothing was changed; 3 the connection was lost on the way"""


def usage() -> str:
    """All commands with a line each."""
    lines = [f"  {name:<12} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: python -m deploy COMMAND [OPTIONS]", "", *lines, "", STATUSES])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status; without a name, list them."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"deploy {name}: unknown command; allowed: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    place, text = COMMANDS[name]
    module, _, function = place.partition(":")
    command = import_module(module)
    parser = ArgumentParser(f"python -m deploy {name}", description=text, allow_abbrev=False)
    command.add_options(parser)
    try:
        status: int = getattr(command, function or "main")(parser.parse_args(options))
    except DeployError as error:
        print(f"deploy {name}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print(f"deploy {name}: interrupted; what runs on a device goes on by itself", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
