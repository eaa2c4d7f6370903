"""What the interfaces are told by the rest of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from device.audience.audience import Audience
from device.audience.messages import Messages
from device.config.live import LiveSettings

Stages = Mapping[str, Mapping[str, float]]


class Guided(Protocol):
    """A test that somebody is led through, as the page shows it."""

    state: Mapping[str, Any]  # replaced as a whole whenever it changes

    def order(self, word: str) -> None:
        """Ask for one of `ORDERS`; it is heard with the next frame."""


ORDERS = ("now", "again")  # begin the step at once; do the last one again


class Telemetry(NamedTuple):
    """May be asked from any thread.

    `stages()` are milliseconds by stage and percentile, `lost()` counts, by its name, what did not reach
    whom it was for; `live` are the settings that may change meanwhile; `guide()` is who leads people through
    a test, if anybody does.
    """

    audience: Audience
    messages: Messages
    stages: Callable[[], Stages]
    lost: Callable[[], Mapping[str, int]]
    live: LiveSettings
    guide: Callable[[], Guided | None] = lambda: None
