"""Reads and writes files of a FAT partition of an image or a card, with mtools: no mount, no loop device."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from deploy.card.partitions import Partition
from deploy.card.tools import CardFailure, last_words, run


class Fat:
    """The files of one FAT partition. Paths are relative to its root: "cmdline.txt", "kiosk/COMMIT"."""

    def __init__(self, device: Path, partition: Partition) -> None:
        self._drive = f"{device}@@{partition.offset}"

    def read(self, path: str) -> bytes | None:
        """The file's content; None when it is not there."""
        done = run("mtype", "-i", self._drive, f"::{path}")
        return None if done.returncode else done.stdout

    def free(self) -> int:
        """Bytes that are free; 0 where the partition cannot be read."""
        found = re.search(rb"([\d ]+) bytes free", run("mdir", "-i", self._drive, "::").stdout)
        return int(found[1].replace(b" ", b"")) if found else 0

    def write(self, path: str, content: bytes) -> None:
        """Put the file there, over what was there, and read it back. Raises CardFailure."""
        if "/" in path:
            folder = path.rpartition("/")[0]
            run("mmd", "-D", "s", "-i", self._drive, f"::{folder}")  # skipped when it is there
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            done = run("mcopy", "-o", "-i", self._drive, file.name, f"::{path}")
        if done.returncode:
            raise CardFailure(f"{path} could not be written to the card ({last_words(done)}); start again")
        self.check(path, content)

    def check(self, path: str, content: bytes) -> None:
        """Raise CardFailure when the file does not read back as it was written."""
        if self.read(path) != content:
            raise CardFailure(f"{path} reads back otherwise than written; the card is bad: take another")
