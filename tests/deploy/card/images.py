"""Images laid out as Raspberry Pi OS lays its own, made without mounts, loop devices or root."""

import hashlib
import json
import struct
import subprocess
from pathlib import Path

from deploy.archive import manifest, pack

MIB = 1024 * 1024
FAT_AT, FAT_SIZE = 4 * MIB, 40 * MIB  # FAT32 begins at 33 MiB
ROOT_AT, ROOT_SIZE = FAT_AT + FAT_SIZE, 4 * MIB
SIZE = ROOT_AT + ROOT_SIZE
CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=abcd1234-02 rootfstype=ext4 rootwait"
BOOKWORM = {"etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n"}
TRIXIE = {"etc/os-release": "ID=debian\nVERSION_CODENAME=trixie\n"}
NEW_TRIXIE = {**TRIXIE, "var/lib/dpkg/status": "Package: cloud-init\nStatus: install ok installed\n\n"}
PRESEED = {**TRIXIE, "usr/bin/rpi-preseed": "#!/bin/sh\n"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexampleexampleexample technician@laptop"


def tool(*command: str, given: bytes | None = None) -> bytes:
    """What the command prints."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "MTOOLSRC": "/dev/null", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, input=given, env=environment, check=True, capture_output=True).stdout


def elf(bits: int, machine: int) -> bytes:
    """The head of a program for that processor."""
    return struct.pack("<4sBB10xHH", b"\x7fELF", bits // 32, 1, 2, machine)


def make(folder: Path, name: str, root: dict[str, str | bytes], boot: dict[str, str]) -> Path:
    """NAME.img.xz with its .sha256 and NAME.img beside it; `root` and `boot` are the partitions' files."""
    image, tree = folder / f"{name}.img", folder / f"{name}.root"
    with image.open("wb") as file:
        file.truncate(SIZE)
    table = f"label: dos\nlabel-id: 0xabcd1234\nstart={FAT_AT // 512}, size={FAT_SIZE // 512}, type=c\n"
    tool("sfdisk", "-q", str(image), given=f"{table}start={ROOT_AT // 512}, type=83\n".encode())
    drive = f"{image}@@{FAT_AT}"
    tool(
        "mformat",
        "-i",
        drive,
        "-F",
        "-v",
        "bootfs",
        "-T",
        str(FAT_SIZE // 512),
        "-h",
        "255",
        "-s",
        "63",
        "::",
    )
    for path, text in {
        "cmdline.txt": f"{CMDLINE}\n",
        "config.txt": "camera_auto_detect=1\n",
        **boot,
    }.items():
        source = folder / f"{name}.{path}"
        source.write_text(text)
        tool("mcopy", "-i", drive, str(source), f"::{path}")
    for path, content in {"var/lib/blob": b"\x5a" * (MIB // 4), **root}.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    place = f"offset={ROOT_AT}"
    tool("mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-E", place, str(image), f"{ROOT_SIZE // 1024}k")
    tool("xz", "-0", "--keep", "--force", str(image))
    packed = image.with_name(f"{image.name}.xz")
    add_sum(packed)
    return packed


def add_sum(path: Path) -> None:
    """PATH.sha256 as publishers write it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")


def card(path: Path, size: int = SIZE + 2 * MIB) -> Path:
    """A file that stands for a card, with something on it."""
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(3 * MIB)
        file.write(b"\xa5" * 4096)
    return path


def bundle(folder: Path, system: str) -> Path:
    """A bundle as small as one can be."""
    tree = folder / "bundle"
    tree.mkdir(exist_ok=True)
    about = {"os": system, "python": "3.11", "commit": COMMIT, "time": 0, "apt": ["python3-picamera2"]}
    (tree / "release.json").write_text(json.dumps(about))
    (tree / "MANIFEST").unlink(missing_ok=True)
    (tree / "MANIFEST").write_text(manifest(tree))
    return pack(tree, folder / f"kiosk-{COMMIT[:12]}-{system}.tar", "zstd")
