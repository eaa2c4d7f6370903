"""The kernel's interface to screens, as far as it is used: requests and structures of drm.h and drm_mode.h.

They are the same on 32 and 64 bits and never change: the kernel keeps what programs use.
"""

from __future__ import annotations

import ctypes
import fcntl
from ctypes import c_char, c_uint16, c_uint32, c_uint64

CONNECTED = 1
PREFERRED_MODE = 1 << 3  # of Mode.type
INTERLACED = 1 << 4  # of Mode.flags
FLIP_EVENT, FLIP_COMPLETE = 1, 2  # asked for with a flip; the type of the event that says it is done
DUMB_BUFFER, PREFERRED_DEPTH = 1, 3  # capabilities
CONNECTORS = (
    "Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP",
    "HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB",
)  # fmt: skip


class Mode(ctypes.Structure):
    """drm_mode_modeinfo: a size and its timings."""

    _fields_ = (
        ("clock", c_uint32),
        ("width", c_uint16),
        ("horizontal", c_uint16 * 4),
        ("height", c_uint16),
        ("vertical", c_uint16 * 4),
        ("hz", c_uint32),
        ("flags", c_uint32),
        ("type", c_uint32),
        ("name", c_char * 32),
    )


class Resources(ctypes.Structure):
    """drm_mode_card_res."""

    _fields_ = (
        *((name, c_uint64) for name in ("fbs", "crtcs", "connectors", "encoders")),
        *((f"n_{name}", c_uint32) for name in ("fbs", "crtcs", "connectors", "encoders")),
        ("bounds", c_uint32 * 4),
    )


class ConnectorInfo(ctypes.Structure):
    """drm_mode_get_connector."""

    _fields_ = (
        *((name, c_uint64) for name in ("encoders", "modes", "properties", "values")),
        *((f"n_{name}", c_uint32) for name in ("modes", "properties", "encoders")),
        *((name, c_uint32) for name in ("encoder", "id", "kind", "kind_number", "connection")),
        ("rest", c_uint32 * 4),
    )


class EncoderInfo(ctypes.Structure):
    """drm_mode_get_encoder; `possible` has a bit for each CRTC, in the order of the resources."""

    _fields_ = tuple((name, c_uint32) for name in ("id", "kind", "crtc", "possible", "clones"))


class Crtc(ctypes.Structure):
    """drm_mode_crtc."""

    _fields_ = (
        ("connectors", c_uint64),
        *((name, c_uint32) for name in ("n_connectors", "id", "fb", "x", "y", "gamma", "mode_valid")),
        ("mode", Mode),
    )


class Flip(ctypes.Structure):
    """drm_mode_crtc_page_flip."""

    _fields_ = (*((name, c_uint32) for name in ("crtc", "fb", "flags", "rest")), ("data", c_uint64))


class CreateDumb(ctypes.Structure):
    """drm_mode_create_dumb."""

    _fields_ = (
        *((name, c_uint32) for name in ("height", "width", "bits", "flags", "handle", "pitch")),
        ("size", c_uint64),
    )


class MapDumb(ctypes.Structure):
    """drm_mode_map_dumb."""

    _fields_ = (("handle", c_uint32), ("rest", c_uint32), ("offset", c_uint64))


class Id(ctypes.Structure):
    """What is asked for with one number: drm_mode_destroy_dumb, and a frame buffer's removal."""

    _fields_ = (("id", c_uint32),)


class FrameBuffer(ctypes.Structure):
    """drm_mode_fb_cmd2."""

    _fields_ = (
        *((name, c_uint32) for name in ("id", "width", "height", "format", "flags")),
        *((name, c_uint32 * 4) for name in ("handles", "pitches", "offsets")),
        ("modifiers", c_uint64 * 4),
    )


class Capability(ctypes.Structure):
    """drm_get_cap."""

    _fields_ = (("id", c_uint64), ("value", c_uint64))


class Nothing(ctypes.Structure):
    """For requests without a structure."""

    _fields_ = ()


# The number of each request; the structure is the other part of it.
NUMBERS: dict[str, tuple[int, type[ctypes.Structure]]] = {
    "capability": (0x0C, Capability),
    "become_master": (0x1E, Nothing),
    "resources": (0xA0, Resources),
    "set_crtc": (0xA2, Crtc),
    "encoder": (0xA6, EncoderInfo),
    "connector": (0xA7, ConnectorInfo),
    "remove_fb": (0xAF, Id),
    "flip": (0xB0, Flip),
    "create_dumb": (0xB2, CreateDumb),
    "map_dumb": (0xB3, MapDumb),
    "destroy_dumb": (0xB4, Id),
    "add_fb": (0xB8, FrameBuffer),
}


def request_of(name: str) -> int:
    """The request's code: direction, size of its structure, the letter of DRM, and its number."""
    number, structure = NUMBERS[name]
    size = ctypes.sizeof(structure)
    direction = 3 if size else 0  # read and written, or nothing is handed over
    return direction << 30 | size << 16 | ord("d") << 8 | number


def call(fd: int, name: str, argument: ctypes.Structure | None = None) -> None:
    """Ask the kernel, again where a signal came between. `argument` is filled in. Raises OSError."""
    while True:
        try:
            fcntl.ioctl(fd, request_of(name), 0 if argument is None else argument, True)
            return
        except (InterruptedError, BlockingIOError):
            continue


def fourcc(text: str) -> int:
    """A pixel format's number, as in `XR24`."""
    return int.from_bytes(text.encode("ascii"), "little")
