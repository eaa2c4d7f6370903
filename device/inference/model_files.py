"""The model files by name, each held against its pinned SHA-256 before anything reads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from device.errors import ModelError

MODELS = Path(__file__).resolve().parents[2] / "models"


def pinned(models: Path = MODELS) -> dict[str, dict[str, str]]:
    """The pins: name → {"file", "sha256", …}. Raises ModelError when the list is missing or unreadable."""
    path = models / "pins.json"
    try:
        pins: dict[str, dict[str, str]] = json.loads(path.read_text())
        return pins
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot read the list of model files ({error}); install again") from error


def model_path(name: str, models: Path = MODELS) -> Path:
    """The file of the model called `name`, checked.

    Raises ModelError when the name is unknown, the file is missing, or its bytes are not what the pin says.
    """
    pins = pinned(models)
    if name not in pins:
        raise ModelError(f"no model is called {name!r}; known: {', '.join(sorted(pins))}")
    path = models / pins[name]["file"]
    cure = "run `make setup`" if "member" in pins[name] else "restore it from the repository"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model {name!r} ({error.strerror}); {cure}") from error
    if found != pins[name]["sha256"]:
        raise ModelError(
            f"{path}: SHA-256 is {found[:12]}…, pinned {pins[name]['sha256'][:12]}…: the file is damaged "
            f"or not the one this version was tested with; {cure}"
        )
    return path
