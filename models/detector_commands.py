"""The int8 detector's commands, for the workstation: `python -m models detector train`, `quantize`."""

from __future__ import annotations

import argparse
from pathlib import Path

from models import recipe_commands
from models.recipe_commands import Recipe


def train(settings: dict, options: argparse.Namespace) -> None:
    """As `Recipe.train`."""
    from models.training.detector import prepare, train_detector

    learnt, held = prepare(settings, options.data, options.clip, options.keep, options.out)
    train_detector(settings, learnt, held, options.out)


def quantized(weights: Path, _out: Path) -> bytes:
    """As `Recipe.quantized`."""
    from models.quantization import detector

    return detector.quantized(weights)


def add_options(training: argparse.ArgumentParser) -> None:
    """The options of `train` beside data and clips."""
    training.add_argument(
        "--keep",
        action="append",
        required=True,
        help="clip to measure by, never learnt from; may be repeated",
    )


def main(argv: list[str]) -> int:
    """`python -m models detector train|quantize`; 0. Raises DataError or ModelError."""
    recipe = Recipe("face-int8", "detector", "detector.tflite", train, quantized)
    return recipe_commands.main(recipe, argv, add_options)
