"""A folder of pictures, in the order of their names, as if it were a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from device.camera.source import OnEvent, ignore
from device.errors import CameraError
from device.frame import Frame

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
LONGEST = 1920  # pixels; larger pictures are shrunk, for buffers are made for them


class Images:
    """Shows each picture once. All get the size of the first, with black bars where the shape differs.

    A file that is no picture is named in a `skipped` event, and left out.
    """

    small_size = None
    live = False

    def __init__(self, folder: str, fps: float = 30.0, loop: bool = False, on_event: OnEvent = ignore):
        """Raises CameraError when the folder is missing or has no picture."""
        self.name = f"images:{folder}"
        self.fps = fps
        self._loop = loop
        self._on_event = on_event
        self._count = 0
        if not Path(folder).is_dir():
            raise CameraError(f"{self.name}: there is no such folder.")
        self._paths = [path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in SUFFIXES]
        self._next = 0
        first = self._decode_next()
        if first is None:
            raise CameraError(f"{self.name}: no picture in it ({', '.join(sorted(SUFFIXES))}).")
        del self._paths[: self._next - 1]  # bad ones, already told of
        self._next = 0
        self.size = fitted(first.shape[1], first.shape[0], LONGEST, LONGEST)

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next picture that can be read; False after the last one."""
        picture = self._decode_next()
        if picture is None and self._loop:
            self._next = 0
            picture = self._decode_next()
        if picture is None:
            return False
        letterbox(picture, frame.image)
        frame.time = self._count / self.fps
        self._count += 1
        return True

    def close(self) -> None:
        """There is nothing to give back."""

    def _decode_next(self) -> np.ndarray | None:
        while self._next < len(self._paths):
            path = self._paths[self._next]
            self._next += 1
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is not None:
                return picture
            self._on_event("skipped", f"{path}: cannot be read as a picture; left out.")
        return None


def fitted(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """(width, height) shrunk, with its shape kept, to fit into the other two; never enlarged."""
    scale = min(1.0, most_width / width, most_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def letterbox(picture: np.ndarray, out: np.ndarray) -> None:
    """Fit `picture` (HxWx3 uint8) into the middle of `out`, shrunk if need be, black around it."""
    height, width = out.shape[:2]
    w, h = fitted(picture.shape[1], picture.shape[0], width, height)
    x, y = (width - w) // 2, (height - h) // 2
    if (w, h) != (width, height):
        out.fill(0)
    cv2.resize(picture, (w, h), dst=out[y : y + h, x : x + w], interpolation=cv2.INTER_AREA)
