"""What Home Assistant is told of the device, in one retained message ("device discovery")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from device.person import ATTRIBUTE_WORDS, UNSURE

EXPIRE_S = 90  # without news for so long, Home Assistant shows the numbers as unavailable
HOUR = "value_json.hour"

# key: (platform, name, template, and what else describes it); "None" is Home Assistant's word for unknown
Component = tuple[str, str, str, dict[str, str]]
MEASURED = {"state_class": "measurement"}
COMPONENTS: dict[str, Component] = {
    "people": ("sensor", "People in view", "value_json.people", MEASURED),
    "watchers": ("sensor", "Watchers in view", "value_json.watchers", MEASURED),
    "occupancy": (
        "binary_sensor",
        "Somebody in view",
        "'ON' if (value_json.people or 0) > 0 else 'OFF'",
        {"device_class": "occupancy"},
    ),
    "problem": ("binary_sensor", "Camera", "'OFF' if value_json.well else 'ON'", {"device_class": "problem"}),
    "people_hour": ("sensor", "People, last hour", f"{HOUR}.people", MEASURED),
    "watchers_hour": ("sensor", "Watchers, last hour", f"{HOUR}.watchers", MEASURED),
    "attention": (
        "sensor",
        "Mean attention, last hour",
        f"({HOUR}.attention_s or {{}}).mean",
        {"device_class": "duration", "unit_of_measurement": "s"},
    ),
}


def components(attributes: Iterable[str]) -> dict[str, Component]:
    """What is always told, and a number of people in view for each word of the `attributes` that are told."""
    words = [(of, word) for of in attributes for word in ATTRIBUTE_WORDS[of] if word != UNSURE]
    return COMPONENTS | {
        f"{of}_{word}": ("sensor", f"In view, {of} {word}", f"(value_json.{of} or {{}}).{word}", MEASURED)
        for of, word in words
    }


def discovery(
    device_id: str, topic: str, head: dict[str, Any], attributes: Iterable[str] = ()
) -> dict[str, Any]:
    """The message for `homeassistant/device/DEVICE_ID/config`; `head` is that of all our messages.

    `attributes`: names of those that are told.
    """
    return {
        "device": {
            "identifiers": [f"kiosk-age-{device_id}"],
            "name": f"Kiosk {device_id}",
            "manufacturer": "kiosk-age",
            "model": f"age network {head['model']}",
            "sw_version": head["release"],
        },
        "origin": {"name": "kiosk-age", "sw_version": head["release"]},
        "availability": [{"topic": f"{topic}/status"}],
        "state_topic": f"{topic}/state",
        "qos": 1,
        "components": {
            key: {
                "platform": platform,
                "unique_id": f"kiosk-age-{device_id}-{key}",
                "name": name,
                "value_template": f"{{{{ {template} }}}}",
                "expire_after": EXPIRE_S,
                **more,
            }
            for key, (platform, name, template, more) in components(attributes).items()
        },
    }
