"""`--output fb` against a frame buffer that is an ordinary file."""

import os
import threading

import numpy as np
import pytest

from device.config.loader import changed
from device.errors import ConfigError
from device.outputs import fb, own_thread
from device.outputs.fb import FrameBuffer
from device.outputs.open import open_outputs

ORANGE = (40, 120, 200)  # blue, green, red
PIXELS = {32: bytes((*ORANGE, 255)), 16: (25 << 11 | 30 << 5 | 5).to_bytes(2, "little")}


class Panel:
    """A panel of 16×12 pixels whose rows are padded by 8 bytes; `told` is what its console heard."""

    def __init__(self, path, bits=32, colours=None):
        self.path, self.console = path, path.with_name("tty0")
        self.console.touch()
        red, green, blue = colours or {32: (16, 8, 0), 16: (11, 5, 0)}[bits]
        self.size = fb.Size(width=16, height=12, virtual_width=16, virtual_height=24, bits=bits)
        self.size.red[0], self.size.green[0], self.size.blue[0] = red, green, blue
        for colour in (self.size.red, self.size.green, self.size.blue):
            colour[1] = 8  # its length
        self.pitch = 16 * bits // 8 + 8
        path.write_bytes(b"\xaa" * (self.pitch * 24))
        self.told = []

    def ioctl(self, fd, request, argument, mutate=True):
        assert mutate or not isinstance(argument, fb.ctypes.Structure)  # or the answer would be lost
        if request == fb.ASK_SIZE:
            for name, _ in fb.Size._fields_:
                setattr(argument, name, getattr(self.size, name))
        elif request == fb.ASK_MEMORY:
            argument.pitch, argument.length = self.pitch, self.pitch * 24
        else:
            self.told.append((request, argument))

    def rows(self):
        data, step = self.path.read_bytes(), self.size.bits // 8
        return [data[row * self.pitch : row * self.pitch + 16 * step] for row in range(24)]


@pytest.fixture
def panel(tmp_path, monkeypatch):
    def make(**options):
        made = Panel(tmp_path / "fb0", **options)
        monkeypatch.setattr(fb.fcntl, "ioctl", made.ioctl)
        monkeypatch.setattr(fb, "CONSOLE", made.console)
        return made

    return make


def picture(width, height):
    return np.full((height, width, 3), ORANGE, np.uint8)


def test_structures_are_the_kernel_s():
    assert fb.ctypes.sizeof(fb.Size) == 160
    assert fb.Size.bits.offset == 24
    assert fb.Size.green.offset == 44
    assert fb.ctypes.sizeof(fb.Memory) == {8: 80, 4: 68}[fb.ctypes.sizeof(fb.c_ulong)]
    assert (fb.ASK_SIZE, fb.ASK_MEMORY) == (0x4600, 0x4602)
    assert fb.Memory.pitch.offset == 40 + fb.ctypes.sizeof(fb.c_ulong)


@pytest.mark.parametrize("bits", [32, 16])
def test_the_picture_is_in_the_middle_as_large_as_it_fits(panel, bits):
    made = panel(bits=bits)
    buffer = FrameBuffer(made.path, made.console)
    assert buffer.wanted()
    buffer.show(picture(8, 3), [], 0.0)
    black = bytes(16 * bits // 8)
    assert made.rows()[:12] == [black] * 3 + [PIXELS[bits] * 16] * 6 + [black] * 3
    assert set(made.path.read_bytes()[made.pitch * 12 :]) == {0xAA}  # what is not visible is left alone
    buffer.close()


def test_the_visible_part_may_begin_further_down(panel):
    made = panel()
    made.size.y = 12
    buffer = FrameBuffer(made.path, made.console)
    buffer.show(picture(16, 12), [], 0.0)
    assert made.rows()[12:] == [PIXELS[32] * 16] * 12
    assert made.rows()[11] == b"\xaa" * 64
    buffer.close()


def test_the_console_is_hidden_meanwhile(panel):
    made = panel()
    before = len(os.listdir("/proc/self/fd"))
    buffer = FrameBuffer(made.path, made.console)
    assert made.told == [(0x4B3A, 1)]
    buffer.close()
    assert made.told == [(0x4B3A, 1), (0x4B3A, 0)]
    del buffer  # its memory is a file of its own
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_console_that_may_not_be_hidden_is_no_matter(panel, tmp_path):
    made = panel()
    buffer = FrameBuffer(made.path, tmp_path / "missing")
    buffer.show(picture(16, 12), [], 0.0)
    assert made.rows()[0] == PIXELS[32] * 16
    buffer.close()


def test_another_size_is_an_error_of_the_screen_so_that_it_is_opened_again(panel):
    made, now = panel(), [0.0]
    buffer = FrameBuffer(made.path, made.console, lambda: now[0])
    assert buffer.wanted()
    made.size.width = 8
    assert buffer.wanted()  # it is not asked at every picture
    now[0] = 2.0
    with pytest.raises(OSError, match="the screen has changed"):
        buffer.wanted()
    buffer.close()


def test_no_more_pictures_than_a_screen_can_show(panel):
    made, now, count = panel(), [0.0], 0
    buffer = FrameBuffer(made.path, made.console, lambda: now[0])
    for tick in range(200):  # two seconds of a camera of 100 frames a second
        now[0] = 1000 + tick / 100
        if buffer.wanted():
            buffer.show(picture(16, 12), [], 0.0)
            count += 1
    buffer.close()
    assert 55 <= count <= 62


@pytest.mark.parametrize(
    "options", [{"bits": 32, "colours": (0, 8, 16)}, {"bits": 16, "colours": (10, 5, 0)}]
)
def test_unknown_pixels_are_an_error_and_nothing_is_held(panel, options):
    made = panel(**options)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="in an unknown order; 16 or 32 are needed"):
        FrameBuffer(made.path, made.console)
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_is_opened_by_its_name(panel, settings):
    made = panel()
    chosen = changed(settings, output={"use": (f"fb:{made.path}",)})
    (output,) = open_outputs(chosen, (16, 12), 30.0, print, lambda: None)
    assert output.name == f"fb:{made.path}"
    assert not output.optional
    output.close()


def test_a_panel_that_fails_is_waited_for_without_end(panel, settings, monkeypatch):
    made = panel()
    monkeypatch.setattr(fb, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(own_thread, "GIVE_UP_S", -1.0)
    chosen = changed(settings, output={"use": (f"fb:{made.path}",)})
    (output,) = open_outputs(chosen, (16, 12), 30.0, print, lambda: None)
    made.size.bits = 8
    for _ in range(2000):
        if output.lost:
            break
        threading.Event().wait(0.01)
    assert output.lost
    assert not output.wanted()
    output.close()


def test_a_frame_buffer_that_there_is_not_is_a_sentence(settings, tmp_path):
    chosen = changed(settings, output={"use": (f"fb:{tmp_path}/fb7",)})
    with pytest.raises(ConfigError, match=r"fb7: No such file or directory\.$") as caught:
        open_outputs(chosen, (16, 12), 30.0, print, lambda: None)
    assert caught.value.exit_status == 2


def test_declared_are_the_picture_one_between_and_the_largest_screen(settings):
    assert fb.declared("", (1280, 720), settings) == 2_764_800 + 6_912_000 + 9_216_000
    assert fb.declared("", (3000, 1000), settings) == 9_000_000 + 9_000_000 + 9_216_000
