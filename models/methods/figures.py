"""The figures of a row, figures/NAME.json: what every seed gave, under which protocol, face by face."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from device.files import replacing
from models.data.datasets import DataError
from models.methods.recipe import HERE, Recipe

FIGURES = HERE / "figures"


def packed(values: np.ndarray) -> str:
    """Values, float (n,), as text: hundredths, int16, deflated, base 64. `unpacked` is the inverse."""
    hundredths = np.clip(np.rint(np.asarray(values) * 100), -32768, 32767).astype("<i2")
    return base64.b64encode(zlib.compress(hundredths.tobytes(), 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """What `packed` wrote, float32 (n,), to a hundredth."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<i2").astype(np.float32) / 100


def read(name: str, folder: Path = FIGURES) -> dict[str, Any] | None:
    """A row's figures, or None where it has none. Raises DataError for a damaged file."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        if not {"protocol", "recipe", "seeds", "labels"} <= found.keys():
            raise ValueError("something is missing in it")
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}); remove it and run the row again") from error
    return found


def add(recipe: Recipe, protocol: str, seed: int, said: dict, labels: dict, folder: Path = FIGURES) -> None:
    """Add one seed's figures to a row's file; those of another protocol or recipe are replaced.

    `labels`: of each test's faces, float (n,), so that intervals can be drawn from the file alone.
    """
    found = read(recipe.name, folder)
    own = settings_of(recipe)
    if found is None or found["protocol"] != protocol or found["recipe"] != own:
        found = {"protocol": protocol, "epochs": recipe.protocol.epochs, "recipe": own, "seeds": {}}
    found["labels"] = {name: packed(values) for name, values in labels.items()}
    found["seeds"][str(seed)] = said
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{recipe.name}.json") as part:
        part.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def has(recipe: Recipe, protocol: str, seed: int, folder: Path = FIGURES) -> bool:
    """Whether this seed of the row is there, made by this recipe and protocol."""
    found = read(recipe.name, folder)
    if found is None or str(seed) not in found["seeds"]:
        return False
    return found["protocol"] == protocol and found["recipe"] == settings_of(recipe)


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """What a row's figures depend on besides the protocol: all that is its own but its description."""
    own = asdict(recipe)
    return {key: own[key] for key in ("network", "loss", "begins", "cover", "teacher", "hinted")}
