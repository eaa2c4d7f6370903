"""Disk, kernel and initrd of the emulated machines, made once, kept in .cache/vm by their recipe's hash."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests import kept

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = kept.CACHE / "vm"
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
    return kept.lacking(TOOLS)


def artefacts(suite: str, script: str = "image.sh") -> Artefacts:
    """Those of "bookworm" or "trixie", made now where the cache has none of this recipe.

    With card.sh the disk is an image as it is downloaded, laid out as Raspberry Pi OS lays its own.
    """
    base = CACHE / f"{suite}-root-{_hash(suite, 'root.sh')}"
    place = CACHE / f"{suite}-{_hash(suite, 'root.sh', 'kernel.sh', 'common.sh', script)}"
    with kept.alone(f"vm-{suite}"):
        with kept.made(base) as part:
            if part:
                kept.run_script(RECIPE / "root.sh", suite, part)
        with kept.made(place) as part:
            if part:
                _image(base, part, script)
    spent = sum(float((folder / "seconds").read_text()) for folder in (base, place))
    names = ("disk.img", "vmlinuz", "initrd", "key")
    return Artefacts(suite, *(place / name for name in names), made_in_s=spent)


def _hash(suite: str, *scripts: str) -> str:
    return kept.recipe_hash(suite, *(RECIPE / name for name in scripts))


def _image(base: Path, part: Path, script: str) -> None:
    """Kernel, initrd, key and disk into `part`, from the root and the packages in `base`."""
    root = part / "root"
    subprocess.run(["cp", "-ax", "--reflink=auto", str(base / "root"), str(root)], check=True)
    kept.run_script(RECIPE / "kernel.sh", base / "debs", part)
    key = part / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", str(key)], check=True)
    kept.run_script(RECIPE / script, root, part, f"{key}.pub", part / "disk.img")
    shutil.rmtree(root)
    shutil.rmtree(part / "modules")
