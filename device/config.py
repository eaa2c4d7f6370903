"""Reads the settings: defaults, then one TOML file, then the command line.

All three speak of the table in `device/settings.py`. What does not fit it is one
`ConfigError` that names the place, the key, the value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

from device.errors import ConfigError
from device.settings import KEYS, SECTIONS, Key, Value


def defaults() -> SimpleNamespace:
    """All settings at their defaults, as `settings.section.name`."""
    settings = SimpleNamespace(**{section: SimpleNamespace() for section in SECTIONS})
    for key in KEYS:
        default = list(key.default) if isinstance(key.default, list) else key.default
        setattr(getattr(settings, key.section), key.name, default)
    return settings


def load(path: str | Path | None, overrides: Sequence[tuple[Key, Value]] = ()) -> SimpleNamespace:
    """The settings in force: defaults, the file at `path` if there is one, and `overrides` over both."""
    settings = defaults()
    if path is not None:
        for key, value in _file_values(Path(path)):
            setattr(getattr(settings, key.section), key.name, checked(key, value, str(path)))
    for key, value in overrides:
        setattr(getattr(settings, key.section), key.name, checked(key, value, "command line"))
    return settings


def changed(settings: SimpleNamespace, **sections: dict[str, Value]) -> SimpleNamespace:
    """A copy with other values, unchecked: `changed(settings, camera={"width": 320})`."""
    copy = SimpleNamespace(**vars(settings))
    for section, values in sections.items():
        setattr(copy, section, SimpleNamespace(**{**vars(getattr(settings, section)), **values}))
    return copy


def checked(key: Key, value: Value, where: str) -> Value:
    """`value` in the type of `key`, or a ConfigError that says what is allowed; `where` names the source."""
    if isinstance(key.default, float) and type(value) is int:
        value = float(value)
    if not _fits(key, value):
        name = key.option if where == "command line" else f"{key.section}.{key.name}"
        raise ConfigError(f"{where}: {name} = {value!r} is not allowed, but {allowed(key)}: {key.help}.")
    return value


def allowed(key: Key) -> str:
    """What may be given for `key`, in words: "one of real, fast", "a whole number from 1 to 32 (faces)"."""
    if isinstance(key.default, bool):
        return "true or false"
    if isinstance(key.default, str):
        return "one of " + ", ".join(key.allowed) if key.allowed else "a text"
    unit = f" ({key.unit})" if key.unit else ""
    if isinstance(key.default, list):
        texts = isinstance(key.default[0], str)
        return "a list of texts" if texts else f"a rising list of whole numbers{_span(key)}{unit}"
    return ("a whole number" if isinstance(key.default, int) else "a number") + _span(key) + unit


def _span(key: Key) -> str:
    return " from {} to {}".format(*key.allowed)


def _fits(key: Key, value: Value) -> bool:
    if type(value) is not type(key.default):
        return False
    if isinstance(value, list):
        kind = type(key.default[0])
        same_kind = bool(value) and all(type(item) is kind for item in value)
        return same_kind and (kind is str or _rises(key, value))
    if isinstance(value, str):
        return not key.allowed or value in key.allowed
    return isinstance(value, bool) or key.allowed[0] <= value <= key.allowed[1]


def _rises(key: Key, numbers: list[int]) -> bool:
    low, high = key.allowed
    return low <= min(numbers) and max(numbers) <= high and numbers == sorted(set(numbers))


def _file_values(path: Path) -> list[tuple[Key, Value]]:
    """The keys and values that stand in the file, not yet checked."""
    import tomllib

    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); give --config a file that exists."
        raise ConfigError(message) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}. Compare device/config.example.toml.") from None
    by_name = {(key.section, key.name): key for key in KEYS}
    values = []
    for section, content in document.items():
        if section not in SECTIONS:
            raise ConfigError(f"{path}: unknown section [{section}]; {_nearest(section, SECTIONS)}")
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: {section} = {content!r} is not allowed: [{section}] is a section.")
        for name, value in content.items():
            if (section, name) not in by_name:
                names = [key.name for key in KEYS if key.section == section]
                message = f"{path}: unknown key {section}.{name} = {value!r}; {_nearest(name, names)}"
                raise ConfigError(message)
            values.append((by_name[section, name], value))
    return values


def _nearest(word: str, words) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed are {', '.join(words)}."


def example(settings: SimpleNamespace | None = None) -> str:
    """The commented configuration file, with the values of `settings` (by default the defaults)."""
    settings = settings or defaults()
    lines = ["# The settings of the device. Every key may be left out; its default stands in its comment.",
             "# Start with: python -m device run --config THIS_FILE"]
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
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
