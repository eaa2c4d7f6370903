"""The web server: bounded numbers of connections and streams, and a time limit on every wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import HTTPServer
from socketserver import TCPServer, ThreadingMixIn

from device.outputs.web.access import Access
from device.outputs.web.feed import Feed
from device.outputs.web.handler import Handler

STREAMS = 2  # of a page: the picture, and the list of people
SPARE = 8  # connections kept for short requests, such as the parts of a page
EXCHANGE_S = 10.0  # in which a request must be sent and answered, unless the answer is live
SEND_BYTES = 256 * 1024  # the kernel's buffer of a connection: more would only make a slow viewer late
FULL_TEXT = b"Too many viewers at once. Try again in a while.\n"
FULL = (
    b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n" % len(FULL_TEXT)
) + FULL_TEXT


class Server(ThreadingMixIn, HTTPServer):
    """Serves `feed` to at most `viewers` pages at once, to those whom `access` lets in."""

    daemon_threads = True
    request_queue_size = 16
    allow_reuse_port = False  # a second program on our port must be an error, not a lottery

    def __init__(self, address: tuple[str, int], feed: Feed, access: Access, viewers: int) -> None:
        """Raises OSError when the address cannot be had."""
        self.feed = feed
        self.access = access
        self._free = threading.BoundedSemaphore(viewers * STREAMS + SPARE)
        self._streams = threading.BoundedSemaphore(viewers * STREAMS)
        self._deadlines: dict[socket.socket, float] = {}  # of exchanges, monotonic seconds
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of a domain name, which may hang on a broken network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request: socket.socket, client_address) -> None:
        """Start a thread for the connection, or turn it away when all are in use."""
        if not self._free.acquire(blocking=False):
            request.settimeout(0.5)
            with suppress(OSError):
                request.sendall(FULL)
            self.shutdown_request(request)
            return
        request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        with self._lock:
            self._open.add(request)
            self._deadlines[request] = time.monotonic() + EXCHANGE_S
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket, client_address) -> None:
        """Handle the connection, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)
                self._deadlines.pop(request, None)
            self._free.release()

    @contextmanager
    def streaming(self, request: socket.socket) -> Iterator[bool]:
        """Whether there is room for one more live answer; in one, only each single send has a time limit."""
        room = self._streams.acquire(blocking=False)
        if room:
            with self._lock:
                self._deadlines.pop(request, None)
        try:
            yield room
        finally:
            if room:
                self._streams.release()

    def service_actions(self) -> None:
        """A few times a second: hang up on exchanges that take too long."""
        now = time.monotonic()
        with self._lock:
            late = [request for request, deadline in self._deadlines.items() if now > deadline]
        for request in late:
            _hang_up(request)

    def handle_error(self, request, client_address) -> None:
        """A viewer that goes away is nothing to report."""

    def stop(self) -> None:
        """Free the port and hang up on everybody."""
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._open)
        for request in connections:
            _hang_up(request)


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)
