"""The picture under the overlay: turned as the screen hangs, and without what privacy keeps from outputs.

This is the one door between the camera's frames and whatever shows or records them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device.box import Box
from device.config.schema import Settings
from device.frame import Image
from device.overlay.privacy import Blur, draw_silhouettes, merged
from device.overlay.turn import turn_of
from device.person import Person

DARK = 24  # brightness of the picture that stands in for a camera that gives none


class Composition:
    """Makes each picture in the frame itself where that is free and stands as it is, else in one buffer."""

    def __init__(self, size: tuple[int, int], settings: Settings) -> None:
        """`size` is the camera's (width, height)."""
        self._turn = turn_of(settings.screen, size)
        self._silhouette = settings.overlay.privacy == "silhouette"
        width, height = self._turn.shown_size
        # filled now: memory first touched when the camera goes dark, weeks later, would look like a leak
        self._canvas: Image = np.full((height, width, 3), DARK, np.uint8)
        self._blur = Blur((width, height)) if settings.overlay.privacy == "blur" else None

    def picture(
        self, image: Image, free: bool, persons: Sequence[Person], faces: Sequence[Box] | None
    ) -> Image:
        """What the overlay is drawn on, in pixels of the screen.

        `image` is worked on in place if it is `free`. `faces` are the boxes of all that may be one, of people
        or not; None says that nobody has looked at this very frame: then all of it is blurred.
        """
        if self._silhouette:
            boxes = [self._turn.upright(person.box) for person in persons]
            draw_silhouettes(self._canvas, self._turn, boxes)
            return self._canvas
        if self._turn.moves or not free:
            self._turn.copy(image, self._canvas)
            image = self._canvas
        if self._blur and faces is None:
            self._blur.whole(image)
        elif self._blur:
            every = merged([*(faces or ()), *(person.box for person in persons)])
            self._blur.faces(image, (self._turn.on_screen(self._turn.upright(box)) for box in every))
        return image

    def dark(self) -> Image:
        """The picture while the camera gives none."""
        self._canvas.fill(DARK)
        return self._canvas


def shown_size(settings: Settings, size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) of what outputs get, of a camera's pictures of `size`."""
    return turn_of(settings.screen, size).shown_size


def declared_bytes(size: tuple[int, int], settings: Settings) -> int:
    """What is held for pictures of `size` (width, height): a buffer, and to blur two more."""
    pixels = size[0] * size[1]
    return pixels * (3 + 6 * (settings.overlay.privacy == "blur"))
