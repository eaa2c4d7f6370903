"""`--output file:OUT.mp4`: a film of what was shown, at a constant rate, whole or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from device.errors import ConfigError
from device.person import Person

RESERVE = 24 * 2**20  # bytes that must stay free on the disk: a film cut short cannot be played
LOOK_EVERY = 30  # frames between two looks at the disk
GAP = 2.0  # seconds: a longer pause, or a step back in time, is not filled with repeated pictures
MOST_REPEATS = 3  # of one picture: where the coder cannot keep up, repeating would only make it later still


class Video:
    """Writes MPEG-4 into a hidden file beside `path` and gives it its name when it is closed."""

    optional = True

    def __init__(self, path: str, size: tuple[int, int], fps: float) -> None:
        """`size` is (width, height). Raises ConfigError when the place cannot be written or is full."""
        self.name = f"file:{path}"
        self._path = Path(path)
        self._part = self._path.with_name(f".{self._path.stem}.part.mp4")
        self._size = size
        self._fps = fps if fps > 0 else 30.0
        self._count = 0
        self._begin = self._last = 0.0
        self._check_place()
        self._writer = cv2.VideoWriter(
            str(self._part), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), self._fps, size
        )
        if not self._writer.isOpened():
            message = "this OpenCV cannot write MPEG-4; name a folder instead."
            raise ConfigError(f"--output {self.name}: {message}")

    def _check_place(self) -> None:
        if self._path.is_dir():
            raise ConfigError(f"--output {self.name}: is a folder; name a file, or a folder without .mp4.")
        try:
            self._part.touch()
            self._part.unlink()
            free = _free_bytes(self._path.parent)
        except OSError as error:
            message = f"--output {self.name}: cannot be written ({error.strerror}); name a file in a folder "
            raise ConfigError(message + "that exists and may be written.") from None
        if free < RESERVE:
            raise ConfigError(
                f"--output {self.name}: only {free >> 20} MiB are free there, "
                f"{RESERVE >> 20} MiB must stay free; make room or name another disk."
            )

    def wanted(self) -> bool:
        """Every frame is written."""
        return True

    def show(self, image: np.ndarray, persons: list[Person], t: float) -> None:
        """Write the picture as often as the film's rate asks for. Raises OSError before the disk is full."""
        if not 0 <= t - self._last <= GAP:
            self._begin = t - self._count / self._fps
        self._last = t
        if self._count == 0:
            self._begin = t
        due = round((t - self._begin) * self._fps) + 1 - self._count
        for _ in range(min(due, MOST_REPEATS)):
            self._writer.write(image)
            self._count += 1
            if self._count % LOOK_EVERY == 0:
                self._check_room()
        if due > MOST_REPEATS:
            self._begin += (due - MOST_REPEATS) / self._fps

    def _check_room(self) -> None:
        """OpenCV's writer does not tell when the disk is full, so the film ends before that."""
        free = _free_bytes(self._path.parent)
        if free < RESERVE:
            raise OSError(
                f"the disk is nearly full ({free >> 20} MiB free); "
                f"the film ends after {self._count / self._fps:.0f} s."
            )

    def close(self) -> None:
        """Finish the film and give it its name; none is left behind when no picture was written."""
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        if self._count:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)


def declared(size: tuple[int, int]) -> int:
    """Bytes held for pictures of `size`: the coder's frames in flight, its tables, the film's index."""
    return 8 * 2**20 + size[0] * size[1] * 3 * 4


def _free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
