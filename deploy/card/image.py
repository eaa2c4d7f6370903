"""What an image is, read out of it before anything is written: release, architecture, desktop, format."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from deploy.bundle import SYSTEMS
from deploy.card.ext4 import Ext4
from deploy.card.fat import Fat
from deploy.card.partitions import Partition, boot_and_root
from deploy.card.source import TAKE
from deploy.errors import DeployError

ELF_64_BIT_ARM = (2, 183)  # EI_CLASS, e_machine
PROGRAMS = ("/usr/bin/dpkg", "/usr/bin/bash", "/usr/bin/dash")  # one of them tells the architecture
GREETERS = ("lightdm", "greetd", "gdm3", "sddm")  # packages that make an image a desktop
CLOUD_INIT, FIRSTRUN, PRESEED = "cloud-init", "firstrun.sh", "rpi-preseed"


class Image(NamedTuple):
    """An unpacked image of Raspberry Pi OS."""

    path: Path
    size: int  # bytes
    boot: Partition
    codename: str  # "bookworm" or "trixie"
    desktop: bool
    first_boot: str  # CLOUD_INIT, FIRSTRUN or PRESEED
    packages: frozenset[str]  # installed in it; empty when its list cannot be read


def inspect(path: Path) -> Image:
    """Look into the unpacked image. Raises DeployError for what no kiosk can be made of."""
    boot, root = boot_and_root(path)
    files, fat = Ext4(path, root), Fat(path, boot)
    release = os_release(files)
    codename = release.get("VERSION_CODENAME", "")
    if codename not in SYSTEMS:
        found = codename or "no Debian system"
        raise DeployError(f"{path.name} is {found}, not {' or '.join(SYSTEMS)}; {TAKE}")
    packages = installed(files.read("/var/lib/dpkg/status").decode(errors="replace"))
    if is_32_bit(files, release):
        raise DeployError(f"{path.name} is a 32-bit system; {TAKE}")
    if fat.read("cmdline.txt") is None:
        raise DeployError(f"{path.name} has no cmdline.txt, so it is no Raspberry Pi OS; {TAKE}")
    desktop, first_boot = is_desktop(files, packages), format_of(fat, files, packages)
    return Image(path, path.stat().st_size, boot, codename, desktop, first_boot, packages)


def os_release(files: Ext4) -> dict[str, str]:
    """The fields of os-release; /etc/os-release is a link in real images, and a file in some others."""
    text = (files.read("/usr/lib/os-release") or files.read("/etc/os-release")).decode(errors="replace")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def installed(status: str) -> frozenset[str]:
    """The names of the packages that dpkg's status file calls installed."""
    blocks = (block for block in status.split("\n\n") if "\nStatus: install ok installed" in block)
    return frozenset(found[1] for block in blocks if (found := re.search(r"^Package: (\S+)", block, re.M)))


def is_32_bit(files: Ext4, release: dict[str, str]) -> bool:
    """Whether the programs are for 32-bit ARM, whatever the kernel is; Raspbian is that system's name."""
    if release.get("ID") == "raspbian":
        return True
    for program in PROGRAMS:
        head = files.read(program)[:20]
        if head.startswith(b"\x7fELF") and len(head) == 20:
            return (head[4], struct.unpack_from("<H", head, 18)[0]) != ELF_64_BIT_ARM
    return False


def is_desktop(files: Ext4, packages: frozenset[str]) -> bool:
    """Whether the image starts a desktop: a greeter is installed, or pi-gen says a stage above 2 (Lite)."""
    stage = re.search(rb", stage(\d)", files.read("/etc/rpi-issue"))
    above_lite = stage is not None and int(stage[1]) > 2
    return above_lite or not packages.isdisjoint(GREETERS) or files.exists("/usr/sbin/lightdm")


def format_of(fat: Fat, files: Ext4, packages: frozenset[str]) -> str:
    """What applies first-boot files in this image; where two could, the newer."""
    if "rpi-preseed" in packages or files.exists("/usr/bin/rpi-preseed"):
        return PRESEED
    if "cloud-init" in packages or files.exists("/usr/bin/cloud-init") or fat.read("user-data") is not None:
        return CLOUD_INIT
    return FIRSTRUN
