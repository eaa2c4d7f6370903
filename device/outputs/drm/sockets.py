"""Which of the machine's sockets have a screen, as the kernel tells in /sys, and when that changes."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import NamedTuple

SYSFS = Path("/sys/class/drm")
KERNEL_EVENTS = 15  # NETLINK_KOBJECT_UEVENT, which Python does not name


class Socket(NamedTuple):
    """`card` is its file's name in /dev/dri, `name` as in HDMI-A-1."""

    card: str
    name: str


def connected(sysfs: Path = SYSFS) -> list[Socket]:
    """Those with a screen in them, in the order of their names; none where the kernel knows no card."""
    found = []
    for status in sorted(sysfs.glob("card*-*/status")):
        with contextlib.suppress(OSError):  # a card may go while its folder is read
            if status.read_text().strip() == "connected":
                card, _, name = status.parent.name.partition("-")
                found.append(Socket(card, name))
    return found


def known(sysfs: Path = SYSFS) -> list[str]:
    """The names of all sockets, with or without a screen."""
    return sorted({path.parent.name.partition("-")[2] for path in sysfs.glob("card*-*/status")})


class Changes:
    """Hears from the kernel that something about the screens changed, such as a screen of another size.

    Where it may not listen (a service's sandbox) it hears nothing, and /sys has to be asked now and then.
    """

    def __init__(self) -> None:
        self._events: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, KERNEL_EVENTS)
            self._events.setblocking(False)
            self._events.bind((0, 1))

    def any(self) -> bool:
        """Whether there were any since the last call; does not wait."""
        heard = False
        while self._events is not None:
            try:
                heard |= b"SUBSYSTEM=drm\0" in self._events.recv(8192)
            except BlockingIOError:
                break
            except OSError:  # more than the kernel keeps for a slow reader: something surely changed
                return True
        return heard

    def close(self) -> None:
        """Hear no more."""
        if self._events is not None:
            self._events.close()
