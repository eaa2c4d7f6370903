"""`python -m deploy status`, `logs` and `rollback`: what a device is asked without a release being sent."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from deploy.errors import DeployError
from deploy.ssh.connection import Connection
from deploy.ssh.flash import add_host, connection, on_device

LINES = "200"


def add_options(parser: ArgumentParser) -> None:
    """The options of all three."""
    add_host(parser)
    parser.add_argument("--window", help="rollback: seconds to prove itself; default 30")


def status(args: Namespace) -> int:
    """What runs there; 0 when it is well, else 1."""
    return _ask(args, "status")


def rollback(args: Namespace) -> int:
    """The release before; 0 once it is well."""
    return _ask(args, "rollback", *(("--window", args.window) if args.window else ()))


def logs(args: Namespace) -> int:
    """The last lines of the service's journal."""
    with connection(args) as device:
        _become_root(device)
        command = ("journalctl", "--unit", "kiosk.service", "--lines", LINES, "--no-pager")
        return device.run(*command).returncode


def _ask(args: Namespace, *command: str) -> int:
    with connection(args) as device:
        _become_root(device)
        tools = on_device(args, "current/app/deploy/on_device")
        if device.run("test", "-d", tools[-1]).returncode:
            raise DeployError(f"there is no release on {args.host} yet: make flash HOST={args.host}")
        return device.run(*tools, *command, "--root", args.root).returncode


def _become_root(device: Connection) -> None:
    """Without sudo where the user is root already. Raises DeployError where he may not be."""
    if device.run("id", "-u", root=False, capture_output=True).stdout.strip() == "0":
        device.prefix = ()
    elif device.run("true", capture_output=True).returncode:
        raise DeployError(
            f"{device.host} may not use sudo without a password; `make flash` says what mends it"
        )
