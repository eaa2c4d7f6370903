"""How a camera is mounted: its picture turned by right angles and mirrored, once, on its way into the ring.

Everything behind sees upright pictures. To turn costs the capturing thread 0.08 ms of x86-64 for 640×480,
to mirror or to turn by 180° as much as to copy, 0.02 ms: not worth a detector and a crop that read sideways.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2

from device.camera.source import Camera, Source
from device.config.schema import CameraSettings
from device.errors import CameraGarbage
from device.frame import Frame, Image

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
LEFT_RIGHT, TOP_BOTTOM = 1, 0  # cv2.flip's words


class Orientation(NamedTuple):
    """Turned clockwise by `rotate` degrees (0, 90, 180, 270), and then mirrored left to right with `flip`."""

    rotate: int = 0
    flip: bool = False

    @property
    def upright(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.rotate or self.flip)

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a picture that was `size` before."""
        return size[::-1] if self.rotate in (90, 270) else size

    def turn(self, image: Image, out: Image) -> None:
        """Turn `image` into `out`, both uint8 (height, width, 3), which share no memory.

        Raises CameraGarbage when it does not fit.
        """
        if self.rotate == 0:
            made = cv2.flip(image, LEFT_RIGHT, dst=out)
        elif self.rotate == 180 and self.flip:
            made = cv2.flip(image, TOP_BOTTOM, dst=out)
        else:
            made = cv2.rotate(image, TURNS[self.rotate], dst=out)
        if made is not out:  # OpenCV makes a new picture when the buffer does not fit
            raise CameraGarbage(f"a picture of shape {image.shape} cannot be turned into {out.shape}.")
        if self.flip and self.rotate in (90, 270):
            cv2.flip(out, LEFT_RIGHT, dst=out)


def orientation(camera: CameraSettings) -> Orientation:
    """That of the settings."""
    return Orientation(camera.rotate, camera.flip)


class TurnedSource:
    """A source whose frames are turned; a buffer holds what it gave before."""

    def __init__(self, source: Source, how: Orientation):
        self._source = source
        self._how = how
        self.size, self.fps = how.size(source.size), source.fps
        self.small_size = how.size(source.small_size) if source.small_size else None
        self._own = Frame(source.size, source.small_size)

    @property
    def name(self) -> str:
        """The source's."""
        return self._source.name

    @property
    def live(self) -> bool:
        """The source's."""
        return self._source.live

    def read(self, frame: Frame, timeout: float) -> bool:
        """The source's next frame, turned; as `Source.read`."""
        if not self._source.read(self._own, timeout):
            return False
        self._how.turn(self._own.image, frame.image)
        if self._own.small is not None and frame.small is not None:
            self._how.turn(self._own.small, frame.small)
        frame.time = self._own.time
        return True

    def close(self) -> None:
        """Close the source."""
        self._source.close()


class TurnedCamera(TurnedSource):
    """A camera whose frames are turned."""

    def __init__(self, camera: Camera, how: Orientation):
        super().__init__(camera, how)
        self._camera = camera

    def reopen(self) -> None:
        """As `Camera.reopen`."""
        self._camera.reopen()


def turned(source: Source, camera: CameraSettings) -> Source:
    """The source as the settings turn it."""
    how = orientation(camera)
    return source if how.upright else TurnedSource(source, how)


def turned_camera(opened: Camera, camera: CameraSettings) -> Camera:
    """The camera as the settings turn it."""
    how = orientation(camera)
    return opened if how.upright else TurnedCamera(opened, how)
