"""Reads the settings: defaults, then one TOML file, then the command line.

All three speak of the table in `device/config/schema.py`. What does not fit it is one
`ConfigError` that names the place, the key, the value and what is allowed.
"""

from __future__ import annotations

import codecs
import logging
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from device.config.schema import KEYS, SECTIONS, Key, Settings, Value
from device.errors import ConfigError

log = logging.getLogger(__name__)

LARGEST_FILE = 256 * 1024  # bytes
LONGEST_QUOTE = 80  # characters of what was given, in a message


def defaults() -> Settings:
    """All settings at their defaults, as `settings.section.name`."""
    return Settings()


def load(path: str | Path | None, overrides: Sequence[tuple[Key, Value]] = ()) -> Settings:
    """The settings in force: defaults, the file at `path` if there is one, and `overrides` over both."""
    given: dict[str, dict[str, Value]] = {}
    for key, value in _file_values(Path(path)) if path is not None else ():
        given.setdefault(key.section, {})[key.name] = checked(key, value, str(path))
    for key, value in overrides:
        given.setdefault(key.section, {})[key.name] = checked(key, value, "command line")
    return changed(Settings(), **given)


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    """A copy with other values, unchecked: `changed(settings, camera={"width": 320})`."""
    return replace(
        settings, **{name: replace(getattr(settings, name), **values) for name, values in sections.items()}
    )


def checked(key: Key, value: Any, where: str) -> Value:
    """`value` in the type of `key`, or a ConfigError that says what is allowed; `where` names the source."""
    taken = _in_type_of(key, value)
    if not _fits(key, taken):
        name = key.option if where == "command line" else f"{key.section}.{key.name}"
        given = short(repr(value))
        raise ConfigError(f"{where}: {name} = {given} is not allowed, but {allowed(key)}: {key.help}.")
    return taken


def _in_type_of(key: Key, value: Any) -> Value:
    """TOML's lists as tuples, and whole numbers as numbers where the setting is one."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(key.default, float) and type(value) is int and abs(value) < 2**53:
        return float(value)
    return value


def short(text: str) -> str:
    """`text` for a message, cut in the middle where it is longer than a line."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:40]}…{text[-20:]} ({len(text)} characters)"


def allowed(key: Key) -> str:
    """What may be given for `key`, in words: "one of real, fast", "a whole number from 1 to 32 (faces)"."""
    if isinstance(key.default, bool):
        return "true or false"
    if isinstance(key.default, str):
        return "one of " + ", ".join(key.allowed) if key.allowed else "a string"
    unit = f" ({key.unit})" if key.unit else ""
    if isinstance(key.default, tuple):
        texts = isinstance(key.default[0], str)
        return "a list of strings" if texts else f"a rising list of whole numbers{_span(key)}{unit}"
    return ("a whole number" if isinstance(key.default, int) else "a number") + _span(key) + unit


def _span(key: Key) -> str:
    return " from {} to {}".format(*key.allowed)


def _fits(key: Key, value: Value) -> bool:
    if type(value) is not type(key.default):
        return False
    if isinstance(value, tuple):
        kind = type(key.default[0])
        same_kind = bool(value) and all(type(item) is kind for item in value)
        return same_kind and (kind is str or _rises(key, value))
    if isinstance(value, str):
        return not key.allowed or value in key.allowed
    return isinstance(value, bool) or key.allowed[0] <= value <= key.allowed[1]


def _rises(key: Key, numbers: tuple[int, ...]) -> bool:
    low, high = key.allowed
    return low <= min(numbers) and max(numbers) <= high and list(numbers) == sorted(set(numbers))


def _file_values(path: Path) -> list[tuple[Key, Any]]:
    """The keys and values that stand in the file, not yet checked."""
    document = _parsed(path)
    by_name = {(key.section, key.name): key for key in KEYS}
    before = {(key.section, key.was): key for key in KEYS if key.was}
    where = short(str(path))
    values = []
    for section, content in document.items():
        if section not in SECTIONS:
            raise ConfigError(f"{where}: unknown section [{short(section)}]; {_nearest(section, SECTIONS)}")
        if not isinstance(content, dict):
            given = short(repr(content))
            raise ConfigError(f"{where}: {section} = {given} is not allowed: [{section}] is a section.")
        for name, value in content.items():
            key = by_name.get((section, name)) or before.get((section, name))
            if key is None:
                names = [key.name for key in KEYS if key.section == section]
                unknown = f"unknown key {section}.{short(name)} = {short(repr(value))}"
                raise ConfigError(f"{where}: {unknown}; {_nearest(name, names)}")
            if name == key.was:
                log.warning(
                    "%s: %s.%s is called %s now; the old name ends with the next version",
                    where, section, name, key.name,
                )  # fmt: skip
            values.append((key, value))
    return values


def _parsed(path: Path) -> dict[str, Any]:
    """The TOML document in the file at `path`. Raises ConfigError for whatever else is there."""
    import tomllib

    where = short(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{where}: is not a file; give --config a TOML file.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        message = f"{where}: cannot be read ({reason}); give --config a file that exists."
        raise ConfigError(message) from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{where}: is larger than {LARGEST_FILE // 1024} KiB; settings are a few lines.")
    try:
        return tomllib.loads(content.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8; save it as UTF-8"
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:  # TOMLDecodeError is one; another is a number of thousands of digits
        reason = short(str(error))
    raise ConfigError(f"{where}: is not TOML: {reason}. Compare device/config/example.toml.")


def _nearest(word: str, words: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word[:LONGEST_QUOTE], words, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed are {', '.join(words)}."


def example(settings: Settings | None = None) -> str:
    """The commented configuration file, with the values of `settings` (by default the defaults)."""
    settings = settings or defaults()
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
