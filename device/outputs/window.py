"""`--output window`: the picture on this machine's screen, as large as its window or the whole screen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.config.schema import Settings, WindowSettings
from device.frame import Image
from device.outputs.fitting import fitted
from device.outputs.open import NoScreen, Request
from device.outputs.output import Output
from device.outputs.own_thread import OwnThread
from device.person import Person

if TYPE_CHECKING:
    from device.outputs.x11 import X11Window

TITLE = "Ages in view"
MOST_FPS = 30.0  # enough for the eye
FORMATS = {16: cv2.COLOR_BGR2BGR565, 24: cv2.COLOR_BGR2BGRA, 32: cv2.COLOR_BGR2BGRA}  # by bits of colour
AWAKE_EVERY = 50.0  # seconds; screen savers wait for a minute at least


def open_output(request: Request) -> Output:
    """The window, on a thread of its own. Raises NoScreen, also when the screen does not answer in time."""
    window = OwnThread(
        "window", False, lambda: Window(request.size, request.settings.window, request.end), request.report
    )
    try:
        window.open()
    except TimeoutError as error:
        raise NoScreen(f"screen {os.environ.get('DISPLAY')}: {error}") from None
    return window


def why_no_window() -> str:
    """Why there can be no window here, in words; empty where there can."""
    probe = OwnThread(
        "probe", False, lambda: Window((1, 1), WindowSettings(), lambda: None), lambda text: None
    )
    try:
        probe.open()
    except (NoScreen, TimeoutError) as reason:
        return str(reason)
    probe.close()
    return ""


def _connected(title: str, size: tuple[int, int], fullscreen: bool) -> X11Window:
    """Raises NoScreen."""
    if not os.environ.get("DISPLAY"):
        raise NoScreen("there is no screen to show it on (DISPLAY is not set)")
    from device.outputs.x11 import X11Window

    try:
        return X11Window(title, size, fullscreen)
    except OSError as reason:
        raise NoScreen(f"screen {os.environ['DISPLAY']}: {reason}") from None


class Window:
    """One window; lives on the thread that opened it, and reads its keys whenever it is asked for more."""

    optional = False  # what people stand before is the last thing to go

    def __init__(self, size: tuple[int, int], settings: WindowSettings, end: Callable[[], None]) -> None:
        """`size` is the pictures' (width, height); `end` is called when somebody leaves. Raises NoScreen."""
        self.name = "window"
        self._end = end
        self._due = self._sleepy = 0.0
        self._awake = settings.fullscreen
        self._scaled: Image = np.empty((0, 0, 3), np.uint8)
        self._window = _connected(TITLE, size, settings.fullscreen)

    def wanted(self) -> bool:
        """At most 30 times a second. Raises OSError when the screen has gone."""
        if self._window.left():
            self._end()
        if self._window.lost:
            raise OSError("the screen has gone")
        return time.monotonic() >= self._due

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Put the picture into the window, as large as it fits."""
        now = time.monotonic()
        self._due = max(self._due + 1 / MOST_FPS, now - 1 / MOST_FPS)
        if self._awake and now >= self._sleepy:
            self._sleepy = now + AWAKE_EVERY
            self._window.stay_awake()
        width, height = fitted((image.shape[1], image.shape[0]), self._window.size)
        pixels = self._window.pixels(width, height)
        shown = image
        if image.shape[:2] != (height, width):
            if self._scaled.shape[:2] != (height, width):
                self._scaled = np.empty((height, width, 3), np.uint8)
            shown = self._scaled
            cv2.resize(image, (width, height), dst=shown, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(shown, FORMATS[self._window.depth], dst=pixels)
        self._window.put()

    def close(self) -> None:
        """Close the window."""
        self._window.close()


def declared(rest: str, size: tuple[int, int], settings: Settings) -> int:
    """Bytes held: the library, a copy of the picture, and two as large as the window."""
    return 3 * 2**20 + 3 * size[0] * size[1] + (3 + 4) * max(size[0] * size[1], 1280 * 720)
