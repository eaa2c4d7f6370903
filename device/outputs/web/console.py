"""`/device`: how the kiosk is, for the technician, and the settings that may change meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from device.audience.telemetry import ORDERS, Telemetry
from device.audience.totals import bands, between
from device.errors import ConfigError
from device.outputs.web.answers import refused, unless_json


class Console:
    """The answers behind the page's tables, chart and form."""

    def __init__(self, telemetry: Telemetry, health: Callable[[], dict[str, Any]]) -> None:
        """`health` as for `/health`."""
        self._telemetry, self._health, self._live = telemetry, health, telemetry.live

    def routes(self) -> list[Route]:
        """Where each answer is given."""
        return [
            Route("/device.json", self._device),
            Route("/settings.json", self._settings),
            Route("/settings.json", self._change, methods=["POST"]),
            Route("/guide.json", self._order, methods=["POST"]),
        ]

    async def _device(self, request: Request) -> Response:
        telemetry = self._telemetry
        return JSONResponse(
            {
                "health": self._health(),
                "stages": {name: dict(row) for name, row in telemetry.stages().items()},
                "lost": dict(telemetry.lost()),
                "hour": hour(telemetry),
            }
        )

    async def _settings(self, request: Request) -> Response:
        return JSONResponse([field._asdict() for field in self._live.fields()])

    async def _change(self, request: Request) -> Response:
        if refusal := unless_json(request):
            return refusal
        try:
            asked = json.loads(await request.body())
            name, value = str(asked["name"]), asked["value"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return refused(400, 'Send {"name": "overlay.language", "value": "de"}.')
        try:
            self._live.change(name, value)
        except ConfigError as error:
            return refused(400, str(error))
        return await self._settings(request)

    async def _order(self, request: Request) -> Response:
        if refusal := unless_json(request):
            return refusal
        try:
            word = json.loads(await request.body())["do"]
        except (ValueError, RecursionError, KeyError, TypeError):
            word = None
        if word not in ORDERS:
            return refused(400, f'Send {{"do": "{ORDERS[0]}"}}, or one of {", ".join(ORDERS)}.')
        guide = self._telemetry.guide()
        if guide is None:
            return refused(409, "No field test is going on.")
        guide.order(word)
        return JSONResponse(dict(guide.state))


def hour(telemetry: Telemetry) -> dict[str, Any]:
    """People by band in each finished minute of the last hour; null where they were too few to be told."""
    minutes = []
    for before, after in pairwise(telemetry.audience.minutes):
        counts = [round(n) for n in bands(between(before.mark, after.mark))]
        minutes.append(None if telemetry.messages.holds_back(sum(counts)) else counts)
    return {"bands": list(telemetry.audience.labels), "minutes": minutes}
