"""The audience's numbers and who they go to: opened together, told to the operator together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext

from device.age.attributes import wanted
from device.audience.audience import Audience
from device.audience.messages import Messages
from device.audience.telemetry import Guided, Stages, Telemetry
from device.budget.lean_imports import without_ssl
from device.config.live import LiveSettings
from device.config.schema import Settings
from device.errors import ConfigError

# What each attribute is called where it is said what leaves
TOLD = {"gender": "gender", "glasses": "dark glasses", "cover": "covered mouths"}
log = logging.getLogger(__name__)


def open_telemetry(
    settings: Settings,
    well: Callable[[], bool],
    stages: Callable[[], Stages],
    lost: Callable[[], Mapping[str, int]],
    guide: Callable[[], Guided | None],
) -> Telemetry | None:
    """What the interfaces will tell; None where nobody asks for the numbers.

    `well()` tells whether the frames are the camera's, `guide()` who leads people through a test. Raises
    ConfigError for an interface without its page.
    """
    kinds = [spec.partition(":")[0] for spec in settings.output.use]
    for name, asked in (("api", settings.api.enabled), ("metrics", settings.metrics.enabled)):
        if asked and "web" not in kinds:
            raise ConfigError(
                f"{name}.enabled = true: it is answered on the page's port, and output.use has no page; "
                "add web to it, as in --output window,web."
            )
    if not ({"web", "auto"} & {*kinds} or settings.mqtt.host):
        return None
    audience = Audience(settings, well)
    return Telemetry(audience, Messages(audience, settings), stages, lost, LiveSettings(settings), guide)


def open_mqtt(
    settings: Settings, telemetry: Telemetry | None, closing: ExitStack
) -> Callable[[], Mapping[str, int]]:
    """Publish to the broker that the settings name, if any; gives the counts of what failed so far."""
    if not settings.mqtt.host or telemetry is None:
        return dict
    with nullcontext() if settings.mqtt.tls else without_ssl():
        from device.events.mqtt import Publisher

    publisher = Publisher(settings, telemetry)
    closing.callback(publisher.close)
    return lambda: {"mqtt": publisher.lost, "mqtt_connections": publisher.failures}


def tell_what_leaves(settings: Settings) -> None:
    """One line for each interface that is on: what it sends, and to whom."""
    for line in what_leaves(settings):
        log.info("%s", line)


def what_leaves(settings: Settings) -> list[str]:
    """The lines, empty where all interfaces are off."""
    beside = "".join(f", {TOLD[name]}" for name in wanted(settings.age))
    ages = ("age, interval and band" if settings.overlay.show == "age" else "band") + beside
    least = settings.api.min_people
    single = f"each person's {ages}, dwell and attention under a random name" if least <= 1 else ""
    counts = f"counts of people, watchers, seconds and bands{beside}"
    counts += f", none of fewer than {least} people" if least > 1 else ""
    lines = []
    if settings.events.to:
        lines.append(f"events sends to {settings.events.to}: each person's box, {ages}")
    if settings.api.enabled:
        boxes = ", with boxes" if single and settings.api.boxes else ""
        parts = [counts, *([single + boxes] if single else [])]
        lines.append(f"api sends to whoever has the page's token: {'; '.join(parts)}")
    if settings.metrics.enabled:
        figures = "figures of the program" + ("" if least > 1 else f" and counts of the audience{beside}")
        lines.append(f"metrics sends to whoever has the page's token: {figures}")
    if settings.mqtt.host:
        parts = [counts, *([single] if single and settings.mqtt.visits else [])]
        lines.append(f"mqtt sends to {settings.mqtt.host}:{settings.mqtt.port}: {'; '.join(parts)}")
    return lines
