"""`python -m deploy flash`: this commit onto a Raspberry Pi on the network, and back by itself when it fails.

Everything that decides runs on the device (`deploy/on_device`); here it is looked at, fed and listened to.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from deploy import bundle
from deploy.errors import DeployError, LostError
from deploy.on_device import release
from deploy.on_device.errors import Refused
from deploy.ssh.connection import Connection

TOOLS = Path(__file__).resolve().parent.parent / "on_device"
AS_ROOT_IF_MAY = 'sudo -n "$@" 2>/dev/null || { [ $? = 2 ] && exit 2; exec "$@"; }'  # 2: preflight's own
WHAT = """make flash HOST=pi@kiosk.local   this commit onto a Pi on the network, and back if it is not well
make flash DEV=/dev/sdX IMAGE=RASPIOS.img.xz   a card that starts as a kiosk; DRY_RUN=1 only says how
make status HOST=…   what runs there, how it is, which guards are in force; make logs HOST=… its journal
make rollback HOST=…   the release before; the same again comes back
Where not as usual: OS=, PORT=, KEY=, BUNDLE=FILE. All of it: deploy/README.md"""


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m deploy flash`."""
    add_host(parser)
    parser.add_argument("--os", choices=bundle.SYSTEMS, help="the system that is to be on the device")
    parser.add_argument("--bundle", type=Path, help="a bundle's file, in place of this commit's")
    parser.add_argument("--window", type=float, default=30.0, help="seconds to prove itself; default 30")


def add_host(parser: ArgumentParser) -> None:
    """The options that all commands over SSH share."""
    parser.add_argument("--host", metavar="USER@NAME", help="the device")
    parser.add_argument("--port", type=int, default=22, help="of its SSH; default 22")
    parser.add_argument("--key", type=Path, help="private key; default: as ssh is set up")
    parser.add_argument("--ssh-config", type=Path, help="in place of ~/.ssh/config")
    parser.add_argument("--root", default="/", help="a folder on it that stands for its / (for tests)")


def connection(args: Namespace) -> Connection:
    """The connection that the options ask for."""
    if not args.host:
        raise DeployError("which device? say HOST=pi@kiosk.local")
    return Connection(args.host, args.port, args.key, args.ssh_config)


def main(args: Namespace) -> int:
    """Flash; 0 when the release runs and is well, 1 when the one before does, 2 when nothing was changed."""
    if not args.host:
        print(WHAT)
        return 0
    begun = time.monotonic()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # in order with what the device says, also in a file
    wanted = wanted_release(args)
    with connection(args) as device:
        if is_unchanged(device, args, wanted):
            return nothing_to_do(args, wanted)
        facts = preflight(device, args, wanted)
        if facts["pending"] and facts["current"]:
            tools = on_device(args, "current/app/deploy/on_device")
            if status := device.run(*tools, "recover", "--root", args.root).returncode:
                return status
            facts = preflight(device, args, wanted)
        for note in facts["notes"]:
            print(f"note: {note}")
        commit = wanted["commit"]
        if facts["well"]:
            return nothing_to_do(args, wanted)
        tools = on_device(args, f"releases/{commit}/app/deploy/on_device")
        if not facts["there"] or device.run(*tools, "verify", commit, "--root", args.root).returncode:
            path = checked(args.bundle or built(facts), facts)
            if status := send(device, args, path):
                return status
        if status := device.run(*tools, "trial", commit, "--root", args.root).returncode:
            return status
        status = switch(device, tools, commit, args)
    print(f"{time.monotonic() - begun:.0f} s in all")
    return status


def wanted_release(args: Namespace) -> dict[str, Any]:
    """commit, time, os and size of what is to be there; os is "" where any will do."""
    if not args.bundle:
        commit = bundle.committed()
        sizes = [path.stat().st_size for path in (bundle.ROOT / "dist").glob(f"kiosk-{commit[:12]}-*")]
        moment = int(bundle.run("git", "show", "-s", "--format=%ct", commit))
        return {
            "commit": commit,
            "time": moment,
            "os": args.os or "",
            "size": max(sizes, default=bundle.LARGEST),
        }
    try:
        told = release.about(args.bundle)
    except Refused as error:
        raise DeployError(str(error)) from None
    return {"time": 0, **told, "size": args.bundle.stat().st_size}


