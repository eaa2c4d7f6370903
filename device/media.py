"""Names of files as OpenCV can open them.

OpenCV wants names in UTF-8 and ends the process with a segmentation fault when one is not; its FFmpeg takes
`a:b.mp4` for a protocol `a`. A file that is open already has a name without either trouble: /proc/self/fd/N.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

StrPath = str | os.PathLike[str]


@contextmanager
def opencv_name(path: StrPath) -> Iterator[str]:
    """A name of the existing file `path`, of any bytes, that OpenCV can open while the context lasts.

    FFmpeg guesses the format from the content then, never from the name. Raises OSError when the file cannot
    be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not block
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def opencv_folder(folder: StrPath) -> Iterator[str]:
    """A name of the existing `folder`, of any bytes, in which OpenCV can write files while the context lasts.

    FFmpeg chooses a film's format by the ending of its name, so the file in it needs one: write
    `f"{name}/part.mp4"`, then rename that to its own name. Raises OSError when the folder is missing.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def shown(path: StrPath) -> str:
    """The name for messages: bytes that are no UTF-8 as \\xNN, so that no terminal or log refuses it."""
    return os.fsencode(Path(path)).decode("utf-8", "backslashreplace")
