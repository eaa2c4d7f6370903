"""The refiner's commands, in the workstation's environment: `python -m models refiner train`, `quantize`."""

from __future__ import annotations

import argparse
from pathlib import Path

from models import recipe_commands
from models.data.datasets import DataError
from models.recipe_commands import Recipe


def train(settings: dict, options: argparse.Namespace) -> None:
    """As `Recipe.train`."""
    from models.training.refiner import train_refiner

    train_refiner(settings, options.data, options.clip, options.out)


def quantized(weights: Path, out: Path) -> bytes:
    """As `Recipe.quantized`."""
    import numpy as np

    from models.quantization import refiner

    windows = out / "representative.npy"
    if not windows.exists():
        raise DataError(f"{windows}: not there; run `python -m models refiner train`")
    return refiner.quantized(weights, np.load(windows))


def main(argv: list[str]) -> int:
    """`python -m models refiner train|quantize`; 0. Raises DataError or ModelError."""
    recipe = Recipe("refiner", "refiner", "refiner-v1.tflite", train, quantized)
    return recipe_commands.main(recipe, argv, lambda training: None)