def is_unchanged(device: Connection, args: Namespace, wanted: dict[str, Any]) -> bool:
    """Whether what is wanted runs there and is well, as the device's shell alone sees it: in a second."""
    script = (TOOLS / "unchanged.sh").read_text(encoding="utf-8")
    words = (wanted["commit"], str(wanted["time"]), args.os or wanted["os"], args.root)
    done = device.run("sh", "-s", "--", *words, root=False, input=script, capture_output=True)
    return done.returncode == 0


def nothing_to_do(args: Namespace, wanted: dict[str, Any]) -> int:
    """Say so."""
    name = wanted["commit"][:12]
    print(f"{name} runs on {args.host} already and is well: nothing was sent, nothing restarted")
    return 0


def preflight(device: Connection, args: Namespace, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the device says of itself. Raises DeployError with the first problem."""
    systems = ",".join(f"{name}:{system.python}" for name, system in bundle.SYSTEMS.items())
    options = {
        "--root": args.root,
        "--systems": systems,
        "--os": args.os or wanted["os"],
        "--bundle-bytes": wanted["size"],
        "--commit": wanted["commit"],
        "--time": wanted["time"],
        "--now": int(time.time()),
        "--apt": ",".join(bundle.APT),
    }
    words = [f"{name}={value}" for name, value in options.items()]
    script = (TOOLS / "preflight.py").read_text(encoding="utf-8")
    command = ("sh", "-c", AS_ROOT_IF_MAY, "sh", "python3", "-IS", "-", *words)
    done = device.run(*command, root=False, input=script, capture_output=True)
    try:
        facts: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        told = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise DeployError(f"python3 does not run on {args.host}: {told[0]}") from None
    if facts["problems"]:
        raise DeployError(facts["problems"][0])
    if facts["uid"] == 0:
        device.prefix = ()
    return facts


def built(facts: dict[str, Any]) -> Path:
    """This commit's bundle for the device, made if it is not there yet."""
    compression = "zstd" if facts["zstd"] else "gzip"
    ending = "zst" if facts["zstd"] else "gz"
    path = bundle.ROOT / "dist" / f"kiosk-{bundle.committed()[:12]}-{facts['os']}.tar.{ending}"
    if not path.exists():
        print(f"making {path.name}")
        path.parent.mkdir(exist_ok=True)
        bundle.build(facts["os"], path.parent, compression)
    return path


def checked(path: Path, facts: dict[str, Any]) -> Path:
    """The bundle, every sum of it checked before a byte is sent. Raises DeployError."""
    if path.suffix == ".zst" and not facts["zstd"]:
        raise DeployError("the device has no zstd: leave BUNDLE= out, or `sudo apt install zstd` on it")
    bundle.checked(path, facts["os"], "the device runs")
    return path


def send(device: Connection, args: Namespace, path: Path) -> int:
    """Bundle and tools into incoming, and a release made of them there; the status of that."""
    begun = time.monotonic()
    incoming = f"{args.root.rstrip('/')}/opt/kiosk/incoming"
    if device.run("mkdir", "-p", f"{incoming}/tools/deploy").returncode:
        raise DeployError(f"{incoming} cannot be made on {args.host}")
    package = (TOOLS.parent / "__init__.py", TOOLS)
    device.send(
        *package, to=f"{incoming}/tools/deploy/", options=("-rt", "--delete", "--exclude=__pycache__")
    )
    shown = ("--info=progress2",) if sys.stdout.isatty() else ()
    try:
        device.send(path, to=f"{incoming}/", options=("--partial", "--append-verify", *shown))
    except LostError as error:
        raise LostError(f"{error}; run the same command again, it goes on where it stopped") from None
    print(f"sent {path.stat().st_size / 1e6:.1f} MB in {time.monotonic() - begun:.0f} s")
    tools = on_device(args, "incoming/tools/deploy/on_device")
    return device.run(
        *tools, "install", "--bundle", f"{incoming}/{path.name}", "--root", args.root
    ).returncode


def switch(device: Connection, tools: tuple[str, ...], commit: str, args: Namespace) -> int:
    """The device's own switch; its status. A connection that is lost does not stop it."""
    window = ("--window", str(args.window))
    try:
        return device.run(*tools, "switch", commit, *window, "--root", args.root).returncode
    except LostError as error:
        raise LostError(
            f"{error}; the device goes on by itself, and back if need be: see `make status HOST={args.host}`"
        ) from None


def on_device(args: Namespace, folder: str) -> tuple[str, ...]:
    """The command of the tools in a folder below the device's /opt/kiosk."""
    return ("python3", "-B", f"{args.root.rstrip('/')}/opt/kiosk/{folder}")
