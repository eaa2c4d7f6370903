"""Files that are whole or as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write beside `path`, which takes its place, synced, when the block ends without an error.

    On an error the old file stays as it was and the new one goes. Raises OSError, also when the disk is full.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        put_in_place(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name; file and name are on the disk then. Raises OSError."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
