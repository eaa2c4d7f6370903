"""Files that are whole or as they were, and what a damaged one of our own is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.errors import AssetError


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


@contextmanager
def own_file(path: Path, what: str) -> Iterator[None]:
    """Read a file that came with the program: whatever goes wrong is an AssetError with its name."""
    try:
        yield
    except Exception as error:  # a damaged file has no few ways to fail a decoder
        raise AssetError(
            f"{path}: {what} missing or damaged ({type(error).__name__}: {error}); install the program again"
        ) from error
