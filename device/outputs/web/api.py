"""`/api/v1/…`: the audience now, as a stream of events, and while a piece of content was shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from device.audience.plays import LONGEST_S, OPEN, Plays, TooManyPlays
from device.audience.telemetry import Telemetry
from device.outputs.web.answers import refused, unless_json
from device.outputs.web.event_stream import MODES, EventStream, Places

LONGEST_CONTENT = 200  # characters of a content's name


class Api:
    """The answers, all of them from snapshots: nobody who asks holds up the loop."""

    def __init__(self, telemetry: Telemetry, closed: Callable[[], bool]) -> None:
        """`closed()` tells the streams that the server ends."""
        self._telemetry, self._closed = telemetry, closed
        self._plays = Plays(telemetry.audience, telemetry.messages)
        self._places = Places()

    def routes(self) -> list[Route]:
        """Where each answer is given."""
        return [
            Route("/api/v1/now", self._now),
            Route("/api/v1/events", self._events),
            Route("/api/v1/play", self._start, methods=["POST"]),
            Route("/api/v1/play/{name}/end", self._end, methods=["POST"]),
        ]

    async def _now(self, request: Request) -> Response:
        telemetry = self._telemetry
        return JSONResponse(telemetry.messages.now(telemetry.audience.snapshot))

    async def _events(self, request: Request) -> Response:
        mode = request.query_params.get("mode", "periodic")
        if mode not in MODES:
            return refused(400, f"There is ?mode={'|'.join(MODES)}.")
        if mode == "final" and not self._telemetry.messages.single_visits:
            return refused(403, "Single visits are held back (api.min_people); take ?mode=aggregate.")
        last = request.headers.get("last-event-id", "")
        return EventStream(self._telemetry, mode, last, self._places, self._closed)

    async def _start(self, request: Request) -> Response:
        if refusal := unless_json(request):
            return refusal
        content = _content(await request.body())
        if content is None:
            return refused(400, f'Send {{"content": "a name of 1 to {LONGEST_CONTENT} characters"}}.')
        try:
            return JSONResponse(self._plays.start(content), 201)
        except TooManyPlays:
            return refused(409, f"{OPEN} plays are open; end some first.")

    async def _end(self, request: Request) -> Response:
        ended = self._plays.end(request.path_params["name"])
        if ended is None:
            return refused(404, f"No such play is open, or it began over {LONGEST_S:.0f} s ago.")
        return JSONResponse(ended)


def _content(body: bytes) -> str | None:
    """The name of what is shown, from the request's body; None where it is not what it should be."""
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    content = asked.get("content") if isinstance(asked, dict) else None
    fits = isinstance(content, str) and 1 <= len(content) <= LONGEST_CONTENT and content.isprintable()
    return content if fits else None
