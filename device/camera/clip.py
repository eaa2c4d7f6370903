"""Clips: whatever OpenCV's FFmpeg reads, animated GIFs among them."""

from __future__ import annotations

from pathlib import Path

import cv2

from device.errors import CameraError
from device.frame import Frame

FPS_RANGE = (1.0, 240.0)  # outside, the file's header is wrong
FPS_UNKNOWN = 25.0


class Clip:
    """Decodes `path` straight into the caller's buffers. Media time: frame n is at n / fps seconds."""

    small_size = None
    live = False

    def __init__(self, path: str, loop: bool = False):
        """Raises CameraError when there is no such file, or nothing to decode in it."""
        if not Path(path).is_file():
            raise CameraError(f"file:{path}: there is no such file.")
        self.name = f"file:{path}"
        # One thread: FFmpeg's default of one a core holds a few pictures more for each.
        self._capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self.size = self._number(cv2.CAP_PROP_FRAME_WIDTH), self._number(cv2.CAP_PROP_FRAME_HEIGHT)
        if not self._capture.isOpened() or not all(self.size):
            raise CameraError(f"{self.name}: not a clip that can be played; give an MP4, MKV, AVI or GIF.")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if FPS_RANGE[0] <= fps <= FPS_RANGE[1] else FPS_UNKNOWN
        self._loop = loop
        self._count = 0

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next frame; False at the end of a clip that is not looped."""
        got, image = self._capture.read(frame.image)
        if not got and self._loop and self._count:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            got, image = self._capture.read(frame.image)
        if not got and not self._count:
            raise CameraError(f"{self.name}: no frame of it can be decoded; is it cut short?")
        if not got:
            return False
        if image is not frame.image:  # OpenCV makes a new picture when the buffer does not fit
            raise CameraError(
                f"{self.name}: frame {self._count} is {image.shape[1]}x{image.shape[0]} pixels,"
                f" the clip {self.size[0]}x{self.size[1]}; clips that change their size cannot be played."
            )
        frame.time = self._count / self.fps
        self._count += 1
        return True

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _number(self, property_id: int) -> int:
        return max(0, int(self._capture.get(property_id)))
