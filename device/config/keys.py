"""The settings as data, read off their fields, and the check of a value against them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal, NamedTuple, cast, get_args, get_origin, get_type_hints

from device.config.schema import Settings
from device.errors import ConfigError

Value = str | int | float | bool | tuple[Any, ...]
LONGEST_QUOTE = 80  # characters of what was given, in a message


class Key(NamedTuple):
    """One setting as data, read off its field: where it stands, what is allowed, and what it does."""

    section: str
    name: str
    default: Value
    # (lowest, highest) of numbers, or more than two permitted ones; the permitted strings; empty: anything
    allowed: tuple[Any, ...]
    unit: str
    help: str
    option: str  # on the command line, such as --camera-buffers
    was: str  # its name in the version before, or ""


def _keys(section: str, kind: type) -> list[Key]:
    """The settings of one section."""
    types = get_type_hints(kind)
    found = []
    for made in fields(kind):
        facts, default = made.metadata, cast(Value, made.default)
        words = get_origin(types[made.name]) is Literal
        allowed = get_args(types[made.name]) if words else facts["span"]
        option = facts["option"] or f"--{section}-{made.name}".replace("_", "-")
        found.append(
            Key(section, made.name, default, allowed, facts["unit"], facts["help"], option, facts["was"])
        )
    return found


_SECTION_TYPES = {made.name: type(made.default) for made in fields(Settings)}
SECTIONS = {name: (kind.__doc__ or "") for name, kind in _SECTION_TYPES.items()}
KEYS = tuple(key for name, kind in _SECTION_TYPES.items() for key in _keys(name, kind))


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
    return cast(Value, value)


def short(text: str) -> str:
    """`text` for a message, cut in the middle where it is longer than a line."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:40]}…{text[-20:]} ({len(text)} characters)"


def allowed(key: Key) -> str:
    """What may be given for `key`, in words: "one of real, fast", "a whole number from 1 to 32 (faces)"."""
    if isinstance(key.default, bool):
        return "true or false"
    if isinstance(key.default, str) or len(key.allowed) > 2:
        return "one of " + ", ".join(map(str, key.allowed)) if key.allowed else "a string"
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
    if isinstance(value, tuple) and isinstance(key.default, tuple):
        kind = type(key.default[0])
        same_kind = bool(value) and all(type(item) is kind for item in value)
        return same_kind and (kind is str or _rises(key, value))
    if isinstance(value, str | tuple):
        return not key.allowed or value in key.allowed
    if isinstance(value, bool):
        return True
    if len(key.allowed) > 2:
        return value in key.allowed
    low, high = key.allowed
    return bool(low <= value <= high)


def _rises(key: Key, numbers: tuple[int, ...]) -> bool:
    low, high = key.allowed
    return low <= min(numbers) and max(numbers) <= high and list(numbers) == sorted(set(numbers))
