"""The settings as options of the command line."""

from __future__ import annotations

import logging
from argparse import (
    SUPPRESS,
    ArgumentParser,
    ArgumentTypeError,
    BooleanOptionalAction,
    Namespace,
    _ArgumentGroup,
)
from collections.abc import Iterator, Sequence
from typing import Any

from device.config.keys import KEYS, SECTIONS, Key, Value, allowed, checked, short
from device.config.loader import load
from device.config.schema import Settings

log = logging.getLogger(__name__)


def add_settings(parser: ArgumentParser, sections: Sequence[str] = tuple(SECTIONS)) -> None:
    """Add `--config FILE` and an option for every setting of `sections`."""
    parser.add_argument("--config", metavar="FILE", help="settings as `python -m device config` prints them")
    for section in sections:
        group = parser.add_argument_group(f"[{section}]", SECTIONS[section])
        for key in (key for key in KEYS if key.section == section):
            _add(group, key)


def _add(group: _ArgumentGroup, key: Key) -> None:
    words = f"{key.help}; {allowed(key)}; default {key.default}".replace("%", "%%")
    facts: dict[str, Any] = {"dest": f"{key.section}.{key.name}", "help": words, "default": None}
    if isinstance(key.default, bool):
        group.add_argument(key.option, action=BooleanOptionalAction, **facts)
    else:
        action = "append" if isinstance(key.default, tuple) else "store"
        group.add_argument(key.option, action=action, metavar=key.name.upper(), **facts)
        if key.was:
            group.add_argument(_old_option(key), action=action, dest=_old_dest(key), help=SUPPRESS)


def _old_option(key: Key) -> str:
    return f"--{key.section}-{key.was}".replace("_", "-")


def _old_dest(key: Key) -> str:
    return f"{key.section}.{key.was}"


def settings_from(args: Namespace) -> Settings:
    """The settings in force: defaults, then `--config`, then the options given. Raises ConfigError."""
    return load(args.config, [(key, _value(key, given)) for key, given in _given(args)])


def _given(args: Namespace) -> Iterator[tuple[Key, Any]]:
    """The settings named on the command line, with their text; old names first, so that new ones win."""
    for key in KEYS:
        old = getattr(args, _old_dest(key), None) if key.was else None
        if old is not None:
            log.warning(
                "command line: %s is called %s now; the old name ends with the next version",
                _old_option(key), key.option,
            )  # fmt: skip
            yield key, old
    for key in KEYS:
        new = getattr(args, f"{key.section}.{key.name}", None)
        if new is not None:
            yield key, new


def _value(key: Key, given: Any) -> Value:
    """What was given for `key` as a string (a list of them for a list), in the type of `key`."""
    try:
        if isinstance(key.default, tuple):
            items = [item for text in given for item in text.split(",")]
            return tuple(type(key.default[0])(item) for item in items)
        return type(key.default)(given)
    except ValueError:
        return checked(key, given, "command line")  # says what is allowed instead


def whole_number(text: str) -> int:
    """An option's whole number above 0, for argparse."""
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise ArgumentTypeError(f"{short(repr(text))} is not allowed, but a whole number from 1")
    return int(text)
