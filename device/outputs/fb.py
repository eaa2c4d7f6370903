"""`--output fb`: the picture in a frame buffer (/dev/fb0), for panels that no driver of KMS knows.

What is drawn is shown while it is drawn, so a moving picture may tear; where `drm` works it is better.
`fb:/dev/fb1` names another, as small panels have them beside HDMI.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import time
from collections.abc import Callable
from ctypes import c_char, c_uint16, c_uint32, c_ulong
from pathlib import Path

import numpy as np

from device.config.schema import Settings
from device.errors import ConfigError
from device.frame import Image
from device.outputs.fitting import Fitter
from device.outputs.open import Request
from device.outputs.output import Output
from device.outputs.own_thread import OwnThread
from device.person import Person

DEFAULT = "/dev/fb0"
CONSOLE = Path("/dev/tty0")
LOOK_EVERY = 2.0  # seconds between two looks at its size
MOST_FPS = 30.0  # enough for the eye
MOST_PIXELS = 1920 * 1200  # of the usual screens; a larger one only costs more than is declared
ASK_SIZE, ASK_MEMORY = 0x4600, 0x4602  # FBIOGET_VSCREENINFO, FBIOGET_FSCREENINFO
SET_CONSOLE, TEXT, GRAPHICS = 0x4B3A, 0, 1  # KDSETMODE


class Size(ctypes.Structure):
    """fb_var_screeninfo; a colour is its offset, its length and which end is first."""

    _fields_ = (
        *((name, c_uint32) for name in ("width", "height", "virtual_width", "virtual_height", "x", "y")),
        *((name, c_uint32) for name in ("bits", "grey")),
        *((name, c_uint32 * 3) for name in ("red", "green", "blue", "alpha")),
        ("rest", c_uint32 * 20),
    )


class Memory(ctypes.Structure):
    """fb_fix_screeninfo."""

    _fields_ = (
        ("id", c_char * 16),
        ("start", c_ulong),
        *((name, c_uint32) for name in ("length", "kind", "auxiliary", "visual")),
        ("steps", c_uint16 * 3),
        ("pitch", c_uint32),
        ("mapped", c_ulong),
        *((name, c_uint32) for name in ("mapped_length", "accelerator")),
        ("rest", c_uint16 * 3),
    )


def open_output(request: Request) -> Output:
    """The frame buffer, on a thread of its own. Raises ConfigError where none may be opened."""
    path = Path(request.rest or DEFAULT)
    buffer = OwnThread(request.spec, False, lambda: FrameBuffer(path), request.report, forever=True)
    try:
        buffer.open()
    except OSError as error:
        cure = (
            "; `sudo usermod -aG video $USER` and log in again" if isinstance(error, PermissionError) else ""
        )
        raise ConfigError(f"--output {request.spec}: {path}: {error.strerror or error}{cure}.") from None
    return buffer


class FrameBuffer:
    """One frame buffer of 16 or 32 bits a pixel; all calls from one thread. `console` is hidden meanwhile."""

    optional = False  # what people stand before is the last thing to go
    name = "fb"

    def __init__(
        self, path: Path, console: Path = CONSOLE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises OSError."""
        self._path, self._clock = path, clock
        self._due = self._look_at = 0.0
        self._fitter = Fitter()
        self._fd = os.open(path, os.O_RDWR)
        self._console: int | None = None
        try:
            self._size = self._ask()
            self._pixels = self._map(self._size)
        except OSError:
            os.close(self._fd)
            raise
        self._hide(console)

    def wanted(self) -> bool:
        """At most 30 times a second. Raises OSError when the screen has another size now, or has gone."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            if bytes(self._ask()) != bytes(self._size):
                raise OSError("the screen has changed")
        return now >= self._due

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Put the picture on the screen, as large as it fits."""
        now = self._clock()
        self._due = max(self._due + 1 / MOST_FPS, now - 1 / MOST_FPS)
        self._fitter.put(image, self._pixels)

    def close(self) -> None:
        """Give the screen back to the console."""
        os.close(self._fd)
        if self._console is not None:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._console, SET_CONSOLE, TEXT)
            os.close(self._console)

    def _ask(self) -> Size:
        size = Size()
        fcntl.ioctl(self._fd, ASK_SIZE, size, True)
        return size

    def _map(self, size: Size) -> Image:
        """The visible part of its memory, uint8 (height, width, 2 or 4), made black."""
        known = {16: (11, 5, 0), 32: (16, 8, 0)}  # where red, green and blue begin
        if (size.red[0], size.green[0], size.blue[0]) != known.get(size.bits):
            raise OSError(f"{size.bits} bits a pixel in an unknown order; 16 or 32 are needed")
        memory = Memory()
        fcntl.ioctl(self._fd, ASK_MEMORY, memory, True)
        mapped = mmap.mmap(self._fd, memory.length)
        step = size.bits // 8
        rows = np.frombuffer(mapped, np.uint8, memory.pitch * (size.y + size.height))
        visible = rows.reshape(-1, memory.pitch)[size.y :, size.x * step : (size.x + size.width) * step]
        visible.fill(0)
        return visible.reshape(size.height, size.width, step)

    def _hide(self, console: Path) -> None:
        """Keep the console's text and its cursor off the screen, where this user may."""
        try:
            self._console = os.open(console, os.O_RDWR | os.O_NOCTTY)
            fcntl.ioctl(self._console, SET_CONSOLE, GRAPHICS)
        except OSError:
            return


def declared(rest: str, size: tuple[int, int], settings: Settings) -> int:
    """Bytes held: a copy of the picture, one between, and the screen's memory."""
    return 3 * size[0] * size[1] + 3 * max(size[0] * size[1], MOST_PIXELS) + 4 * MOST_PIXELS
