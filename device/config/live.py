"""Settings that may change while the kiosk runs: what the picture says, until the next start.

Nothing here may let out more of a person than the configuration allows, so what is shown of an age, and what
privacy keeps from the picture, are not among them.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from device.config.keys import KEYS, Key, checked
from device.config.loader import changed
from device.config.schema import Settings
from device.errors import ConfigError

LIVE = ("overlay.language", "overlay.status", "overlay.attract_s")


class Field(NamedTuple):
    """One such setting as a form shows it: `allowed` are words, or (lowest, highest) of a number, or none."""

    name: str
    value: Any
    allowed: tuple[Any, ...]
    unit: str
    help: str


class LiveSettings:
    """Takes changes from any thread, and gives them to the loop when it asks."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._settings = settings
        self._new = False

    def fields(self) -> list[Field]:
        """All that may change, with the values in force."""
        with self._lock:
            settings = self._settings
        return [
            Field(name, getattr(getattr(settings, key.section), key.name), key.allowed, key.unit, key.help)
            for name, key in _KEYS.items()
        ]

    def change(self, name: str, value: object) -> None:
        """Set `name`, such as "overlay.language". Raises ConfigError, which says what is allowed."""
        if name not in _KEYS:
            raise ConfigError(f"{name[:80]!r} cannot be changed while the kiosk runs; {', '.join(LIVE)} can.")
        key = _KEYS[name]
        taken = checked(key, value, "page")
        with self._lock:
            self._settings = changed(self._settings, **{key.section: {key.name: taken}})
            self._new = True

    def take(self) -> Settings | None:
        """The settings as they are now, if they changed since the last call. Costs next to nothing if not."""
        if not self._new:
            return None
        with self._lock:
            self._new = False
            return self._settings


_KEYS: dict[str, Key] = {
    f"{key.section}.{key.name}": key for key in KEYS if f"{key.section}.{key.name}" in LIVE
}
