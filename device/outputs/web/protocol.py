"""HTTP on one connection, as uvicorn speaks it, with a bound on what is taken in of a request."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from device.outputs.web.connections import Connection, Listener

HEAD_BYTES = 8 * 1024  # of a request: its first line and headers
BODY_BYTES = 16 * 1024
LINES = 128  # of a request; each header costs some hundred bytes, however short it is
PIECE = 1024  # h11 looks at its limit once for each delivery, so it gets small ones
LINGER_S = 1.0  # a refused client is heard out for so long; hung up on at once, it would not see the answer
REFUSALS = {
    400: b"400 Bad Request. This is no HTTP request.\n",
    431: b"431 Request Header Fields Too Large. A request may have 8 KiB, 128 lines and 16 KiB of content.\n",
}


class PageConfig(Config):
    """uvicorn's configuration, and the listening socket, which knows the connections."""

    listener: Listener


class Protocol(H11Protocol):
    """One connection. Nothing beyond the limits is kept, and whoever sends it is told 431 and hung up on."""

    connection: Connection
    config: PageConfig

    def __init__(
        self,
        config: PageConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bytes = self._lines = 0  # of the request that is arriving
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The connection is open, and greeted where it is TLS."""
        super().connection_made(transport)
        self.connection = self.config.listener.connection(transport.get_extra_info("socket").fileno())
        # The application waits on these; nothing of it leads back here, so that all is freed at once.
        self.app_state = {"connection": self.connection, "flow": self.flow}

    def data_received(self, data: bytes) -> None:
        """Take in what arrived, as far as a request may go."""
        for start in range(0, len(data), PIECE):
            if self._refused or self.transport.is_closing():
                return
            piece = data[start : start + PIECE]
            self._bytes += len(piece)
            self._lines += piece.count(b"\n")
            if self._bytes > HEAD_BYTES + BODY_BYTES or self._lines > LINES:
                self._refuse(431)
                return
            super().data_received(piece)
        self._update()

    def on_response_complete(self) -> None:
        """The answer is out; the next request may come."""
        self._bytes = self._lines = 0
        super().on_response_complete()
        self._update()

    def send_400_response(self, msg: str) -> None:
        """What h11 could not read, or only with more than HEAD_BYTES, is refused as everything else is."""
        self._refuse(431 if self._bytes > HEAD_BYTES - PIECE else 400)

    def pause_writing(self) -> None:
        """The viewer is slow: stop making more for it, and give it a time limit."""
        super().pause_writing()
        self.connection.stalled(True)

    def resume_writing(self) -> None:
        """The viewer took what was sent."""
        super().resume_writing()
        self.connection.stalled(False)

    def _update(self) -> None:
        """Tell the connection whether we wait for its request or owe it an answer."""
        if self._refused:
            return
        cycle = self.cycle
        waits = cycle is None or cycle.response_complete or cycle.more_body
        if waits and not self.connection.waiting:
            self.connection.expect_request()
        elif not waits and self.connection.waiting:
            self.connection.answer()

    def _refuse(self, status: int) -> None:
        """Answer, if no other answer has begun; whatever else comes is thrown away until we hang up."""
        self._refused = True
        self.config.listener.refused += 1
        self._unset_keepalive_if_required()
        if self.cycle is not None and not self.cycle.response_complete:
            if self.cycle.response_started:
                self.transport.abort()
                return
            self.cycle.disconnected = True  # nothing that the application says reaches the client any more
            self.cycle.message_event.set()
        text = REFUSALS[status]
        head = f"HTTP/1.1 {text[: text.index(b'.')].decode()}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        head += f"Connection: close\r\nContent-Length: {len(text)}\r\n\r\n"
        self.transport.write(head.encode("ascii") + text)
        self.connection.waiting = True
        self.connection.deadline = time.monotonic() + LINGER_S
