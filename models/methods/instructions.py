"""What an estimate of each row costs a Pi, in millions of instructions: instructions.json.

`python -m tests.arm64.instructions --rows runs/methods` counts them on emulated processors and writes it.
"""

from __future__ import annotations

import json
from pathlib import Path

from device.files import replacing
from models.data.datasets import DataError
from models.methods.recipe import HERE, Recipe, names, read
from models.methods.run_files import INT8

FILE = HERE / "instructions.json"
PROCESSORS = ("cortex-a72", "cortex-a76")  # of a Pi 4 and a Pi 5

Counts = dict[str, dict[str, float]]  # row → processor → millions


def counted(file: Path = FILE) -> Counts:
    """What the file says, {} where there is none. Raises DataError where it is damaged."""
    if not file.exists():
        return {}
    try:
        return {
            row: {p: float(counts[p]) for p in PROCESSORS}
            for row, counts in json.loads(file.read_text()).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file}: damaged ({error!r}); remove it and count again") from error


def keep(row: str, counts: dict[str, float], file: Path = FILE) -> None:
    """Add a row's counts, by processor."""
    together = counted(file) | {row: {p: round(n, 2) for p, n in counts.items()}}
    with replacing(file) as part:
        part.write_text(json.dumps(together, indent=1, sort_keys=True) + "\n")


def of_rows(recipes: list[Recipe], counts: Counts) -> Counts:
    """Each recipe's counts, {} where there are none: those of any of them with its network."""
    known = [(recipe.network, counts[recipe.name]) for recipe in recipes if recipe.name in counts]
    return {r.name: next((n for network, n in known if network == r.network), {}) for r in recipes}


def uncounted(runs: Path, file: Path = FILE) -> list[tuple[str, Path]]:
    """Of each network in `runs` without counts yet: a row of it and its int8 file."""
    networks = {name: read(name).network for name in names()}
    known = [networks[row] for row in counted(file) if row in networks]
    found = []
    for model in sorted(runs.glob(f"*/seed-*/{INT8}")):
        row = model.parent.parent.name
        if row in networks and networks[row] not in known:
            known.append(networks[row])
            found.append((row, model))
    return found
