"""`python -m deploy card`: an SD card that makes a kiosk of a Raspberry Pi at its first start."""

from __future__ import annotations

import os
import secrets as random
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import NamedTuple

from deploy.card import bmap, disk, first_boot, payload, secrets, source, stream, tools
from deploy.card.fat import Fat
from deploy.card.image import Image, inspect
from deploy.errors import DeployError

SECRETS = Path("kiosk.secrets.toml")
AIR = 4 * 1024 * 1024  # bytes of the FAT partition that stay free


class Job(NamedTuple):
    """Everything that was looked at and decided before the first byte is written."""

    image: Image
    target: disk.Target
    files: dict[str, bytes]
    map: Path | None
    spans: list[tuple[int, int]]  # begin and length in bytes of what is written


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m deploy card`."""
    parser.add_argument("--device", required=True, help="the card, as lsblk names it")
    parser.add_argument("--image", type=Path, required=True, help="Raspberry Pi OS Lite, .img.xz or .img")
    parser.add_argument("--sha256", default="", help="the image's; default: IMAGE.sha256")
    parser.add_argument("--config", type=Path, help="the kiosk's settings; default: the application's own")
    parser.add_argument(
        "--secrets", type=Path, help=f"names, keys, passwords; default {SECRETS} if it is there"
    )
    parser.add_argument("--name", default="", help="host name; default: that of the secrets, or kiosk")
    parser.add_argument("--bundle", type=Path, help="default: this commit's, built when it is not there")
    parser.add_argument("--screen", choices=("window",), help="window: accept an image with a desktop")
    parser.add_argument("--dry-run", action="store_true", help="say every step, and write nothing")


def main(args: Namespace) -> int:
    """Make the card. Raises DeployError when it is refused, CardFailure when it is unfinished."""
    tools.require("xz", "lsblk", "debugfs", "mcopy", "openssl")
    scratch = os.environ.get("TMPDIR", "/var/tmp")  # /tmp may be memory, and an image has gigabytes
    with tempfile.TemporaryDirectory(prefix="card-", dir=scratch) as folder:
        job = prepare(args, Path(folder))
        if args.dry_run:
            say("dry run: nothing was written")
            return 0
        confirm(job.target, args.device)
        try:
            make(job)
        except (OSError, KeyboardInterrupt) as error:
            raise tools.CardFailure(
                f"{str(error) or 'interrupted'}; the card is unfinished: start again"
            ) from None
    say("done: take the card out, put it into the Raspberry Pi, and switch it on")
    return 0


def prepare(args: Namespace, scratch: Path) -> Job:
    """Check all that can be checked without writing, cheapest first, and say what will be done."""
    target = disk.look(args.device)
    own = secrets.load(args.secrets or (SECRETS if SECRETS.exists() else None), args.name)
    payload.check_config(args.config)
    digest = source.check(args.image, args.sha256)
    size = source.unpacked_size(args.image)
    disk.refuse(target, size)
    if not args.dry_run:
        disk.refuse_unwritable(target)
    if target.path == args.image.resolve():
        raise DeployError(f"{args.device} is the image itself; name the card")
    say(f"image: {args.image.name}, SHA-256 {digest[:12]}… as published, {size / 1e9:.1f} GB unpacked")
    image = inspect(source.unpack(args.image, scratch))
    if image.desktop and args.screen != "window":
        raise DeployError(f"{args.image.name} has a desktop; {source.TAKE}, or say SCREEN=window")
    say(f"system: {image.codename}, 64-bit, set up at its first start by {image.first_boot}")
    chosen = payload.choose(args.bundle, image, args.dry_run)
    files = files_of(image, own, chosen, args.config)
    blocks = bmap.beside(args.image)
    job = Job(image, target, files, blocks, bmap.ranges(blocks, image.size) if blocks else [(0, image.size)])
    describe(job, own, chosen)
    return job


def files_of(
    image: Image, own: secrets.Secrets, chosen: payload.Bundle | None, config: Path | None
) -> dict[str, bytes]:
    """Path and content of the files for the FAT partition, cmdline.txt last: it sets the rest going."""
    fat = Fat(image.path, image.boot)
    start = first_boot.compose(image, own, f"{own.hostname}-{random.token_hex(4)}")
    files = {**(payload.files(chosen, config, own) if chosen else {}), **start.files}
    needed, free = sum(map(len, files.values())) + AIR, fat.free()
    if needed > free:
        room = f"{free / 1e6:.0f} MB free and {needed / 1e6:.0f} are needed"
        raise DeployError(f"the image's FAT partition has {room}; {source.TAKE}")
    return {**files, "cmdline.txt": start.cmdline(fat)}


def describe(job: Job, own: secrets.Secrets, chosen: payload.Bundle | None) -> None:
    """Say every step that follows. Names of files are shown, never what is in them."""
    say(f"card: {job.target}")
    total = sum(length for _, length in job.spans)
    what = f"the {total} bytes that {job.map.name} lists, by bmaptool" if job.map else f"{total} bytes"
    say(f"write: {what}, and read them back")
    for path, content in job.files.items():
        say(f"  {path}: {len(content)} bytes")
    say(f"cmdline.txt will be: {job.files['cmdline.txt'].decode().strip()}")
    if chosen is None:
        say("bundle: this commit's would be built")
    elif lacking := payload.missing_packages(chosen, job.image):
        say(f"note: the image lacks {' '.join(lacking)}; a USB camera works, a camera module needs them")
    if not own.authorized_keys and not own.password_hash:
        say("note: no key and no password were given: nobody can log in, and upgrades need a new card")
    elif not own.passwordless_sudo:
        say("note: sudo will ask for the password, so `make flash HOST=` cannot upgrade this kiosk")


def confirm(target: disk.Target, name: str) -> None:
    """Have a person type the name of the card again. Raises DeployError."""
    print(f"All that is on {target} will be lost. Type {name} to go on: ", end="", flush=True)
    answer = sys.stdin.readline()
    if not disk.is_confirmed(target, name, answer):
        raise DeployError(f"{answer.strip()!r} is not {name}; nothing was written")


def make(job: Job) -> None:
    """Write, read back, and put the first-boot files on the card. Raises CardFailure."""
    if job.map:
        bmap.copy(job.map, job.image.path, job.target.path)
    descriptor = stream.hold(job.target.path)
    try:
        if not job.map:
            stream.write(job.image.path, descriptor, job.image.size)
        digest = stream.verify(job.image.path, descriptor, job.spans)
        say(f"read back: equal, SHA-256 {digest[:12]}…")
        fat = Fat(job.target.path, job.image.boot)
        for path, content in job.files.items():
            fat.write(path, content)
        stream.forget(descriptor)
        for path, content in job.files.items():
            fat.check(path, content)
    finally:
        os.close(descriptor)
    say(f"first-boot files: {len(job.files)} written and read back")


def say(line: str) -> None:
    """One line for the person who makes the card."""
    print(line, flush=True)
