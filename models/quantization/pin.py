"""The pin of a shipped model: its file and SHA-256."""

from __future__ import annotations

import json
from pathlib import Path

from device.files import replacing


def pin(pins: Path, name: str, file: str, digest: str) -> None:
    """Set the pin of a shipped model, replacing the list atomically."""
    content = json.loads(pins.read_text()) if pins.exists() else {}
    content[name] = {"file": file, "sha256": digest}
    with replacing(pins) as part:
        part.write_text(json.dumps(content, indent=2) + "\n")
