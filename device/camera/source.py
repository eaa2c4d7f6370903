"""What a source of frames is: one protocol for cameras, clips, folders, the demo and the fake camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from device.frame import Frame

OnEvent = Callable[[str, str], None]
"""Told what happened to the source: a word of `EVENTS`, and a sentence for the operator."""

EVENTS = {
    "chosen": "which source `auto` took, and why no better one",
    "changed": "the camera gives another size or rate than was asked",
    "skipped": "a picture of a folder cannot be read",
    "damaged": "a clip is damaged, or ends before it should",
    "demo": "drawn people are shown, as no camera works",
    "stalled": "no frame came in time",
    "gone": "the camera ended its stream or cannot be opened",
    "garbage": "what the camera sends is not a picture",
    "back": "frames come again",
}


class Source(Protocol):
    """Gives frames, one after the other, into buffers that the caller owns.

    `name` stands before every message about it, and in the summary. A source that is
    `live` has a clock of its own (a camera): what is not read in time is lost, and when
    it ends, it failed. One that is not tells media time.
    """

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels; never changes."""

    @property
    def small_size(self) -> tuple[int, int] | None:
        """Of the picture that the camera scales itself, or None; never changes."""

    @property
    def fps(self) -> float:
        """Frames a second."""

    @property
    def live(self) -> bool:
        """Whether it has a clock of its own."""

    def read(self, frame: Frame, timeout: float) -> bool:
        """Fill the frame's `image`, `small` and `time` in place; False at the end.

        Raises CameraStalled when no frame came for `timeout` seconds, CameraGarbage for one that is
        no picture of the agreed size, CameraError when the source is gone.
        """

    def close(self) -> None:
        """Give the device or the file back; may be called twice."""


class Camera(Source, Protocol):
    """A live source, which can be opened again after it failed."""

    def reopen(self) -> None:
        """Close what is open and start anew, with the same size; CameraError when that fails."""


def ignore(kind: str, message: str) -> None:
    """The `on_event` of those who do not want to know."""
