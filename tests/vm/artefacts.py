"""Disk, kernel and initrd of the emulated machines, made once, kept in .cache/vm by their recipe's hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "vm"
RECIPE = Path(__file__).parent / "recipe"
TOOLS = {  # program → Debian package
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-aarch64-static": "qemu-user-static",
    "update-binfmts": "binfmt-support",
    "mmdebstrap": "mmdebstrap",
    "arch-test": "arch-test",
    "mke2fs": "e2fsprogs",
    "modprobe": "kmod",
    "cpio": "cpio",
    "sfdisk": "fdisk",
    "mformat": "mtools",
    "ssh": "openssh-client",
    "rsync": "rsync",
    "zstd": "zstd",
}
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # mke2fs and modprobe are there
MADE_WITHIN_S = 3600  # a root takes 4 minutes of a free core, and ten times that on a busy one


class Artefacts(NamedTuple):
    """The files of one machine; `key` is the private key of its user pi."""

    suite: str
    disk: Path
    kernel: Path
    initrd: Path
    key: Path
    made_in_s: float


def lacking() -> str:
    """What this machine lacks to emulate one, with the command that mends it; empty when nothing."""
    if absent := [package for program, package in TOOLS.items() if shutil.which(program, path=PATH) is None]:
        return f"needs Debian's tools: sudo apt install {' '.join(absent)}"
    if os.geteuid() != 0:
        return "needs root: the roots of the emulated machines are made with it"
    return ""


def artefacts(suite: str, script: str = "image.sh") -> Artefacts:
    """Those of "bookworm" or "trixie", made now where the cache has none of this recipe.

    With card.sh the disk is an image as it is downloaded, laid out as Raspberry Pi OS lays its own.
    """
    base = CACHE / f"{suite}-root-{_hash(suite, 'root.sh')}"
    place = CACHE / f"{suite}-{_hash(suite, 'root.sh', 'kernel.sh', 'common.sh', script)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _made(base) as part:
            if part:
                _sh("root.sh", suite, part)
        with _made(place) as part:
            if part:
                _image(base, part, script)
    spent = sum(float((folder / "seconds").read_text()) for folder in (base, place))
    names = ("disk.img", "vmlinuz", "initrd", "key")
    return Artefacts(suite, *(place / name for name in names), made_in_s=spent)


def _hash(suite: str, *scripts: str) -> str:
    text = "".join((RECIPE / name).read_text() for name in scripts)
    return hashlib.sha256(f"{suite}\n{text}".encode()).hexdigest()[:12]


@contextmanager
def _made(place: Path) -> Iterator[Path | None]:
    """A folder to fill, which gets its name when all went well; None where it is there already."""
    if place.exists():
        yield None
        return
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    print(f"vm: making {place.name}", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield part
    (part / "seconds").write_text(f"{time.monotonic() - started:.0f}\n")
    part.rename(place)


def _image(base: Path, part: Path, script: str) -> None:
    """Kernel, initrd, key and disk into `part`, from the root and the packages in `base`."""
    root = part / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", str(base / "root"), str(root)], check=True)
    _sh("kernel.sh", base / "debs", part)
    key = part / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", str(key)], check=True)
    _sh(script, root, part, f"{key}.pub", part / "disk.img")
    shutil.rmtree(root)
    shutil.rmtree(part / "modules")


def _sh(script: str, *arguments: object) -> None:
    """A script of the recipe; its last words in the RuntimeError when it fails."""
    done = subprocess.run(
        [str(RECIPE / script), *map(str, arguments)],
        env=os.environ | {"PATH": PATH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MADE_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script} left with {done.returncode}:\n{done.stdout[-3000:]}")
