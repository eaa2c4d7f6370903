"""The window on a virtual screen. Needs Debian's package xvfb; skipped where it is missing."""

import ctypes
import ctypes.util
import shutil
import subprocess
import threading
import time

import numpy as np
import pytest

from device.config import schema
from device.outputs import x11
from device.outputs.window import NoScreen, Window, fitted, why_no_window

pytestmark = pytest.mark.native  # the emulated system has no X11

ORANGE = (40, 120, 200)  # blue, green, red
SCREEN = (800, 600)


@pytest.fixture
def screen(monkeypatch):
    if shutil.which("Xvfb") is None:
        pytest.skip("no virtual screen: apt install xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-noreset"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    monkeypatch.setenv("DISPLAY", ":" + process.stdout.readline().strip())
    yield process
    process.terminate()
    process.wait(5)


@pytest.fixture
def window(screen):
    ended = threading.Event()
    opened = []

    def start(size=(320, 240), fullscreen=False):
        opened.append(Window(size, schema.WindowSettings(fullscreen=fullscreen), ended.set))
        return opened[0], ended

    yield start
    for one in opened:
        one.close()


def picture(width, height):
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = ORANGE
    return image


def on_screen(output):
    """What the screen shows in the window, (height, width, 3) uint8 BGR."""
    window = output._window
    library = x11.library()
    library.XGetImage.restype = ctypes.POINTER(ctypes.c_char_p)
    library.XGetImage.argtypes = [
        ctypes.c_void_p,
        ctypes.c_ulong,
        *[ctypes.c_int] * 2,
        *[ctypes.c_uint] * 2,
        ctypes.c_ulong,
        ctypes.c_int,
    ]
    width, height = window.size
    image = library.XGetImage(window._display, window._window, 0, 0, width, height, 2**32 - 1, x11.Z_PIXMAP)
    data = ctypes.cast(image, ctypes.POINTER(ctypes.c_void_p))[2]  # after four ints: XImage.data
    return (
        np.ctypeslib.as_array((ctypes.c_uint8 * (width * height * 4)).from_address(data))
        .reshape(height, width, 4)[..., :3]
        .copy()
    )


def send(output, kind, *values):
    """Send the window an event: `values` are what follows its first five fields, as in Xlib.h."""
    window = output._window

    class Sent(ctypes.Structure):
        _fields_ = (
            ("head", x11._Head),
            *((f"f{n}", type(value)) for n, value in enumerate(values)),
            ("room", ctypes.c_long * 24),
        )

    event = Sent(x11._Head(kind, 0, 1, window._display, window._window), *values)
    library = x11.library()
    library.XSendEvent.argtypes = [
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_int,
        ctypes.c_long,
        ctypes.c_void_p,
    ]
    library.XSendEvent(window._display, window._window, 0, 0, ctypes.byref(event))
    library.XSync(window._display, 0)


def press(output, keysym):
    library = x11.library()
    library.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    keycode = library.XKeysymToKeycode(output._window._display, keysym)
    numbers = [ctypes.c_ulong(0)] * 3 + [ctypes.c_int(0)] * 4 + [ctypes.c_uint(0), ctypes.c_uint(keycode)]
    send(output, x11.KEY_PRESS, *numbers)


def test_the_picture_is_shown_in_its_size(window):
    output, ended = window()
    assert output.wanted()
    output.show(picture(320, 240), [], 0.0)
    shown = on_screen(output)
    assert shown.shape == (240, 320, 3)
    assert (shown[:, :160] == ORANGE).all()
    assert (shown[:, 160:] == 0).all()
    assert not ended.is_set()


def test_no_more_pictures_than_a_screen_can_show(window, monkeypatch):
    output, _ = window()
    shown = 0
    for tick in range(200):  # two seconds of a camera of 100 frames a second
        now = 1000 + tick / 100
        monkeypatch.setattr("device.outputs.window.time.monotonic", lambda now=now: now)
        if output.wanted():
            output.show(picture(320, 240), [], 0.0)
            shown += 1
    assert 55 <= shown <= 62


def test_it_fills_the_screen_and_keeps_the_shape(window):
    output, _ = window(fullscreen=True)
    output.show(picture(320, 180), [], 0.0)
    shown = on_screen(output)
    assert shown.shape == (600, 800, 3)
    assert (shown[75:525, :390] == ORANGE).all()
    assert (shown[:75] == 0).all()
    assert (shown[525:] == 0).all()


def test_the_pointer_is_not_seen_on_the_whole_screen(window):
    """It stands in the middle of the screen, and so on the window."""
    library = ctypes.CDLL(ctypes.util.find_library("Xfixes") or pytest.skip("no libXfixes here"))
    library.XFixesGetCursorImage.restype = ctypes.POINTER(ctypes.c_ushort * 4)
    library.XFixesGetCursorImage.argtypes = [ctypes.c_void_p]

    def pointer(output):
        output._window._x.XSync(output._window._display, 0)
        image = library.XFixesGetCursorImage(output._window._display)
        width, height = image.contents[2:4]
        at = ctypes.cast(image, ctypes.c_void_p).value + 24  # behind position, size, hot spot and number
        pixels = ctypes.c_void_p.from_address(at).value
        return list((ctypes.c_ulong * (width * height)).from_address(pixels))

    assert any(pointer(window()[0]))
    assert not any(pointer(window(fullscreen=True)[0]))


class Resources(ctypes.Structure):
    """XRRScreenResources, as far as it is read."""

    _fields_ = (
        ("stamps", ctypes.c_ulong * 2),
        ("n_crtcs", ctypes.c_int),
        ("crtcs", ctypes.POINTER(ctypes.c_ulong)),
    )


def resize_screen(output, width, height):
    """Another size of the whole screen, as when a screen of that size is plugged in."""
    name = ctypes.util.find_library("Xrandr") or pytest.skip("no libXrandr here: apt install libxrandr2")
    randr, own = ctypes.CDLL(name), output._window
    display, root = ctypes.c_void_p(own._display), ctypes.c_ulong(own._root)
    randr.XRRGetScreenResources.restype = ctypes.POINTER(Resources)
    resources = randr.XRRGetScreenResources(display, root)
    crtc, none = ctypes.c_ulong(resources.contents.crtcs[0]), ctypes.c_ulong(0)
    randr.XRRSetCrtcConfig(display, resources, crtc, none, 0, 0, none, ctypes.c_ushort(1), None, 0)
    randr.XRRSetScreenSize(display, root, width, height, width // 4, height // 4)
    own._x.XSync(own._display, 0)


def test_the_whole_screen_is_filled_when_its_size_changes(window):
    output, _ = window(fullscreen=True)
    output.show(picture(320, 240), [], 0.0)
    resize_screen(output, 640, 400)
    for _ in range(2):  # the screen's news, then the window's own
        output.wanted()
        output._window._x.XSync(output._window._display, 0)
    output.wanted()
    assert output._window.size == (640, 400)
    output.show(picture(320, 200), [], 0.0)
    assert (on_screen(output)[:, :310] == ORANGE).all()


def test_a_window_keeps_its_size_when_the_screen_s_changes(window):
    output, _ = window()
    resize_screen(output, 640, 400)
    output.wanted()
    output._window._x.XSync(output._window._display, 0)
    output.wanted()
    assert output._window.size == (320, 240)


def test_pictures_larger_than_the_screen_are_made_smaller(window):
    output, _ = window(size=(1920, 1080))
    output.show(picture(1920, 1080), [], 0.0)
    assert (on_screen(output)[100:500, :390] == ORANGE).all()


def test_the_picture_follows_the_size_of_the_window(window):
    output, _ = window()
    output.show(picture(320, 240), [], 0.0)
    own = output._window
    resize = own._x.XResizeWindow
    resize.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_uint, ctypes.c_uint]
    resize(own._display, own._window, 480, 240)
    own._x.XSync(own._display, 0)
    output.wanted()
    output.show(picture(320, 240), [], 0.0)
    shown = on_screen(output)
    assert shown.shape == (240, 480, 3)
    assert (shown[:, :80] == 0).all()
    assert (shown[:, 80:240] == ORANGE).all()


@pytest.mark.parametrize("keysym", [ord("q"), 0xFF1B])
def test_a_key_ends_the_program(window, keysym):
    output, ended = window()
    press(output, ord("x"))
    output.wanted()
    assert not ended.is_set()
    press(output, keysym)
    output.wanted()
    assert ended.is_set()


def test_closing_the_window_ends_the_program(window):
    output, ended = window()
    own = output._window
    send(
        output,
        x11.CLIENT_MESSAGE,
        ctypes.c_ulong(own._atom("WM_PROTOCOLS")),
        ctypes.c_int(32),
        ctypes.c_long(own._closing.value),
    )
    output.wanted()
    assert ended.is_set()


def test_a_screen_that_goes_away_is_an_error_of_the_window_alone(window, screen):
    """Xlib ends the whole process when its connection breaks, unless it is told not to."""
    output, _ = window()
    output.show(picture(320, 240), [], 0.0)
    screen.kill()
    screen.wait(5)
    deadline = time.monotonic() + 5
    with pytest.raises(OSError, match="the screen has gone"):  # noqa: PT012
        while time.monotonic() < deadline:
            output.wanted()


def test_where_there_is_a_screen_there_can_be_a_window(screen):
    assert why_no_window() == ""


def test_a_screen_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987")
    assert why_no_window()
    with pytest.raises(NoScreen, match=":987"):
        Window((320, 240), schema.WindowSettings(), print)


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((640, 480), (1280, 800), (1067, 800)),
        ((640, 480), (640, 480), (640, 480)),
        ((1920, 1080), (1, 1), (1, 1)),
    ],
)
def test_as_large_as_fits(size, room, expected):
    assert fitted(size, room) == expected
