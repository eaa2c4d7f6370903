"""A kernel with one graphics card, as far as `--output drm` asks it: what it answers, and what it was told.

The card's file is an ordinary one: first come the events that are read, then the buffers' memory.
"""

import ctypes
import errno
import os
from pathlib import Path

from device.outputs.drm import uapi

MEMORY_AT = 1 << 20  # where the buffers begin in the card's file
NAMES = {uapi.request_of(name): name for name in uapi.NUMBERS}


def mode(width, height, hz=60, preferred=False, interlaced=False):
    return uapi.Mode(
        width=width,
        height=height,
        hz=hz,
        type=uapi.PREFERRED_MODE if preferred else 0,
        flags=uapi.INTERLACED if interlaced else 0,
    )


class FakeKernel:
    """`modes` by connector number: 31 is HDMI-A-1, 32 is HDMI-A-2; CRTC 41 feeds the first, 42 both.

    `refuse` holds an errno by a request's name, `bits` the pixels that it knows, `told` every request so far.
    """

    def __init__(self, path):
        path.write_bytes(bytes(MEMORY_AT))
        self.path = path
        self.modes = {31: [mode(64, 48, preferred=True)], 32: []}
        self.refuse, self.bits, self.preferred = {}, (16, 32), 32
        self.told, self.dumb, self.fbs = [], {}, {}
        self.shown = 0  # the frame buffer that is on the screen
        self.events = True  # whether a flip is answered

    def ioctl(self, fd, request, argument, mutate):
        name = NAMES[request]
        self.told.append(name)
        if name in self.refuse:
            raise OSError(self.refuse[name], os.strerror(self.refuse[name]))
        getattr(self, name, lambda _fd, _argument: None)(fd, argument)
        return 0

    def capability(self, fd, wanted):
        assert wanted.id == uapi.PREFERRED_DEPTH
        wanted.value = {32: 24, 16: 16}[self.preferred]

    def resources(self, fd, info):
        self._list(info, "connectors", ctypes.c_uint32, list(self.modes))
        self._list(info, "crtcs", ctypes.c_uint32, [41, 42])

    def connector(self, fd, info):
        info.kind, info.kind_number = 11, info.id - 30
        info.connection = 1 if self.modes[info.id] else 2
        self._list(info, "modes", uapi.Mode, self.modes[info.id])
        self._list(info, "encoders", ctypes.c_uint32, [info.id + 20])

    def encoder(self, fd, info):
        info.crtc, info.possible = 0, {51: 0b11, 52: 0b10}[info.id]

    def create_dumb(self, fd, dumb):
        dumb.handle = len(self.dumb) + 1
        dumb.pitch = dumb.width * dumb.bits // 8 + 64  # rows are padded, as real cards pad them
        dumb.size = 1 << 16
        self.dumb[dumb.handle] = (dumb.width, dumb.height, dumb.bits, dumb.pitch)
        os.ftruncate(fd, MEMORY_AT + dumb.handle * dumb.size)

    def add_fb(self, fd, made):
        bits = {b"XR24": 32, b"RG16": 16}[made.format.to_bytes(4, "little")]
        if bits not in self.bits:
            raise OSError(errno.EINVAL, "no such pixels")
        width, height, of_dumb, pitch = self.dumb[made.handles[0]]
        assert (made.width, made.height, bits, made.pitches[0]) == (width, height, of_dumb, pitch)
        made.id = 60 + made.handles[0]
        self.fbs[made.id] = made.handles[0]

    def map_dumb(self, fd, place):
        place.offset = MEMORY_AT + (place.handle - 1) * (1 << 16)

    def set_crtc(self, fd, wanted):
        (connector,) = (ctypes.c_uint32 * wanted.n_connectors).from_address(wanted.connectors)
        self.shown = wanted.fb
        self.on = (connector, wanted.id, wanted.mode.width, wanted.mode.height, wanted.mode_valid)

    def flip(self, fd, wanted):
        assert wanted.fb in self.fbs
        self.shown = wanted.fb
        if self.events:
            at = os.lseek(fd, 0, os.SEEK_CUR)
            event = (uapi.FLIP_COMPLETE, 32) if wanted.flags & uapi.FLIP_EVENT else (1, 32)
            os.pwrite(fd, b"".join(word.to_bytes(4, "little") for word in (*event, *[0] * 6)), at)
            os.pwrite(fd, bytes(4096), at + 32)

    def remove_fb(self, fd, wanted):
        del self.fbs[wanted.id]

    def destroy_dumb(self, fd, wanted):
        del self.dumb[wanted.id]

    def opened(self):
        """How often this process holds the card's file, memory of it included."""
        folder, card = Path("/proc/self/fd"), str(self.path)
        return sum(os.path.realpath(entry) == card for entry in folder.iterdir())

    def screen(self):
        """What is on the screen, as bytes by row, without the padding."""
        handle = self.fbs[self.shown]
        width, height, bits, pitch = self.dumb[handle]
        data = self.path.read_bytes()[MEMORY_AT + (handle - 1) * (1 << 16) :]
        return [data[row * pitch : row * pitch + width * bits // 8] for row in range(height)]

    @staticmethod
    def _list(info, name, kind, values):
        """Answer as the kernel does: the number always, the values where there is room for all."""
        room = getattr(info, f"n_{name}")
        setattr(info, f"n_{name}", len(values))
        if room >= len(values) > 0 and getattr(info, name):
            array = (kind * len(values)).from_address(getattr(info, name))
            for at, value in enumerate(values):
                array[at] = value
