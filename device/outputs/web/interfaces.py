"""The routes for other programs, each loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import Route

from device.audience.telemetry import Telemetry
from device.config.schema import Settings


def routes(
    settings: Settings,
    telemetry: Telemetry | None,
    health: Callable[[], dict[str, Any]],
    closed: Callable[[], bool],
    refused: Callable[[], int],
) -> list[Route]:
    """The technician's page, and those that `settings` ask for.

    `closed()` tells whether the server ends, `refused()` how many requests it refused.
    """
    if telemetry is None:
        return []
    from device.outputs.web.console import Console

    found = Console(telemetry, health).routes()
    if settings.api.enabled:
        from device.outputs.web.api import Api

        found += Api(telemetry, closed).routes()
    if settings.metrics.enabled:
        from device.outputs.web.metrics import Metrics

        found += Metrics(telemetry, health, refused).routes()
    return found
