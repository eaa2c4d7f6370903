"""`/api/v1/events`: server-sent events, made anew for each client from what the audience publishes.

There is no queue: a client has a number, that of the last event it took, and gets what came after. So a slow
one costs nothing, and is hung up on by the connection's own time limit.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from device.audience.messages import Message
from device.audience.telemetry import Telemetry

MODES = ("periodic", "final", "aggregate")
CLIENTS = 8  # streams at once
TICK_S = 0.2  # between two looks for news: as often as there is any
PERIODIC_S = 1.0  # without a change; with one, at once
COMMENT_S = 15.0  # without an event, a comment, so that proxies and clients know the stream alive
START = secrets.token_hex(4)  # numbers begin anew with each start of the program; its events' ids say so


class Places:
    """Room for CLIENTS streams."""

    def __init__(self) -> None:
        self.free = CLIENTS


class EventStream(Response):
    """An answer without end."""

    def __init__(
        self, telemetry: Telemetry, mode: str, last_id: str, places: Places, closed: Callable[[], bool]
    ) -> None:
        """`mode` is one of MODES, `last_id` what the client says it took last ("" for nothing)."""
        self._audience, self._messages = telemetry.audience, telemetry.messages
        self._places, self._closed = places, closed
        self._news = {"periodic": self._periodic, "final": self._final, "aggregate": self._aggregate}[mode]
        self._number = self._number_of(last_id, mode)
        self._changes, self._sent_at = -1, 0.0
        self.init_headers({"Content-Type": "text/event-stream"})

    def _number_of(self, last_id: str, mode: str) -> int:
        """The number to go on from: the client's own, else of what is newest, or 0 after another start."""
        start, _, number = last_id[:40].partition("-")
        if last_id:
            return int(number) if start == START and number.isdecimal() else 0
        if mode == "final":
            return self._audience.visits[-1].number if self._audience.visits else 0
        return self._audience.minutes[-1].number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client leaves or the server ends. HTTPException when too many listen already."""
        if not self._places.free:
            raise HTTPException(503, f"{CLIENTS} clients take events already. Try again in a while.")
        self._places.free -= 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                scope["state"]["connection"].go_live()
                await self._send_all(scope, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._places.free += 1

    async def _send_all(self, scope: Scope, send: Send) -> None:
        connection, flow = scope["state"]["connection"], scope["state"]["flow"]
        async for chunk in self._chunks():
            if connection.gone:
                return
            if chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await flow.drain()

    async def _chunks(self) -> AsyncIterator[bytes]:
        """What there is to send, an empty piece each TICK_S without any."""
        last = time.monotonic()
        while not self._closed():
            chunk = b"".join(self._news())
            if not chunk and time.monotonic() - last >= COMMENT_S:
                chunk = b": still here\n\n"
            if chunk:
                last = time.monotonic()
            yield chunk
            await asyncio.sleep(TICK_S)

    def _periodic(self) -> Iterator[bytes]:
        snapshot, now = self._audience.snapshot, time.monotonic()
        if snapshot.changes != self._changes or now - self._sent_at >= PERIODIC_S:
            self._changes, self._sent_at = snapshot.changes, now
            yield _event(snapshot.number, self._messages.now(snapshot))

    def _final(self) -> Iterator[bytes]:
        for visit in self._audience.visits:
            if visit.number > self._number:
                self._number = visit.number
                yield _event(visit.number, self._messages.visit(visit))

    def _aggregate(self) -> Iterator[bytes]:
        for minute in self._audience.minutes:
            if minute.number > self._number:
                self._number = minute.number
                message = self._messages.minute(minute.number)
                if message is not None:
                    yield _event(minute.number, message)


def _event(number: int, message: Message) -> bytes:
    return f"id: {START}-{number}\ndata: {json.dumps(message)}\n\n".encode("ascii")
