"""Lets the server's coroutines wait for the feed, and counts the answers that have no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from device.outputs.web.feed import Feed

PATIENCE_S = 2.0  # without news for so long, something is sent to see whether the viewer is still there


class Live:
    """The feed as seen from the server's event loop; all calls come from there."""

    def __init__(self, feed: Feed, streams: int) -> None:
        """At most `streams` endless answers at once."""
        self.feed = feed
        self._free = streams
        self._changed: dict[str, asyncio.Event] = {}

    def attach(self) -> None:
        """Listen to the feed, in the running event loop."""
        loop = asyncio.get_running_loop()
        self._changed = {kind: asyncio.Event() for kind in ("picture", "people")}

        def on_news(kind: str) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._wake, kind)

        self.feed.on_news = on_news

    def _wake(self, kind: str) -> None:
        self._changed[kind].set()
        self._changed[kind] = asyncio.Event()

    @contextmanager
    def streaming(self) -> Iterator[bool]:
        """Whether there is room for one more endless answer, which is taken for as long as this lasts."""
        room = self._free > 0
        self._free -= room
        try:
            yield room
        finally:
            self._free += room

    async def after(self, kind: str, number: int) -> tuple[int, bytes] | None:
        """The newest (number, data) later than `number`; None when none came within PATIENCE_S."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    changed = self._changed[kind]
                    news = self.feed.after(kind, number, 0.0)
                    if news or self.feed.closed:
                        return news
                    await changed.wait()
        return None

    async def next(self, kind: str) -> bytes | None:
        """One picture, or one list of people, made for whoever asks; None when no frame came in time."""
        with self.feed.watching(kind):
            news = await self.after(kind, self.feed.newest(kind))
        return news[1] if news else None

    async def pictures(self) -> AsyncIterator[bytes]:
        """Each picture with the mark of the next at once: browsers show one only when they see its end."""
        number, picture = self.feed.newest("picture"), b""
        yield b"--frame\r\n"
        with self.feed.watching("picture"):
            while not self.feed.closed:
                number, picture = await self.after("picture", number) or (number, picture)
                if len(picture):
                    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
                    yield b"".join((head, picture, b"\r\n--frame\r\n"))

    async def people(self) -> AsyncIterator[bytes]:
        """Each list as an event of the stream; a comment where there is no news for a while."""
        number = self.feed.newest("people")
        with self.feed.watching("people"):
            while not self.feed.closed:
                news = await self.after("people", number)
                yield b"data: " + news[1] + b"\n\n" if news else b": still here\n\n"
                number = news[0] if news else number


class Stream(Response):
    """An answer without end. What is newest is asked for only when the viewer has taken the last."""

    def __init__(self, live: Live, kind: str, media_type: str) -> None:
        """`kind` is "pictures" or "people"."""
        self._live, self._kind = live, kind
        self.init_headers({"Content-Type": media_type})  # and no length: it has none

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the viewer leaves or the feed ends. HTTPException when too many watch already."""
        with self._live.streaming() as room:
            if not room:
                raise HTTPException(503, "As many watch as web.viewers allows. Try again in a while.")
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                scope["state"]["connection"].go_live()
                await self._send_all(scope, send)
            await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, scope: Scope, send: Send) -> None:
        connection, flow = scope["state"]["connection"], scope["state"]["flow"]
        chunks = self._live.pictures() if self._kind == "pictures" else self._live.people()
        try:
            async for chunk in chunks:
                if connection.gone:
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await flow.drain()
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]
