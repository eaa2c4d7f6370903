"""`python -m calibration apply FOLDER`: an int8 network calibrated by a site's crops, checked, installed.

Needs TensorFlow, so it usually runs on a workstation; copy the folder there, and the new file back.
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
TOLERANCE = 0.01  # years by which the new file may deviate more from the float network on the check set
BACKUP_NAME = "{name}.before-site.tflite"  # where the replaced file is kept
NO_TENSORFLOW = """no TensorFlow here, which makes the int8 file; copy {folder} to a workstation, run there
  make training && .venv-train/bin/python -m calibration apply {folder}
and copy models/{name}.tflite and models/pins.json back"""


def add_options(parser: ArgumentParser) -> None:
    """The options of `apply`."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what `capture` made")
    parser.add_argument("--model", choices=("age", "age-wide"), default="age", help="which network (age)")
    parser.add_argument("--keep", action="store_true", help="do not delete the crops afterwards")


def main(args: Namespace) -> int:
    """Make, check and install the new file; 1 when it is rejected, and the old one stays."""
    crops = crop_folder.read(args.folder)
    if find_spec("tensorflow") is None:
        raise ConfigError(NO_TENSORFLOW.format(folder=args.folder, name=args.model))
    return apply(crops, args.model, args.folder, args.keep)


def apply(crops: np.ndarray, name: str, folder: Path, keep: bool) -> int:
    """The same, given the crops: uint8 RGB (n, 64, 64, 3).

    Calibrated by the crops alone the network fits the site best, but may be worse on other faces; with the
    shipped faces beside them it is not. The first of both that is no worse on the check set is taken.
    """
    from models.quantization import quantize

    settings, weights = tomllib.loads((MODELS / f"{name}.toml").read_text()), MODELS / f"{name}.weights.h5"
    if not weights.is_file():
        raise ModelError(f"{weights}: the float weights are missing; restore them with git")
    old, network = MODELS / f"{name}.tflite", quantize.export_model(settings, weights)
    calibrations = {
        "the site's crops alone": crops,
        "the site's crops and the shipped faces": np.concatenate([crops, quantize.representative_faces()]),
    }
    for label, faces in calibrations.items():
        data = quantize.quantize(network, faces)
        data = quantize.with_metadata(data, quantize.metadata(settings, weights, faces))
        verdict = compare(network, old, data, crops)
        print(f"Calibrated by {label}:\n{verdict.text()}", file=sys.stderr)
        if verdict.accepted:
            break
    return install_or_reject(verdict, name, old, data, folder, keep)


class Verdict:
    """Deviation from the float network in years, (old file, new file): on the check set, and on the crops."""

    def __init__(self, check: tuple[float, float], site: tuple[float, float]) -> None:
        self.check, self.site = check, site

    @property
    def accepted(self) -> bool:
        """The new file is no worse on the check set."""
        return self.check[1] <= self.check[0] + TOLERANCE

    def text(self) -> str:
        """Both deviations, a line each."""
        lines = [
            f"{name}: {old:.3f} years from the float network before, {new:.3f} now"
            for name, (old, new) in (("check set", self.check), ("this site's crops", self.site))
        ]
        return "\n".join(lines)


def compare(network, old: Path, new: bytes, crops: np.ndarray) -> Verdict:
    """Measure both files with every installed interpreter, and take the worst of each."""
    check = check_faces()

    def worst(faces: np.ndarray) -> tuple[float, float]:
        reference = float_ages(network, faces)
        before, after = (
            max(deviation(model, package, faces, reference) for package in available())
            for model in (old, new)
        )
        return before, after

    return Verdict(worst(check), worst(crops))


def install_or_reject(verdict: Verdict, name: str, old: Path, data: bytes, folder: Path, keep: bool) -> int:
    """Install the new file, or reject it; the exit status."""
    if not verdict.accepted:
        print(
            f"Rejected, for it is worse on the check set: {old} stays as it was, the crops stay in {folder}.",
            file=sys.stderr,
        )
        return 1
    install(name, old, data)
    print(f"{old}: replaced; the old file is kept as {BACKUP_NAME.format(name=name)}", file=sys.stderr)
    if not keep:
        print(f"{crop_folder.delete(folder)} crops deleted from {folder}", file=sys.stderr)
    return 0


def install(name: str, path: Path, data: bytes) -> None:
    """Replace the file by the new one, keep the old one beside it, and set the pin."""
    from models.quantization.pin import pin

    path.with_name(BACKUP_NAME.format(name=name)).write_bytes(path.read_bytes())
    with replacing(path) as part:
        part.write_bytes(data)
    pin(path.with_name("pins.json"), name, path.name, hashlib.sha256(data).hexdigest())
