"""The commented configuration file, as `python -m device config` prints it."""

from __future__ import annotations

from device.config.keys import KEYS, SECTIONS, Value, allowed
from device.config.schema import Settings


def example(settings: Settings | None = None) -> str:
    """The commented configuration file, with the values of `settings` (by default the defaults)."""
    settings = settings or Settings()
    lines = [
        "# The settings of the device. Every key may be left out; its default stands in its comment.",
        "# Start with: python -m device run --config THIS_FILE",
    ]
    for section, title in SECTIONS.items():
        lines += ["", f"[{section}]  # {title}"]
        for key in (key for key in KEYS if key.section == section):
            value = getattr(getattr(settings, section), key.name)
            lines += [f"# {key.help}", f"# {allowed(key)}; default {toml(key.default)}"]
            lines += [f"{key.name} = {toml(value)}"]
    return "\n".join(lines) + "\n"


def toml(value: Value) -> str:
    """`value` as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
