"""Reads the settings: defaults, then one TOML file, then the command line.

All three speak of the settings in `device/config/schema.py`. What does not fit it is one
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

from device.config.keys import KEYS, LONGEST_QUOTE, SECTIONS, Key, Value, checked, short
from device.config.schema import Settings
from device.errors import ConfigError

log = logging.getLogger(__name__)

LARGEST_FILE = 256 * 1024  # bytes


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
