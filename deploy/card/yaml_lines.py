"""The little YAML that cloud-init needs, written so that each value stands quoted on a line of its own."""

from __future__ import annotations

import json
import re
from typing import Any

NOT_WORDS = ("yes", "no", "on", "off", "true", "false", "null")


def lines(value: dict[str, Any] | list[Any], indent: int = 0) -> list[str]:
    """The mapping or list as lines: strings as JSON writes them (YAML reads that), null and numbers bare."""
    pad, out, is_map = " " * indent, [], isinstance(value, dict)
    if isinstance(value, dict):
        rows = [(f"{_key(key)}:", item) for key, item in value.items()]
    else:
        rows = [("-", item) for item in value]
    for head, item in rows:
        if item and (isinstance(item, dict) or (is_map and isinstance(item, list))):
            out += [f"{pad}{head}", *lines(item, indent + 2)]
        else:
            out.append(f"{pad}{head} {json.dumps(item, ensure_ascii=False)}")
    return out


def _key(key: str) -> str:
    """Bare when it can be nothing but a word: a network may be named "123" or "no"."""
    is_word = re.fullmatch(r"[a-z][a-z0-9_-]+", key) and key not in NOT_WORDS
    return key if is_word else json.dumps(key, ensure_ascii=False)
