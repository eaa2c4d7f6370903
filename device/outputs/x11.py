"""A window on an X screen (or on XWayland), through libX11, which every desktop has.

A window toolkit would cost 10 to 30 MiB and copies each picture several times; this
hands the pixels straight to the screen's server. Screens of 24 bits of colour are known,
and of 16 (5, 6 and 5), as small panels have them.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_ushort, c_void_p

import numpy as np
from numpy.typing import NDArray

KEY_PRESS, DESTROYED, CONFIGURED, CLIENT_MESSAGE = 2, 17, 22, 33  # X.h
KEY_PRESS_MASK, STRUCTURE_MASK = 1 << 0, 1 << 17
Z_PIXMAP, REPLACE, ATOM = 2, 0, 4
RED_MASKS = {16: 0xF800, 24: 0xFF0000, 32: 0xFF0000}  # by depth: where a pixel's red stands
LEAVING_KEYS = {0xFF1B, ord("q")}  # Escape, q


class Visual(ctypes.Structure):
    """How the screen stores colours (Xlib.h)."""

    _fields_ = (
        ("ext_data", c_void_p),
        ("visualid", c_ulong),
        ("c_class", c_int),
        ("red_mask", c_ulong),
        ("green_mask", c_ulong),
        ("blue_mask", c_ulong),
        ("bits_per_rgb", c_int),
        ("map_entries", c_int),
    )


class Color(ctypes.Structure):
    """XColor."""

    _fields_ = (
        ("pixel", c_ulong),
        ("red", c_ushort),
        ("green", c_ushort),
        ("blue", c_ushort),
        ("flags", ctypes.c_char),
        ("pad", ctypes.c_char),
    )


class _Head(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
    )


class _Configured(ctypes.Structure):
    _fields_ = (
        ("head", _Head),
        ("window", c_ulong),
        ("x", c_int),
        ("y", c_int),
        ("width", c_int),
        ("height", c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("head", _Head), ("message_type", c_ulong), ("format", c_int), ("data", c_long * 5))


class Event(ctypes.Union):
    """XEvent, as far as it is read here."""

    _fields_ = (("type", c_int), ("configured", _Configured), ("message", _Message), ("room", c_long * 24))


_ON_ERROR = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)
_ON_EXIT = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
_ignore = _ON_ERROR(lambda display, event: 0)  # Xlib's own handlers print, and end the process

_SIGNATURES = {
    "XOpenDisplay": (c_void_p, [c_char_p]),
    "XDefaultScreen": (c_int, [c_void_p]),
    "XDefaultDepth": (c_int, [c_void_p, c_int]),
    "XDefaultVisual": (POINTER(Visual), [c_void_p, c_int]),
    "XDefaultGC": (c_void_p, [c_void_p, c_int]),
    "XRootWindow": (c_ulong, [c_void_p, c_int]),
    "XDisplayWidth": (c_int, [c_void_p, c_int]),
    "XDisplayHeight": (c_int, [c_void_p, c_int]),
    "XCreateSimpleWindow": (c_ulong, [c_void_p, c_ulong, *[c_int] * 2, *[c_uint] * 3, c_ulong, c_ulong]),
    "XSelectInput": (c_int, [c_void_p, c_ulong, c_long]),
    "XInternAtom": (c_ulong, [c_void_p, c_char_p, c_int]),
    "XSetWMProtocols": (c_int, [c_void_p, c_ulong, POINTER(c_ulong), c_int]),
    "XChangeProperty": (c_int, [c_void_p, c_ulong, c_ulong, c_ulong, c_int, c_int, c_void_p, c_int]),
    "XStoreName": (c_int, [c_void_p, c_ulong, c_char_p]),
    "XMapRaised": (c_int, [c_void_p, c_ulong]),
    "XMoveResizeWindow": (c_int, [c_void_p, c_ulong, *[c_int] * 2, *[c_uint] * 2]),
    "XClearWindow": (c_int, [c_void_p, c_ulong]),
    "XCreateBitmapFromData": (c_ulong, [c_void_p, c_ulong, c_char_p, c_uint, c_uint]),
    "XCreatePixmapCursor": (c_ulong, [c_void_p, c_ulong, c_ulong, c_void_p, c_void_p, c_uint, c_uint]),
    "XDefineCursor": (c_int, [c_void_p, c_ulong, c_ulong]),
    "XCreateImage": (
        c_void_p,
        [*[c_void_p] * 2, c_uint, *[c_int] * 2, c_void_p, c_uint, c_uint, *[c_int] * 2],
    ),
    "XPutImage": (c_int, [c_void_p, c_ulong, c_void_p, c_void_p, *[c_int] * 4, c_uint, c_uint]),
    "XPending": (c_int, [c_void_p]),
    "XNextEvent": (c_int, [c_void_p, POINTER(Event)]),
    "XLookupKeysym": (c_ulong, [POINTER(Event), c_int]),
    "XResetScreenSaver": (c_int, [c_void_p]),
    "XSync": (c_int, [c_void_p, c_int]),
    "XFree": (c_int, [c_void_p]),
    "XCloseDisplay": (c_int, [c_void_p]),
    "XSetErrorHandler": (c_void_p, [_ON_ERROR]),
    "XSetIOErrorHandler": (c_void_p, [_ON_ERROR]),
}


def library() -> ctypes.CDLL:
    """libX11 with its functions declared. Raises OSError when it is not installed."""
    try:
        lib = ctypes.CDLL("libX11.so.6")
    except OSError:
        raise OSError("libX11 is missing; install it with `sudo apt install libx11-6`") from None
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.XSetErrorHandler(_ignore)
    lib.XSetIOErrorHandler(_ignore)
    return lib


class X11Window:
    """One window; all calls from one thread. `lost` turns True when the screen's server has gone."""

    def __init__(self, title: str, size: tuple[int, int], fullscreen: bool) -> None:
        """`size` is (width, height), at most the screen's. Raises OSError when there is no such screen."""
        self._x = library()
        self._display = self._x.XOpenDisplay(None)
        if not self._display:
            raise OSError("the screen does not answer")
        self.lost = False
        self._watch_connection()
        screen = self._x.XDefaultScreen(self._display)
        self._visual = self._x.XDefaultVisual(self._display, screen)
        self.depth = self._x.XDefaultDepth(self._display, screen)
        self._gc = self._x.XDefaultGC(self._display, screen)
        if self._visual.contents.red_mask != RED_MASKS.get(self.depth):
            self._x.XCloseDisplay(self._display)
            raise OSError(f"the screen has {self.depth} bits of colour, and 24 or 16 are needed")
        room = self._x.XDisplayWidth(self._display, screen), self._x.XDisplayHeight(self._display, screen)
        self.size = room if fullscreen else (min(size[0], room[0]), min(size[1], room[1]))
        self._root, self._fullscreen = self._x.XRootWindow(self._display, screen), fullscreen
        self._window = self._x.XCreateSimpleWindow(self._display, self._root, 0, 0, *self.size, 0, 0, 0)
        self._x.XSelectInput(self._display, self._root, STRUCTURE_MASK)  # for the screen's own size
        self._x.XSelectInput(self._display, self._window, KEY_PRESS_MASK | STRUCTURE_MASK)
        self._x.XStoreName(self._display, self._window, title.encode("ascii"))
        self._closing = c_ulong(self._atom("WM_DELETE_WINDOW"))
        self._x.XSetWMProtocols(self._display, self._window, byref(self._closing), 1)
        if fullscreen:
            self._fill_screen()
        self._x.XMapRaised(self._display, self._window)
        self._x.XSync(self._display, 0)
        self._image, self._pixels = None, np.empty((0, 0, 4), np.uint8)

    def _watch_connection(self) -> None:
        """Remember when the connection breaks; libX11 before 1.7 ends the process then, come what may."""
        self._on_exit = _ON_EXIT(lambda display, data: setattr(self, "lost", True))
        if hasattr(self._x, "XSetIOErrorExitHandler"):
            self._x.XSetIOErrorExitHandler(c_void_p(self._display), self._on_exit, None)

    def _atom(self, name: str) -> int:
        return int(self._x.XInternAtom(self._display, name.encode("ascii"), 0))

    def _fill_screen(self) -> None:
        """Ask the window manager for the whole screen, and hide the pointer."""
        state = c_ulong(self._atom("_NET_WM_STATE_FULLSCREEN"))
        self._x.XChangeProperty(
            self._display, self._window, self._atom("_NET_WM_STATE"), ATOM, 32, REPLACE, byref(state), 1
        )
        clear = self._x.XCreateBitmapFromData(self._display, self._window, bytes(8), 8, 8)
        black = Color()
        cursor = self._x.XCreatePixmapCursor(self._display, clear, clear, byref(black), byref(black), 0, 0)
        self._x.XDefineCursor(self._display, self._window, cursor)

    def left(self) -> bool:
        """Whether somebody closed the window or pressed q or Escape since the last call; takes all events."""
        event, leaving = Event(), False
        while not self.lost and self._x.XPending(self._display):
            self._x.XNextEvent(self._display, byref(event))
            if event.type == CONFIGURED:
                self._follow(event.configured)
            elif event.type == KEY_PRESS:
                leaving |= self._x.XLookupKeysym(byref(event), 0) in LEAVING_KEYS
            elif event.type == CLIENT_MESSAGE:
                leaving |= event.message.data[0] == self._closing.value
            elif event.type == DESTROYED:
                self.lost = True
        return leaving

    def _follow(self, configured: _Configured) -> None:
        """Take the window's new size; fill a screen of another size, for not every desktop sees to that."""
        size = configured.width, configured.height
        if configured.window == self._window:
            self.size = size
        elif configured.window == self._root and self._fullscreen:
            self._x.XMoveResizeWindow(self._display, self._window, 0, 0, *size)

    def pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        """The buffer to draw into before `put`, one for all of a size: uint8 (height, width, 4) BGRX, or
        (height, width, 2) BGR565 where `depth` is 16.
        """
        size = 2 if self.depth == 16 else 4  # bytes of a pixel
        if self._pixels.shape[:2] != (height, width):
            if self._image:
                self._x.XFree(self._image)
            self._pixels = np.zeros((height, width, size), np.uint8)
            self._image = self._x.XCreateImage(
                self._display,
                self._visual,
                self.depth,
                Z_PIXMAP,
                0,
                self._pixels.ctypes.data,
                width,
                height,
                8 * size,
                size * width,
            )
            self._x.XClearWindow(self._display, self._window)
        return self._pixels

    def put(self) -> None:
        """Show the buffer in the middle of the window, and wait until it is there."""
        height, width = self._pixels.shape[:2]
        x, y = (self.size[0] - width) // 2, (self.size[1] - height) // 2
        self._x.XPutImage(self._display, self._window, self._gc, self._image, 0, 0, x, y, width, height)
        self._x.XSync(self._display, 0)

    def stay_awake(self) -> None:
        """Put off the screen saver, as a key would."""
        self._x.XResetScreenSaver(self._display)

    def close(self) -> None:
        """Close the window and the connection."""
        if not self.lost:
            self._x.XCloseDisplay(self._display)
