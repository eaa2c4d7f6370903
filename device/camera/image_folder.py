"""A folder of pictures, in the order of their names, as if it were a clip."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from device.camera.letterbox import fitted, letterbox
from device.camera.picture_file import PictureError, picture_size, read_picture
from device.camera.source import OnEvent, ignore
from device.errors import CameraError
from device.frame import Frame, Image
from device.media import shown

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
LONGEST = 1920  # pixels; larger pictures are shrunk, for buffers are made for them
MOST_PIXELS = (
    12_000_000  # decoded: 34 MiB for a moment, a camera's usual 4000x3000; JPEGs of more come smaller
)
SMALLEST = (160, 120)  # pixels; a picture of less is an icon, and does not say how large the others are
NARROWEST = 16  # the longer side in shorter ones, at most: a line is laid on a wider ground
FIRST_FEW = 100  # files that are looked at for the size


class ImageFolder:
    """Shows each picture once. All get one size, with black bars where the shape differs.

    That is the size of the first picture that is no icon, else of the largest. With `paced`, each picture is
    held back until it is due. A file that is no picture is named in a `skipped` event, and left out.
    """

    live = False

    def __init__(
        self,
        folder: str,
        fps: float = 30.0,
        loop: bool = False,
        on_event: OnEvent = ignore,
        paced: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        """Raises CameraError when the folder is missing or has no picture."""
        self.name = f"images:{shown(folder)}"
        self.small_size: tuple[int, int] | None = None
        self.fps = fps
        self._loop, self._on_event = loop, on_event
        self._paced, self._clock, self._sleep = paced, clock, sleep
        self._due = -math.inf
        self._count = 0
        if not Path(folder).is_dir():
            raise CameraError(f"{self.name}: there is no such folder.")
        self._paths = [path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in SUFFIXES]
        self._next = 0
        width, height = self._common_size()
        self.size = fitted(
            max(width, math.ceil(height / NARROWEST)),
            max(height, math.ceil(width / NARROWEST)),
            LONGEST,
            LONGEST,
        )

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
        if self._paced:
            self._wait_until_due()
        return True

    def close(self) -> None:
        """There is nothing to give back."""

    def _common_size(self) -> tuple[int, int]:
        """Of the first picture that is no icon, or of the largest; tells of those before that are none."""
        sizes: list[tuple[int, int]] = []
        place = 0
        while place < len(self._paths) and len(sizes) < FIRST_FEW:
            try:
                size = picture_size(self._paths[place])
            except PictureError as error:
                self._leave_out(place, error)
                continue
            if size[0] >= SMALLEST[0] and size[1] >= SMALLEST[1]:
                return size
            sizes.append(size)
            place += 1
        if not sizes:
            raise CameraError(f"{self.name}: no picture in it ({', '.join(sorted(SUFFIXES))}).")
        return max(sizes, key=math.prod)

    def _decode_next(self) -> Image | None:
        while self._next < len(self._paths):
            try:
                picture = read_picture(self._paths[self._next], MOST_PIXELS)
            except PictureError as error:
                self._leave_out(self._next, error)
                continue
            self._next += 1
            return picture
        return None

    def _leave_out(self, place: int, error: PictureError) -> None:
        """Tell of a file that is no picture, and never come back to it."""
        del self._paths[place]
        self._on_event("skipped", f"{error} Left out.")

    def _wait_until_due(self) -> None:
        now = self._clock()
        self._due = max(self._due + 1 / self.fps, now)
        if self._due > now:
            self._sleep(self._due - now)
