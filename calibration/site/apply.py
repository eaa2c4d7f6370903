"""`python -m calibration apply FOLDER`: a new int8 network by a site's crops, checked before it goes in.

Needs TensorFlow, so it runs on a workstation as a rule; copy the folder there, and the new file back.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from calibration.proofs.holdout import check_faces, deviation, float_ages
from calibration.site import crop_folder
from device.errors import ConfigError, ModelError
from device.files import replacing
from device.inference.interpreter import available

MODELS = Path(__file__).resolve().parents[2] / "models"
SLACK = 0.01  # years: by so much the new file may be farther from the float network on the check set
OLD = "{name}.before-site.tflite"  # where the replaced file is kept
NO_TENSORFLOW = """no TensorFlow is here, which makes the int8 file; copy {folder} to a workstation, run there
  make training && .venv-train/bin/python -m calibration apply {folder}
and bring models/{name}.tflite and models/pins.json back"""


def add_options(parser: ArgumentParser) -> None:
    """The options of `apply`."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what `capture` made")
    parser.add_argument("--model", choices=("age", "age-wide"), default="age", help="which network (age)")
    parser.add_argument("--keep", action="store_true", help="do not delete the crops afterwards")


def main(args: Namespace) -> int:
    """Make, check and install the new file; 1 when it is refused, and the old one stays."""
    crops = crop_folder.read(args.folder)
    if find_spec("tensorflow") is None:
        raise ConfigError(NO_TENSORFLOW.format(folder=args.folder, name=args.model))
    return apply(crops, args.model, args.folder, args.keep)


def apply(crops: np.ndarray, name: str, folder: Path, keep: bool) -> int:
    """The same with the crops in hand: uint8 RGB (n, 64, 64, 3).

    Calibrated by the crops alone the network fits the site best, but may have forgotten other faces; with the
    shipped faces beside them it has not. The first of both that is no worse on the check set is taken.
    """
    from models.quantization import quantize

    settings, weights = tomllib.loads((MODELS / f"{name}.toml").read_text()), MODELS / f"{name}.weights.h5"
    if not weights.is_file():
        raise ModelError(f"{weights}: the float weights are missing; restore them from the repository")
    old, network = MODELS / f"{name}.tflite", quantize.export_model(settings, weights)
    mixed = np.concatenate([crops, quantize.representative_faces()])
    for words, faces in (("the site's crops alone", crops), ("these and the shipped faces", mixed)):
        data = quantize.quantize(network, faces)
        data = quantize.described(data, quantize.description(settings, weights, faces))
        verdict = compare(network, old, data, crops)
        print(f"Calibrated by {words}:\n{verdict.text()}", file=sys.stderr)
        if verdict.accepted:
            break
    return settle(verdict, name, old, data, folder, keep)


class Verdict:
    """How far the old and the new int8 file are from the float network: on the check set, and at the site."""

    def __init__(self, check: tuple[float, float], here: tuple[float, float]) -> None:
        self.check, self.here = check, here

    @property
    def accepted(self) -> bool:
        """The new file is no worse on the check set."""
        return self.check[1] <= self.check[0] + SLACK

    def text(self) -> str:
        """Both figures in words."""
        lines = [
            f"{place}: {old:.3f} years from the float network before, {new:.3f} now"
            for place, (old, new) in (("check set", self.check), ("this site's crops", self.here))
        ]
        return "\n".join(lines)


def compare(network, old: Path, new: bytes, crops: np.ndarray) -> Verdict:
    """Measure both files with every interpreter that is here, and take the worst."""
    check = check_faces()

    def worst(faces: np.ndarray) -> tuple[float, float]:
        truth = float_ages(network, faces)
        before, after = (
            max(deviation(model, package, faces, truth) for package in available()) for model in (old, new)
        )
        return before, after

    return Verdict(worst(check), worst(crops))


def settle(verdict: Verdict, name: str, old: Path, data: bytes, folder: Path, keep: bool) -> int:
    """Put the new file in place, or refuse it, and say so; the exit status."""
    if not verdict.accepted:
        print(f"Refused: {old} stays as it was, and the crops stay in {folder}.", file=sys.stderr)
        return 1
    install(name, old, data)
    print(f"{old}: replaced; the file before it is {OLD.format(name=name)}", file=sys.stderr)
    if not keep:
        print(f"{crop_folder.delete(folder)} crops deleted from {folder}", file=sys.stderr)
    return 0


def install(name: str, path: Path, data: bytes) -> None:
    """Put the new file in the old one's place, keep the old one beside it, and set the pin."""
    from models.quantization.pin import pin

    path.with_name(OLD.format(name=name)).write_bytes(path.read_bytes())
    with replacing(path) as part:
        part.write_bytes(data)
    pin(path.with_name("pins.json"), name, path.name, hashlib.sha256(data).hexdigest())
