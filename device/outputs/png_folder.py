"""`--output file:FOLDER/`: every frame as a PNG, numbered from 000001."""

from __future__ import annotations

import os
from pathlib import Path

import cv2

from device.errors import ConfigError
from device.frame import Image
from device.media import shown
from device.outputs.disk import nearly_full
from device.person import Person

FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # a tenth of the time of the best level, a fifth more bytes
CHECK_EVERY = 30  # pictures between two looks at the disk


class PngFolder:
    """Writes pictures into a folder that holds none yet."""

    optional = True

    def __init__(self, path: str) -> None:
        """Makes the folder where needed. Raises ConfigError when it holds PNGs, is full or read-only."""
        self.name = f"file:{shown(path)}"
        self._folder = Path(path)
        self._part = self._folder / ".part"
        self._count = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if next(self._folder.glob("*.png"), None) is not None:
                message = "holds pictures already; name a new folder or empty it."
                raise ConfigError(f"--output {self.name}: {message}")
            self._write(b"")
            self._part.unlink()
            full = nearly_full(self._folder)
        except OSError as error:
            message = f"--output {self.name}: cannot be written ({error.strerror}); name a folder that can, "
            raise ConfigError(message + "or a film that ends in .mp4.") from None
        if full:
            raise ConfigError(f"--output {self.name}: {full}; make room or name another disk.")

    def _write(self, content: bytes) -> None:
        """The picture to come, for its owner's eyes only; a link under its name is not followed."""
        self._part.unlink(missing_ok=True)
        descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)

    def wanted(self) -> bool:
        """Every frame is written."""
        return True

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Write one picture; it has its name once it is whole. Raises OSError before the disk is full."""
        _, png = cv2.imencode(".png", image, FAST)
        try:
            if self._count % CHECK_EVERY == 0 and (full := nearly_full(self._folder)):
                raise OSError(None, full)
            self._write(png.tobytes())
            os.replace(self._part, self._folder / f"{self._count + 1:06}.png")
        except OSError as error:
            self._part.unlink(missing_ok=True)
            raise OSError(f"{error.strerror} after {self._count} pictures.") from None
        self._count += 1

    def close(self) -> None:
        """Nothing is open between pictures."""


def held_bytes(size: tuple[int, int]) -> int:
    """Bytes held while a picture of `size` is written: the PNG twice, and the coder's own rows."""
    return size[0] * size[1] * 3 * 3
