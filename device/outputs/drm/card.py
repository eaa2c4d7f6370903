"""A graphics card without a desktop: its connectors, and a screen that is drawn on in two buffers.

The library for it, `python3-kms++`, is in Raspberry Pi OS and neither in Debian nor on PyPI, so nothing built
on it could be tried on another machine; and it would be used for a dozen requests. They are made here.
"""

from __future__ import annotations

import errno
import mmap
import os
import select
from ctypes import addressof, c_uint32
from pathlib import Path
from typing import NamedTuple

import numpy as np

from device.frame import Image
from device.outputs.drm import uapi

MOST_PIXELS = 1920 * 1200  # of a mode; a larger one costs more to fill than it shows
FLIP_S = 0.5  # for the screen to show what it was handed; it takes 1/24 s at most
FORMATS = {32: "XR24", 16: "RG16"}  # by bits of a pixel
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EBUSY)


class Taken(OSError):
    """Another program, such as a desktop, draws on this card's screens."""


class Connector(NamedTuple):
    """A socket for a screen, `name` as in HDMI-A-1; `modes` are the screen's, none without one."""

    id: int
    name: str
    modes: list[uapi.Mode]
    encoders: list[int]


class Card:
    """An opened card. All calls from one thread; every one of them raises OSError when the kernel refuses."""

    def __init__(self, path: Path) -> None:
        """Raises PermissionError where this user may not open it, Taken when another program draws on it."""
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            uapi.call(self.fd, "become_master")
        except OSError as error:
            os.close(self.fd)
            if error.errno in NOT_ALLOWED:
                raise Taken(f"another program, such as a desktop, draws on {path}") from None
            raise

    def connector(self, name: str) -> Connector:
        """What is connected there now; asks the screen itself. Raises OSError where there is no such one."""
        for number in self._resources()[0]:
            found = self._connector(number)
            if found.name == name:
                return found
        raise OSError(f"there is no connector {name}")

    def _resources(self) -> tuple[list[int], list[int]]:
        """The numbers of all connectors and CRTCs."""
        info = uapi.Resources()
        uapi.call(self.fd, "resources", info)
        connectors, crtcs = (c_uint32 * info.n_connectors)(), (c_uint32 * info.n_crtcs)()
        wanted = uapi.Resources(
            connectors=addressof(connectors),
            crtcs=addressof(crtcs),
            n_connectors=len(connectors),
            n_crtcs=len(crtcs),
        )
        uapi.call(self.fd, "resources", wanted)
        return list(connectors), list(crtcs)

    def _connector(self, number: int) -> Connector:
        info = uapi.ConnectorInfo(id=number)
        uapi.call(self.fd, "connector", info)
        name = f"{uapi.CONNECTORS[info.kind]}-{info.kind_number}"
        modes, encoders = (uapi.Mode * info.n_modes)(), (c_uint32 * info.n_encoders)()
        wanted = uapi.ConnectorInfo(
            id=number,
            modes=addressof(modes),
            encoders=addressof(encoders),
            n_modes=len(modes),
            n_encoders=len(encoders),
        )
        uapi.call(self.fd, "connector", wanted)
        there = info.connection == uapi.CONNECTED
        return Connector(number, name, list(modes) if there else [], list(encoders))

    def crtc_for(self, connector: Connector) -> int:
        """The CRTC that feeds the connector, or the first that can. Raises OSError."""
        crtcs = self._resources()[1]
        encoders = []
        for number in connector.encoders:
            encoders.append(uapi.EncoderInfo(id=number))
            uapi.call(self.fd, "encoder", encoders[-1])
        used = [encoder.crtc for encoder in encoders if encoder.crtc]
        able = [crtc for bit, crtc in enumerate(crtcs) if any(one.possible >> bit & 1 for one in encoders)]
        if not used + able:
            raise OSError(f"nothing can feed {connector.name}")
        return int((used + able)[0])

    def preferred_bits(self) -> int:
        """Bits of a pixel that suit the card: 16 for small panels, or 32."""
        depth = uapi.Capability(id=uapi.PREFERRED_DEPTH)
        uapi.call(self.fd, "capability", depth)
        return 16 if depth.value == 16 else 32

    def close(self) -> None:
        """Give the card back."""
        os.close(self.fd)


