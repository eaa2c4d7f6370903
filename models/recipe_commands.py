"""What the small networks' commands have in common: `train` in a folder, `quantize` from it, `--install`."""

from __future__ import annotations

import argparse
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from device.inference.model_files import MODELS
from models.commands import keep_freed_memory
from models.data.datasets import DataError
from models.quantization.pin import pin


class Recipe(NamedTuple):
    """A network by its name in `pins.json`; models/RECIPE.toml says how it is trained.

    `train` gets the recipe's settings and the options, `quantized` the weights and the run's folder. They
    import what they need only when they are called.
    """

    name: str
    recipe: str
    file: str
    train: Callable[[dict, argparse.Namespace], None]
    quantized: Callable[[Path, Path], bytes]


def train(recipe: Recipe, options: argparse.Namespace) -> int:
    """Train on chips and clips; goes on where it stopped."""
    keep_freed_memory()
    from models.training.student import seed_all

    settings = tomllib.loads((MODELS / f"{recipe.recipe}.toml").read_text())
    seed_all(settings["seed"])
    recipe.train(settings, options)
    return 0


def quantize(recipe: Recipe, options: argparse.Namespace) -> int:
    """Turn the trained weights into the int8 file, and with --install ship it."""
    weights = options.out / f"{recipe.recipe}.weights.h5"
    if not weights.exists():
        raise DataError(f"{weights}: no trained weights; run `python -m models {recipe.recipe} train`")
    from models.quantization.delegation import delegation_report
    from models.quantization.quantize import write

    path = options.out / recipe.file
    digest = write(path, recipe.quantized(weights, options.out))
    print(delegation_report(path).table())
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {digest}")
    if options.install:
        shutil.copy(path, MODELS / recipe.file)
        shutil.copy(weights, MODELS / weights.name)
        pin(MODELS / "pins.json", recipe.name, recipe.file, digest)
    return 0


def main(recipe: Recipe, argv: list[str], more: Callable[[argparse.ArgumentParser], None]) -> int:
    """`python -m models RECIPE train|quantize`; 0. `more`: further options of train. Raises DataError."""
    parser = argparse.ArgumentParser(prog=f"python -m models {recipe.recipe}")
    commands = parser.add_subparsers(required=True)
    training = commands.add_parser("train", help=train.__doc__)
    training.add_argument(
        "--data", action="append", required=True, help="zip, folder or CSV of aligned faces"
    )
    training.add_argument("--clip", action="append", default=[], help="clip of people; may be repeated")
    more(training)
    training.set_defaults(run=train)
    quantizing = commands.add_parser("quantize", help=quantize.__doc__)
    quantizing.add_argument("--install", action="store_true", help="put the file in place of the shipped one")
    quantizing.set_defaults(run=quantize)
    for command in (training, quantizing):
        command.add_argument(
            "--out", type=Path, default=Path("runs") / recipe.recipe, help="folder of the run"
        )
    options = parser.parse_args(argv)
    return int(options.run(recipe, options))
