"""The settings as options of the command line, and `python -m device config`, which prints the file."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Sequence
from types import SimpleNamespace

from device.config import allowed, checked, example, load
from device.settings import KEYS, SECTIONS, Key, Value


def add_settings(parser: ArgumentParser, sections: Sequence[str] = tuple(SECTIONS)) -> None:
    """Add `--config FILE` and an option for every setting of `sections`."""
    parser.add_argument("--config", metavar="FILE", help="settings as `python -m device config` prints them")
    for section in sections:
        group = parser.add_argument_group(f"[{section}]", SECTIONS[section])
        for key in (key for key in KEYS if key.section == section):
            _add(group, key)


def _add(group, key: Key) -> None:
    words = f"{key.help}; {allowed(key)}; default {key.default}".replace("%", "%%")
    facts = {"dest": f"{key.section}.{key.name}", "help": words, "default": None}
    if isinstance(key.default, bool):
        group.add_argument(key.option, action=BooleanOptionalAction, **facts)
    else:
        action = "append" if isinstance(key.default, list) else "store"
        group.add_argument(key.option, action=action, metavar=key.name.upper(), **facts)


def settings_from(args: Namespace) -> SimpleNamespace:
    """The settings in force: defaults, then `--config`, then the options given. Raises ConfigError."""
    given = [(key, getattr(args, f"{key.section}.{key.name}", None)) for key in KEYS]
    return load(args.config, [(key, _value(key, text)) for key, text in given if text is not None])


def _value(key: Key, given: Value) -> Value:
    """What was given for `key` as text (a list of texts for a list), in the type of `key`."""
    try:
        if isinstance(key.default, list):
            items = [item for text in given for item in text.split(",")]
            return [type(key.default[0])(item) for item in items]
        return type(key.default)(given)
    except ValueError:
        return checked(key, given, "command line")  # says what is allowed instead


def whole_number(text: str) -> int:
    """An option's whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not allowed, but a whole number from 1")
    return int(text)


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device config`: every setting."""
    add_settings(parser)


def main(args: Namespace) -> int:
    """Print the configuration file with the settings in force."""
    print(example(settings_from(args)), end="")
    return 0
