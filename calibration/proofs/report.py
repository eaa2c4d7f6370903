"""`python -m calibration report --data FACES`: the proof that the shipped faces are good enough, as Markdown.

The int8 network is made with several calibrations from the same float weights; each is judged by its error
on `test/`, by the ranges it gives every layer, and by the noise it adds there. Needs TensorFlow.
"""

from __future__ import annotations

import hashlib
import tomllib
from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from calibration.proofs import layers, nearest_neighbours
from calibration.proofs.holdout import float_ages, int8_ages
from calibration.proofs.sensitivity import some_faces
from calibration.synthetic.build import make, plan
from calibration.synthetic.face_model import FaceModel
from device.errors import ModelError

MODELS = Path(__file__).resolve().parents[2] / "models"
OUT = Path(__file__).with_name("report.md")
SIZES = (50, 100, 200, 500)
SHIPPED, REAL, NOISE = "shipped faces", "training faces", "random noise"
PROBES = 100  # photographs of test/ on which the layers are compared
STRANGERS = 1000  # training photographs held back, to say how like strangers are


def calibrations(source: str) -> dict[str, np.ndarray]:
    """Every set to compare, uint8 RGB (n, 64, 64, 3): the shipped one, parts of it, photographs, noise."""
    from models.quantization.quantize import representative_faces

    shipped = representative_faces()
    model = FaceModel()
    more = np.stack([make(model, face)[0] for face in plan(7)])  # seven of each kind: 560
    real = np.stack(some_faces(source, "train", max(SIZES))[0])
    sets = {f"{SHIPPED}, {len(shipped)}": shipped}
    for size in SIZES:
        sets[f"synthesised, {size}"] = _spread(more if size > len(shipped) else shipped, size)
    for size in SIZES:
        sets[f"{REAL}, {size}"] = real[:size]
    dice = np.random.default_rng(0)
    sets[f"{NOISE}, {max(SIZES)}"] = dice.integers(0, 256, (max(SIZES), 64, 64, 3), np.uint8)
    return sets


def errors(
    source: str, name: str, weights: Path, sets: dict[str, np.ndarray]
) -> tuple[str, dict[str, bytes], bytes]:
    """The table of errors; the int8 files by calibration, and the float file."""
    from models.quantization import quantize

    settings = tomllib.loads((MODELS / f"{name}.toml").read_text())
    network = quantize.export_model(settings, weights)
    crops, ages = some_faces(source, "test", 10**6)
    faces = np.stack(crops)
    truth = float_ages(network, faces)
    plain = np.abs(truth - ages).mean()
    lines = [
        f"{len(faces)} faces of `test/`, float network: MAE {plain:.3f}.",
        "",
        "| calibrated with | MAE | more than float | mean distance from float |",
        "|---|---|---|---|",
    ]
    files = {}
    for label, calibration in sets.items():
        files[label] = quantize.quantize(network, calibration)
        guesses = int8_ages(files[label], "auto", faces)
        mae = np.abs(guesses - ages).mean()
        lines.append(f"| {label} | {mae:.3f} | {mae - plain:+.3f} | {np.abs(guesses - truth).mean():.3f} |")
    return "\n".join(lines), files, quantize.to_float(network)


def ranges(files: dict[str, bytes], real: bytes, source: str) -> str:
    """The table of layers: ranges with the shipped and with real faces, and the noise that each adds."""
    wanted = (SHIPPED, "synthesised, 50", f"{REAL}, {max(SIZES)}", NOISE)
    chosen = [label for label in files if label.startswith(wanted)]
    probes = np.stack(some_faces(source, "test", PROBES)[0])
    truth = layers.run(real, probes)
    coded = {label: layers.run(files[label], probes) for label in chosen}
    compared = [0, 3]  # of the chosen: the shipped set and as many photographs
    head = [
        "layer",
        *(f"range, {chosen[i]}" for i in compared),
        "cut off, shipped",
        *(f"SNR in dB, {label}" for label in chosen),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for place, layer in enumerate(truth):
        row = [coded[label][place] for label in chosen]
        spans = " | ".join(f"{row[i].low:.2f} … {row[i].high:.2f}" for i in compared)
        ratios = " | ".join(f"{layers.noise_ratio(layer.values, r.values):.1f}" for r in row)
        shape = "×".join(map(str, layer.shape))
        lines.append(
            f"| {place} {layer.kind.lower()} {shape} | {spans} | "
            f"{100 * layers.beyond(layer.values, row[0]):.2f} % | {ratios} |"
        )
    return "\n".join(lines)


def copies(source: str) -> str:
    """The nearest-neighbour test, in words and a table."""
    train = np.stack(some_faces(source, "train", 10**6)[0])
    strangers, gallery = train[:STRANGERS], nearest_neighbours.Gallery(train[STRANGERS:])
    found = {
        "shipped faces": gallery.nearest(nearest_neighbours.bare_faces()),
        "photographs held back": gallery.nearest(strangers),
    }
    lines = [
        f"Likeness to the nearest of {len(train) - STRANGERS} training photographs; 1 is a copy.",
        "",
        "| | pixels: median | 99th percentile | most | identity: median | 99th percentile | most |",
        "|---|---|---|---|---|---|---|",
    ]
    for label, nearest in found.items():
        values = [f"{value:.3f}" for v in nearest for value in (*np.percentile(v, (50, 99)), v.max())]
        lines.append(f"| {label} | {' | '.join(values)} |")
    return "\n".join(lines)


def add_options(parser: ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument("--data", required=True, help="UTKFace zip or folder with train/ and test/")
    parser.add_argument("--model", choices=("age", "age-wide"), default="age", help="which network (age)")
    parser.add_argument("--weights", type=Path, help="its float weights (models/NAME.weights.h5)")
    parser.add_argument(
        "--out", type=Path, default=OUT, help="the report's file (calibration/proofs/report.md)"
    )


def main(args: Namespace) -> int:
    """Write the report."""
    weights = args.weights or MODELS / f"{args.model}.weights.h5"
    if not weights.is_file():
        raise ModelError(f"{weights}: the float weights are missing")
    sets = calibrations(args.data)
    table, files, real = errors(args.data, args.model, weights, sets)
    text = TEXT.format(
        model=args.model,
        errors=table,
        ranges=ranges(files, real, args.data),
        copies=copies(args.data),
        probes=PROBES,
        digest=hashlib.sha256(weights.read_bytes()).hexdigest()[:12],
    )
    args.out.write_text(text)
    print(text)
    return 0


def _spread(faces: np.ndarray, count: int) -> np.ndarray:
    """So many of them, evenly from all kinds."""
    return faces[np.linspace(0, len(faces) - 1, count).astype(int)]


TEXT = """# Are the shipped faces good enough?

Made by `.venv-train/bin/python -m calibration report --data utkface64.zip` for the network
`{model}`, from the float weights whose SHA-256 begins {digest}.

## Error by calibration
{errors}

## Layer by layer
Ranges that int8 can hold, values of the float network beyond them, and signal-to-noise ratio of the int8
network's tensors against the float ones, on {probes} faces of `test/`. The layers are in the graph's order.

{ranges}

## No copies
{copies}
"""
