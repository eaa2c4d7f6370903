"""Places for connections, bounded in all and for each client, given back by those who keep others waiting."""

from __future__ import annotations

import math
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from device.outputs.web.access import is_loopback

SPARE = 16  # connections beside the live ones: for short requests, such as the parts of a page
PER_CLIENT = 12  # of one address that is not this machine: two pages and what belongs to them
REQUEST_S = 10.0  # in which a request must have arrived whole
EXCHANGE_S = 10.0  # in which it must be answered, unless the answer is live
SEND_S = 5.0  # in which a slow viewer must take what was sent
SEND_BYTES = 256 * 1024  # the kernel's buffer of a connection: more would only make a slow viewer late
BACKLOG = 256  # that have not been accepted yet; one more would try again after a second
FULL_TEXT = b"Too many viewers at once. Try again in a while.\n"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(FULL_TEXT)
) + FULL_TEXT


@dataclass(slots=True, eq=False)
class Connection:
    """One open connection: whose it is, whether we wait for its request, and when our patience ends."""

    socket: socket.socket
    client: str
    deadline: float  # monotonic seconds
    waiting: bool = True  # no whole request is here that we owe an answer to
    live: bool = False  # the answer goes on for as long as the viewer watches
    dropped: bool = False

    @property
    def gone(self) -> bool:
        """Whether nothing that is sent can arrive any more."""
        return self.dropped or self.socket.fileno() < 0

    def expect_request(self) -> None:
        """From now on we wait for a request, and a newcomer may have this place."""
        self.waiting, self.live = True, False
        self.deadline = time.monotonic() + REQUEST_S

    def answer(self) -> None:
        """From now on we owe an answer."""
        self.waiting = False
        self.deadline = time.monotonic() + EXCHANGE_S

    def go_live(self) -> None:
        """The answer has no end: from now on only each single send has a time limit."""
        self.live, self.deadline = True, math.inf

    def stalled(self, is_stalled: bool) -> None:
        """The viewer takes nothing more, or does again."""
        if is_stalled:
            self.deadline = time.monotonic() + SEND_S
        else:
            self.deadline = math.inf if self.live else time.monotonic() + EXCHANGE_S

    def drop(self) -> None:
        """Hang up; the server notices, and frees the rest."""
        self.dropped = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Listener(socket.socket):
    """The listening socket. It limits at `accept`, so that a TLS greeting that never ends counts, too.

    Where all places are taken, the connection that has kept us waiting longest for its request makes room:
    slow clients can be as many as they like, and one that asks at once is answered.
    """

    def __init__(self, address: tuple[str, int], live: int) -> None:
        """Listen on (host, port), with room for `live` endless answers. Raises OSError if it is taken."""
        super().__init__(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.limit = live + SPARE
        self.refused = 0  # connections without a place, and requests that were none
        self._connections: dict[int, Connection] = {}  # by descriptor
        try:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(address)
            self.listen(BACKLOG)
        except BaseException:
            self.close()
            raise

    def accept(self) -> tuple[socket.socket, Any]:
        """As `socket.accept`; raises ConnectionAbortedError for a connection that there is no room for."""
        accepted, address = super().accept()
        client = str(address[0])
        if not self._make_room(client):
            self.refused += 1
            with suppress(OSError):
                accepted.recv(4096, socket.MSG_DONTWAIT)  # unread, it would make the answer be lost
            with suppress(OSError):
                accepted.send(FULL, socket.MSG_DONTWAIT)
            accepted.close()
            raise ConnectionAbortedError
        with suppress(OSError):
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        connection = Connection(accepted, client, time.monotonic() + REQUEST_S)
        self._connections[accepted.fileno()] = connection
        return accepted, address

    def connection(self, descriptor: int) -> Connection:
        """The connection accepted with this descriptor."""
        return self._connections[descriptor]

    def connections(self) -> list[Connection]:
        """Those that are open, the oldest first."""
        items = self._connections.items()
        self._connections = {number: one for number, one in items if one.socket.fileno() == number}
        return [one for one in self._connections.values() if not one.dropped]

    def drop_late(self) -> None:
        """Hang up on those whose time is over; to be called now and then."""
        now = time.monotonic()
        for connection in self.connections():
            if now > connection.deadline:
                connection.drop()

    def _make_room(self, client: str) -> bool:
        """Whether there is room for one more of `client`, if need be in the place of one that waits."""
        rivals = self.connections()
        same = [one for one in rivals if one.client == client]
        if len(same) >= PER_CLIENT and not is_loopback(client):  # a proxy on this machine speaks for many
            rivals = same
        elif len(rivals) < self.limit:
            return True
        slowest = next((one for one in rivals if one.waiting), None)
        if slowest:
            slowest.drop()
        return slowest is not None
