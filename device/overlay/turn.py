"""How the picture stands on the screen: mirrored, and turned with everything that is written on it.

Three frames of reference: the camera's, in which boxes come; the viewer's, mirrored if asked for, in which
the overlay is laid out, upright; and the screen's, turned clockwise from the viewer's, in which pixels lie.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from device.box import Box
from device.config.schema import ScreenSettings
from device.frame import Image

ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Turn(NamedTuple):
    """`size` is the camera's and the viewer's (width, height); `rotate` is 0, 90, 180 or 270 degrees."""

    size: tuple[int, int]
    rotate: int = 0
    mirror: bool = False

    @property
    def shown_size(self) -> tuple[int, int]:
        """The screen's (width, height)."""
        width, height = self.size
        return (height, width) if self.rotate in (90, 270) else (width, height)

    @property
    def moves(self) -> bool:
        """Whether the picture must be copied to be shown."""
        return self.mirror or self.rotate != 0

    def copy(self, image: Image, out: Image) -> None:
        """The camera's picture as the screen shows it, into `out`, (height, width, 3) of `shown_size`."""
        if not self.mirror:
            if self.rotate:
                cv2.rotate(image, ROTATIONS[self.rotate], dst=out)
            else:
                np.copyto(out, image)
        elif self.rotate in (90, 270):  # a transposed picture is a mirrored one turned by 270
            cv2.transpose(image, dst=out)
            if self.rotate == 90:
                cv2.flip(out, -1, dst=out)
        else:
            cv2.flip(image, 0 if self.rotate else 1, dst=out)

    def upright(self, box: Box) -> Box:
        """A box of the camera's picture in the viewer's."""
        return Box(self.size[0] - box.x - box.w, *box[1:]) if self.mirror else box

    def on_screen(self, box: Box) -> Box:
        """A box of the viewer's picture on the screen."""
        (width, height), (x, y, w, h) = self.size, box
        if self.rotate == 90:
            return Box(height - y - h, x, h, w)
        if self.rotate == 180:
            return Box(width - x - w, height - y - h, w, h)
        return Box(y, width - x - w, h, w) if self.rotate == 270 else box


def turn_of(settings: ScreenSettings, size: tuple[int, int]) -> Turn:
    """What the settings ask for, of a camera's pictures of `size` (width, height)."""
    return Turn(size, int(settings.rotate), settings.mirror)
