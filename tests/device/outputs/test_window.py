"""The window on a virtual screen. Needs Tk and Debian's package xvfb; skipped where they are missing."""

import shutil
import subprocess
import threading

import numpy as np
import pytest

from device.outputs.window import Window, _fitted, why_no_window


@pytest.fixture(scope="module")
def screen():
    """One screen for all tests. It ends with this process: Xlib ends a process whose screen goes first."""
    tkinter = pytest.importorskip("tkinter", reason="no Tk: apt install python3-tk")
    if shutil.which("Xvfb") is None:
        pytest.skip("no virtual screen: apt install xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-terminate"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISPLAY", ":" + process.stdout.readline().strip())
        tkinter.Tk().destroy()  # from now on this process is connected
        yield


@pytest.fixture
def window(screen, settings):
    ended = threading.Event()
    opened = []

    def start(size=(320, 240), fullscreen=False):
        settings.window.fullscreen = fullscreen
        opened.append(Window(size, settings.window, ended.set))
        return opened[0], ended

    yield start
    for one in opened:
        one.close()


def picture(width, height):
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (40, 120, 200)
    return image


def test_the_picture_is_shown_in_its_size(window):
    output, ended = window()
    assert output.wanted()
    output.show(picture(320, 240), [], 0.0)
    assert (output._photo.width(), output._photo.height()) == (320, 240)
    assert output._photo.get(10, 10) == (200, 120, 40)
    assert output._photo.get(310, 230) == (0, 0, 0)
    assert not ended.is_set()


def test_no_more_pictures_than_a_screen_can_show(window):
    output, _ = window()
    shown = 0
    for _ in range(50):
        if output.wanted():
            output.show(picture(320, 240), [], 0.0)
            shown += 1
    assert shown < 50


def test_it_fills_the_screen_and_keeps_the_shape(window):
    output, _ = window(fullscreen=True)
    output._root.geometry("800x600")  # what a window manager does
    output._root.update()
    output.show(picture(320, 180), [], 0.0)
    assert (output._photo.width(), output._photo.height()) == (800, 450)


def test_pictures_larger_than_the_screen_are_made_smaller(window):
    output, _ = window(size=(1920, 1080))
    output.show(picture(1920, 1080), [], 0.0)
    assert (output._photo.width(), output._photo.height()) == (800, 450)


@pytest.mark.parametrize("key", ["<q>", "<Q>", "<Escape>"])
def test_a_key_ends_the_program(window, key):
    output, ended = window()
    output._root.focus_force()
    output._root.update()
    output._root.event_generate(key)
    output._root.update()
    assert ended.is_set()
    assert not output.wanted()


def test_closing_the_window_ends_the_program(window):
    output, ended = window()
    output._root.tk.call(*output._root.tk.splitlist(output._root.protocol("WM_DELETE_WINDOW")))
    assert ended.is_set()


def test_where_there_is_a_screen_there_can_be_a_window(screen):
    assert why_no_window() is None


def test_a_screen_that_does_not_answer(screen, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987")
    assert ":987 cannot be used" in why_no_window().text


@pytest.mark.parametrize(("size", "room", "fitted"), [
    ((640, 480), (1280, 800), (1067, 800)), ((640, 480), (640, 480), (640, 480)),
    ((1920, 1080), (1, 1), (1, 1)),
])
def test_as_large_as_fits(size, room, fitted):
    assert _fitted(size, room) == fitted
