"""What the interfaces are told by the rest of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from device.audience.audience import Audience
from device.audience.messages import Messages

Stages = Mapping[str, Mapping[str, float]]


class Telemetry(NamedTuple):
    """May be asked from any thread.

    `stages()` are milliseconds by stage and percentile, `lost()` counts, by its name, what did not reach
    whom it was for.
    """

    audience: Audience
    messages: Messages
    stages: Callable[[], Stages]
    lost: Callable[[], Mapping[str, int]]
