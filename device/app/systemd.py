"""What systemd is told: that the kiosk is ready, that it lives, how it does, and that it stops.

A message is one datagram to the socket that systemd names in NOTIFY_SOCKET, sent without waiting: one that is
not taken at once is dropped, and the next round of the loop says it again. Without that name nothing is sent.

Ready is the kiosk once the first frame was shown, or once the camera said that it gives none: a unit that was
ended at its start for want of a camera would be started again and again, and no camera is plugged in by that.
Until there is one the picture says so, and the camera's own retries go on (`camera/reconnecting.py`).

It lives, and WATCHDOG=1 says so, while the loop turns and `Health.alive`: frames come and the vision is done
with them in time, or the camera said itself that it failed and is being opened again. A camera that neither
gives frames nor fails, a vision that does not come back and a loop that stands still are no life: systemd
ends the process 30 s later. /health is stricter: without results of real frames it is "down" in each of these
cases.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

BEATS = 4  # in the time after which systemd takes the process for dead


class Notifier:
    """Sends to `address` (a path, or @name for the abstract space; None sends nothing), and never waits.

    `watchdog_s` is how long systemd waits for a sign of life; 0 when it does not.
    """

    def __init__(self, address: str | None, watchdog_s: float = 0.0):
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        self._pause = watchdog_s / BEATS
        self._beat_at: float | None = None  # None: nobody waits for a beat
        if watchdog_s:
            self._beat_at = 0.0
        self._ready = False
        self._status = ""
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """As systemd asks for it: NOTIFY_SOCKET, and WATCHDOG_USEC when WATCHDOG_PID is this process."""
        address = environ.get("NOTIFY_SOCKET")
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        asked = environ.get("WATCHDOG_USEC", "")
        return cls(address or None, int(asked) / 1e6 if mine and asked.isdecimal() else 0.0)

    def poll(self, now: float, ready: bool, alive: bool, status: str) -> None:
        """Called by the loop at least every 0.2 s; `now` is monotonic, in seconds, `status` a line."""
        if ready and not self._ready:
            self._ready = self._send("READY=1")
        if status != self._status and self._send(f"STATUS={status}"):
            self._status = status
        if alive and self._beat_at is not None and now >= self._beat_at and self._send("WATCHDOG=1"):
            self._beat_at = now + self._pause

    def close(self) -> None:
        """The process stops: say so, and say no more."""
        self._send("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _send(self, message: str) -> bool:
        """Whether the message was taken, or there is nobody to take any."""
        if self._socket is None or self._address is None:
            return True
        try:
            self._socket.sendto(message.encode("utf-8", "replace"), self._address)
        except OSError:  # full, or gone for a moment: said again at the next round
            return False
        return True
