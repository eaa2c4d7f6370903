"""Reads files out of an ext4 partition inside an image, with debugfs: no mount, no loop device, no root."""

from __future__ import annotations

from pathlib import Path

from deploy.card.partitions import Partition
from deploy.card.tools import run


class Ext4:
    """The files of one partition of an image, read only."""

    def __init__(self, image: Path, partition: Partition) -> None:
        self._device = f"{image}?offset={partition.offset}"

    def read(self, path: str) -> bytes:
        """The file's content; empty when it is not there. A symbolic link is not followed."""
        return self._ask(f"cat {path}")

    def exists(self, path: str) -> bool:
        """Whether the path is there, as whatever."""
        return b"Inode:" in self._ask(f"stat {path}")

    def _ask(self, request: str) -> bytes:
        return run("debugfs", "-R", request, self._device).stdout
