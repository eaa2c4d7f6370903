"""The two partitions of a Raspberry Pi OS image, read from its partition table (MBR)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from deploy.card.source import TAKE
from deploy.errors import DeployError

SECTOR = 512  # bytes; card readers show no other
FAT_TYPES = (0x0B, 0x0C, 0x0E)
LINUX_TYPE = 0x83


class Partition(NamedTuple):
    """Where a partition lies in the image, in bytes."""

    offset: int
    size: int


def boot_and_root(image: Path) -> tuple[Partition, Partition]:
    """The FAT partition that the firmware reads, and the Linux one. Raises DeployError for other images."""
    with image.open("rb") as file:
        sector = file.read(SECTOR)
    if len(sector) < SECTOR or sector[510:] != b"\x55\xaa":
        raise DeployError(f"{image.name} holds no partition table; {TAKE}")
    found: dict[int, Partition] = {}
    for kind, start, count in (struct.unpack_from("<4xB3xII", sector, 446 + 16 * n) for n in range(4)):
        found.setdefault(kind, Partition(start * SECTOR, count * SECTOR))
    boot = next((found[kind] for kind in FAT_TYPES if kind in found), None)
    root = found.get(LINUX_TYPE)
    if boot is None or root is None:
        raise DeployError(f"{image.name} has not the FAT and Linux partitions of Raspberry Pi OS; {TAKE}")
    if max(boot.offset + boot.size, root.offset + root.size) > image.stat().st_size:
        raise DeployError(f"{image.name} ends before its last partition: it is cut off; download it again")
    return boot, root
