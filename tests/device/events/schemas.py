"""Checks messages against the files of device/events/schema/v1/."""

import json
from pathlib import Path

import jsonschema
from referencing import Registry, Resource

from device import events

FOLDER = Path(events.__file__).parent / "schema" / "v1"
SCHEMAS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
REGISTRY = Registry().with_resources(
    (f"{name}.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)
MESSAGES = tuple(name for name in SCHEMAS if name != "common")


def check(name, message):
    """Raises ValidationError unless `message`, parsed JSON, is one of schema `name`; gives it back."""
    jsonschema.Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(message)
    return message


def is_valid(name, message):
    try:
        check(name, message)
    except jsonschema.ValidationError:
        return False
    return True
