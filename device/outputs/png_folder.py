"""`--output file:FOLDER/`: every frame as a PNG, numbered from 000001."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from device.errors import ConfigError
from device.person import Person

FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # a tenth of the time of the best level, a fifth more bytes


class Folder:
    """Writes pictures into a folder that holds none yet."""

    optional = True

    def __init__(self, path: str) -> None:
        """Makes the folder where needed. Raises ConfigError when it cannot be written or holds PNGs."""
        self.name = f"file:{path}"
        self._folder = Path(path)
        self._count = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if next(self._folder.glob("*.png"), None) is not None:
                message = "holds pictures already; name a new folder or empty it."
                raise ConfigError(f"--output {self.name}: {message}")
            probe = self._folder / ".part"
            probe.touch()
            probe.unlink()
        except OSError as error:
            message = f"--output {self.name}: cannot be written ({error.strerror}); name a folder that can, "
            raise ConfigError(message + "or a film that ends in .mp4.") from None

    def wanted(self) -> bool:
        """Every frame is written."""
        return True

    def show(self, image: np.ndarray, persons: list[Person], t: float) -> None:
        """Write one picture; it has its name only once it is whole. Raises OSError when the disk is full."""
        _, png = cv2.imencode(".png", image, FAST)
        part = self._folder / ".part"
        try:
            with part.open("wb") as file:
                file.write(png)
            os.replace(part, self._folder / f"{self._count + 1:06}.png")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OSError(f"{error.strerror} after {self._count} pictures.") from None
        self._count += 1

    def close(self) -> None:
        """Nothing is open between pictures."""


def declared(size: tuple[int, int]) -> int:
    """Bytes held while a picture of `size` is written: the PNG, and the coder's own rows."""
    return size[0] * size[1] * 3 * 2
