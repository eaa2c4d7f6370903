"""What an output is: one protocol for windows, pages and files."""

from __future__ import annotations

from typing import Protocol

from device.frame import Image
from device.person import Person


class Output(Protocol):
    """What every output can do. All calls come from one thread, once a frame."""

    name: str  # as on the command line
    optional: bool  # the program may close it when memory runs short

    def wanted(self) -> bool:
        """Whether somebody is there to see the next picture; nothing is drawn for nobody."""

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Take the finished picture, (height, width, 3) uint8 BGR; it is overwritten after the call.

        `t` is the frame's time in seconds. Called only after `wanted()` said so.
        """

    def close(self) -> None:
        """Finish what was begun and free everything, within a second."""
