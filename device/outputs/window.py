"""`--output window`: the picture on this machine's screen, through Tk, which comes with Python."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import cv2
import numpy as np

from device.person import Person

TITLE = "Ages"
MOST_FPS = 30.0  # a screen fast enough for the eye; Tk copies every picture twice


class Reason(NamedTuple):
    """Why there can be no window, and what would mend it (empty: nothing can, there is no screen)."""

    text: str
    mends: str


def why_no_window() -> Reason | None:
    """None where a window can be opened."""
    if not os.environ.get("DISPLAY"):
        return Reason("there is no screen to show it on (DISPLAY is not set)", "")
    try:
        import tkinter
    except ImportError:
        return Reason("this Python lacks Tk", "install it with `sudo apt install python3-tk`")
    try:
        tkinter.Tk().destroy()
    except tkinter.TclError as error:
        return Reason(f"the screen {os.environ['DISPLAY']} cannot be used ({error})", "")
    return None


class Window:
    """One window; lives on the thread that opened it, and shows pictures when it is told to."""

    optional = False  # what people stand before is the last thing to go

    def __init__(self, size: tuple[int, int], settings: SimpleNamespace, end: Callable[[], None]) -> None:
        """`size` is the pictures' (width, height); `end` is called when somebody closes the window."""
        import tkinter

        self.name = "window"
        self._end = end
        self._due = 0.0
        self._root = tkinter.Tk(className="ages")
        self._root.title(TITLE)
        self._root.configure(background="black")
        self._root.protocol("WM_DELETE_WINDOW", self._leave)
        for key in ("q", "Q", "<Escape>"):
            self._root.bind(key, lambda _event: self._leave())
        if settings.fullscreen:
            self._root.attributes("-fullscreen", True)
            self._root.configure(cursor="none")
        width, height = _fitted(size, (self._root.winfo_screenwidth(), self._root.winfo_screenheight()))
        self._view = tkinter.Label(self._root, background="black", borderwidth=0, highlightthickness=0)
        self._view.pack(expand=True, fill="both")
        self._root.geometry(f"{min(width, size[0])}x{min(height, size[1])}")
        self._photo = tkinter.PhotoImage(master=self._root)
        self._view.configure(image=self._photo)
        self._canvas = np.empty((0, 0, 3), np.uint8)
        self._root.update()

    def _leave(self) -> None:
        self._root.withdraw()
        self._end()

    def wanted(self) -> bool:
        """At most 30 times a second; also the moment at which the window hears keys and the mouse."""
        self._root.update()
        return time.monotonic() >= self._due and self._root.state() != "withdrawn"

    def show(self, image: np.ndarray, persons: list[Person], t: float) -> None:
        """Put the picture into the window, as large as it fits."""
        self._due = max(self._due + 1 / MOST_FPS, time.monotonic() - 1 / MOST_FPS)
        height, width = image.shape[:2]
        width, height = _fitted((width, height), (self._root.winfo_width(), self._root.winfo_height()))
        if self._canvas.shape[:2] != (height, width):
            self._canvas = np.empty((height, width, 3), np.uint8)
        if image.shape == self._canvas.shape:
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=self._canvas)
        else:
            cv2.resize(image, (width, height), dst=self._canvas, interpolation=cv2.INTER_LINEAR)
            cv2.cvtColor(self._canvas, cv2.COLOR_BGR2RGB, dst=self._canvas)
        header = f"P6 {width} {height} 255 ".encode("ascii")
        self._photo.configure(data=header + self._canvas.data, width=width, height=height)
        self._root.update()

    def close(self) -> None:
        """Close the window."""
        self._root.destroy()


def _fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) of the shape of `size` in `room`; at least one pixel."""
    scale = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def declared(size: tuple[int, int]) -> int:
    """Bytes held: Tk itself, and the picture as sent, as Tk keeps it, and as the screen gets it."""
    return 8 * 2**20 + 3 * size[0] * size[1] * 4
