"""What the interfaces are told by the rest of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from device.audience.audience import Audience
from device.audience.messages import Messages
from device.config.live import LiveSettings

Stages = Mapping[str, Mapping[str, float]]


class Telemetry(NamedTuple):
    """May be asked from any thread.

    `stages()` are milliseconds by stage and percentile, `lost()` counts, by its name, what did not reach
    whom it was for; `live` are the settings that may change meanwhile.
    """

    audience: Audience
    messages: Messages
    stages: Callable[[], Stages]
    lost: Callable[[], Mapping[str, int]]
    live: LiveSettings
