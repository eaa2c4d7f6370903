"""What Home Assistant is told of the device, in one retained message ("device discovery")."""

from __future__ import annotations

from typing import Any

EXPIRE_S = 90  # without news for so long, Home Assistant shows the numbers as unavailable
HOUR = "value_json.hour"

# key: (platform, name, template, and what else describes it); "None" is Home Assistant's word for unknown
COMPONENTS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "people": ("sensor", "People in view", "value_json.people", {"state_class": "measurement"}),
    "watchers": ("sensor", "Watchers in view", "value_json.watchers", {"state_class": "measurement"}),
    "occupancy": (
        "binary_sensor",
        "Somebody in view",
        "'ON' if (value_json.people or 0) > 0 else 'OFF'",
        {"device_class": "occupancy"},
    ),
    "problem": ("binary_sensor", "Camera", "'OFF' if value_json.well else 'ON'", {"device_class": "problem"}),
    "people_hour": ("sensor", "People, last hour", f"{HOUR}.people", {"state_class": "measurement"}),
    "watchers_hour": ("sensor", "Watchers, last hour", f"{HOUR}.watchers", {"state_class": "measurement"}),
    "attention": (
        "sensor",
        "Mean attention, last hour",
        f"({HOUR}.attention_s or {{}}).mean",
        {"device_class": "duration", "unit_of_measurement": "s"},
    ),
}


def discovery(device_id: str, topic: str, head: dict[str, Any]) -> dict[str, Any]:
    """The message for `homeassistant/device/DEVICE_ID/config`; `head` is that of all our messages."""
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
            for key, (platform, name, template, more) in COMPONENTS.items()
        },
    }
