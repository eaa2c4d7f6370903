"""The refiner's commands, in the workstation's environment: `python -m models refiner train`, `quantize`."""

from __future__ import annotations

import argparse
import shutil
import tomllib
from pathlib import Path

from device.inference.model_files import MODELS
from models.commands import keep_freed_memory
from models.data.datasets import DataError
from models.quantization.pin import pin

NAME, FILE = "refiner", "refiner-v1.tflite"


def train(options: argparse.Namespace) -> int:
    """Train on chips and clips; goes on where it stopped."""
    keep_freed_memory()
    from models.training.refiner import train_refiner
    from models.training.student import seed_all

    settings = tomllib.loads((MODELS / f"{NAME}.toml").read_text())
    seed_all(settings["seed"])
    train_refiner(settings, options.data, options.clip, options.out)
    return 0


def quantize(options: argparse.Namespace) -> int:
    """Turn the trained weights into the int8 file, and with --install ship it."""
    weights, windows = options.out / f"{NAME}.weights.h5", options.out / "representative.npy"
    if not (weights.exists() and windows.exists()):
        raise DataError(f"{weights}: no trained weights; run `python -m models refiner train`")
    import numpy as np

    from models.quantization.delegation import delegation_report
    from models.quantization.quantize import write
    from models.quantization.refiner import quantized

    path = options.out / FILE
    digest = write(path, quantized(weights, np.load(windows)))
    print(delegation_report(path).table())
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {digest}")
    if options.install:
        shutil.copy(path, MODELS / FILE)
        shutil.copy(weights, MODELS / weights.name)
        pin(MODELS / "pins.json", NAME, FILE, digest)
    return 0


def main(argv: list[str]) -> int:
    """`python -m models refiner train|quantize`; 0. Raises DataError or ModelError."""
    parser = argparse.ArgumentParser(prog="python -m models refiner", description=__doc__)
    commands = parser.add_subparsers(required=True)
    training = commands.add_parser("train", help=train.__doc__)
    training.add_argument(
        "--data", action="append", required=True, help="zip, folder or CSV of aligned faces"
    )
    training.add_argument("--clip", action="append", default=[], help="clip of people; may be repeated")
    training.set_defaults(run=train)
    quantizing = commands.add_parser("quantize", help=quantize.__doc__)
    quantizing.add_argument("--install", action="store_true", help="put the file in place of the shipped one")
    quantizing.set_defaults(run=quantize)
    for command in (training, quantizing):
        command.add_argument("--out", type=Path, default=Path("runs") / NAME, help="folder of the run")
    options = parser.parse_args(argv)
    return int(options.run(options))