class Buffer:
    """Memory that a screen can show: `pixels`, uint8 (height, width, bits / 8), BGRX or BGR565."""

    def __init__(self, card: Card, width: int, height: int, bits: int) -> None:
        """Black. Raises OSError, holding nothing, when the card has no room or does not know such pixels."""
        self._card = card
        dumb = uapi.CreateDumb(width=width, height=height, bits=bits)
        uapi.call(card.fd, "create_dumb", dumb)
        self._handle, self.id = dumb.handle, 0
        try:
            described = uapi.FrameBuffer(width=width, height=height, format=uapi.fourcc(FORMATS[bits]))
            described.handles[0], described.pitches[0] = dumb.handle, dumb.pitch
            uapi.call(card.fd, "add_fb", described)
            self.id = described.id
            place = uapi.MapDumb(handle=dumb.handle)
            uapi.call(card.fd, "map_dumb", place)
            memory = mmap.mmap(card.fd, dumb.size, offset=place.offset)
        except OSError:
            self.free()
            raise
        rows = np.frombuffer(memory, np.uint8, dumb.pitch * height).reshape(height, dumb.pitch)
        rows.fill(0)
        self.pixels: Image = rows[:, : width * bits // 8].reshape(height, width, bits // 8)

    def free(self) -> None:
        """Give it back to the card."""
        if self.id:
            uapi.call(self._card.fd, "remove_fb", uapi.Id(self.id))
        uapi.call(self._card.fd, "destroy_dumb", uapi.Id(self._handle))


class Screen:
    """One screen in its mode, drawn on by turns in two buffers; what is drawn appears whole."""

    def __init__(self, card: Card, connector: Connector) -> None:
        """Switches the screen to `best_mode`. Raises OSError, with nothing held but the card."""
        self.name = connector.name
        self.mode = best_mode(connector.modes)
        self.size = self.mode.width, self.mode.height
        self._card, self._connector = card, connector
        self._crtc = card.crtc_for(connector)
        self._buffers: list[Buffer] = []
        self._front, self._pending = 0, False
        try:
            self.bits = self._make_buffers()
            self._set_mode()
        except OSError:
            self._free()
            raise

    def _make_buffers(self) -> int:
        """Two of them, of the pixels that suit the card, or else of the other kind; the bits of a pixel."""
        first = self._card.preferred_bits()
        for bits in (first, 48 - first):  # 16 and 32
            try:
                self._buffers.append(Buffer(self._card, *self.size, bits))
                self._buffers.append(Buffer(self._card, *self.size, bits))
                return bits
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOENT, errno.ENOTSUP) or self._buffers:
                    raise
        raise OSError(errno.ENOTSUP, f"{self.name} shows neither {FORMATS[32]} nor {FORMATS[16]}")

    def _set_mode(self) -> None:
        connectors = (c_uint32 * 1)(self._connector.id)
        uapi.call(
            self._card.fd,
            "set_crtc",
            uapi.Crtc(
                connectors=addressof(connectors),
                n_connectors=1,
                id=self._crtc,
                fb=self._buffers[self._front].id,
                mode_valid=1,
                mode=self.mode,
            ),
        )

    def back(self) -> Image:
        """The buffer to draw the next picture into; waits until the screen has left it."""
        self._finish_flip()
        return self._buffers[1 - self._front].pixels

    def put(self) -> None:
        """Show what was drawn from the screen's next frame on. Raises OSError when the screen has gone."""
        back = 1 - self._front
        flip = uapi.Flip(crtc=self._crtc, fb=self._buffers[back].id, flags=uapi.FLIP_EVENT)
        uapi.call(self._card.fd, "flip", flip)
        self._front, self._pending = back, True

    def _finish_flip(self) -> None:
        """Raises TimeoutError when the screen does not show what it was handed."""
        while self._pending:
            if not select.select([self._card.fd], [], [], FLIP_S)[0]:
                raise TimeoutError(f"{self.name} does not take the picture")
            events = os.read(self._card.fd, 4096)
            while len(events) >= 8:
                kind, length = (int.from_bytes(events[at : at + 4], "little") for at in (0, 4))
                self._pending &= kind != uapi.FLIP_COMPLETE
                events = events[max(length, 8) :]

    def has_changed(self) -> bool:
        """Whether another mode would be set now; asks the screen itself."""
        modes = self._card.connector(self.name).modes
        return not modes or bytes(best_mode(modes)) != bytes(self.mode)

    def close(self) -> None:
        """Give the buffers and the card back; the kernel shows its console again."""
        try:
            self._free()
        finally:
            self._card.close()

    def _free(self) -> None:
        for buffer in self._buffers:
            buffer.free()
        self._buffers.clear()


def open_screen(path: Path, name: str) -> Screen | None:
    """The screen in the socket `name` of the card at `path`; None when it has just gone.

    Raises OSError, with nothing held; PermissionError and Taken are those of `Card`.
    """
    card = Card(path)
    try:
        connector = card.connector(name)
        if connector.modes:
            return Screen(card, connector)
    except OSError:
        card.close()
        raise
    card.close()
    return None


def best_mode(modes: list[uapi.Mode]) -> uapi.Mode:
    """The mode that the screen prefers; where that has too many pixels the largest that has not.

    Raises OSError when there is none.
    """
    fitting = [mode for mode in modes if mode.width * mode.height <= MOST_PIXELS]
    if not fitting:
        raise OSError(f"no mode of at most {MOST_PIXELS / 1e6:.1f} million pixels")
    preferred = [mode for mode in fitting if mode.type & uapi.PREFERRED_MODE]
    whole = [mode for mode in fitting if not mode.flags & uapi.INTERLACED]
    return max(
        preferred[:1] or whole or fitting, key=lambda mode: (mode.width * mode.height, -abs(60 - mode.hz))
    )
