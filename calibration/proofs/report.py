"""`python -m calibration report --data FACES`: the test that the shipped faces are good enough, as Markdown.

The same float weights are quantized with several calibrations; each is judged by its error on `test/`, by the
range it gives every layer, and by the quantization noise there. Needs TensorFlow.
"""

from __future__ import annotations

import hashlib
import tomllib
from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from calibration.proofs import layers, nearest_neighbours
from calibration.proofs.holdout import float_ages, int8_ages
from calibration.proofs.sensitivity import random_faces
from calibration.synthetic.build import make, plan
from calibration.synthetic.face_model import FaceModel
from device.errors import ModelError

MODELS = Path(__file__).resolve().parents[2] / "models"
OUT = Path(__file__).with_name("report.md")
SIZES = (50, 100, 200, 500)
SHIPPED, REAL, NOISE = "shipped faces", "training faces", "random noise"
PROBES = 100  # photographs of test/ on which the layers are compared
HELD_OUT = 1000  # training photographs whose similarity to the others is the one to compare with


def calibrations(source: str) -> dict[str, np.ndarray]:
    """Every set to compare, uint8 RGB (n, 64, 64, 3): the shipped one, parts of it, photographs, noise."""
    from models.quantization.quantize import representative_faces

    shipped = representative_faces()
    model = FaceModel()
    more = np.stack([make(model, face)[0] for face in plan(7)])  # seven of each kind: 560
    photographs = np.stack(random_faces(source, "train", max(SIZES))[0])
    sets = {f"{SHIPPED}, {len(shipped)}": shipped}
    for size in SIZES:
        sets[f"synthesised, {size}"] = evenly_spaced(more if size > len(shipped) else shipped, size)
    for size in SIZES:
        sets[f"{REAL}, {size}"] = photographs[:size]
    rng = np.random.default_rng(0)
    sets[f"{NOISE}, {max(SIZES)}"] = rng.integers(0, 256, (max(SIZES), 64, 64, 3), np.uint8)
    return sets


def errors(
    source: str, name: str, weights: Path, sets: dict[str, np.ndarray]
) -> tuple[str, dict[str, bytes], bytes]:
    """The table of errors; the int8 files by calibration, and the float file."""
    from models.quantization import quantize

    settings = tomllib.loads((MODELS / f"{name}.toml").read_text())
    network = quantize.export_model(settings, weights)
    crops, ages = random_faces(source, "test", 10**6)
    faces = np.stack(crops)
    reference = float_ages(network, faces)
    float_mae = np.abs(reference - ages).mean()
    lines = [
        f"{len(faces)} faces of `test/`, float network: MAE {float_mae:.3f}.",
        "",
        "| calibrated with | MAE | more than float | mean distance from float |",
        "|---|---|---|---|",
    ]
    files = {}
    for label, calibration in sets.items():
        files[label] = quantize.quantize(network, calibration)
        estimates = int8_ages(files[label], "auto", faces)
        mae, away = np.abs(estimates - ages).mean(), np.abs(estimates - reference).mean()
        lines.append(f"| {label} | {mae:.3f} | {mae - float_mae:+.3f} | {away:.3f} |")
    return "\n".join(lines), files, quantize.to_float(network)


def ranges(files: dict[str, bytes], float_file: bytes, source: str) -> str:
    """The table of layers: ranges with the shipped faces and with photographs, SQNR of each calibration."""
    wanted = (SHIPPED, "synthesised, 50", f"{REAL}, {max(SIZES)}", NOISE)
    chosen = [label for label in files if label.startswith(wanted)]
    probes = np.stack(random_faces(source, "test", PROBES)[0])
    float_layers = layers.run(float_file, probes)
    quantized = {label: layers.run(files[label], probes) for label in chosen}
    compared = [0, 3]  # of the chosen: the shipped set and as many photographs
    head = [
        "layer",
        *(f"range, {chosen[i]}" for i in compared),
        "cut off, shipped",
        *(f"SNR in dB, {label}" for label in chosen),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for index, layer in enumerate(float_layers):
        row = [quantized[label][index] for label in chosen]
        spans = " | ".join(f"{row[i].low:.2f} … {row[i].high:.2f}" for i in compared)
        ratios = " | ".join(f"{layers.sqnr(layer.values, r.values):.1f}" for r in row)
        shape = "×".join(map(str, layer.shape))
        lines.append(
            f"| {index} {layer.kind.lower()} {shape} | {spans} | "
            f"{100 * layers.clipped_share(layer.values, row[0]):.2f} % | {ratios} |"
        )
    return "\n".join(lines)


def nearest_neighbour_test(source: str) -> str:
    """The nearest-neighbour test as a sentence and a table."""
    train = np.stack(random_faces(source, "train", 10**6)[0])
    held_out, gallery = train[:HELD_OUT], nearest_neighbours.Gallery(train[HELD_OUT:])
    found = {
        "shipped faces": gallery.nearest(nearest_neighbours.unoccluded_faces()),
        "photographs held back": gallery.nearest(held_out),
    }
    lines = [
        f"Similarity to the nearest neighbour among {len(train) - HELD_OUT} training photographs; "
        "1 is a copy.",
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
    table, files, float_file = errors(args.data, args.model, weights, sets)
    text = TEXT.format(
        model=args.model,
        errors=table,
        ranges=ranges(files, float_file, args.data),
        neighbours=nearest_neighbour_test(args.data),
        probes=PROBES,
        digest=hashlib.sha256(weights.read_bytes()).hexdigest()[:12],
    )
    args.out.write_text(text)
    print(text)
    return 0


def evenly_spaced(faces: np.ndarray, count: int) -> np.ndarray:
    """`count` of the faces at even steps, so that all kinds are among them."""
    return faces[np.linspace(0, len(faces) - 1, count).astype(int)]


TEXT = """# Are the shipped faces good enough?

Made by `.venv-train/bin/python -m calibration report --data utkface64.zip` for the network
`{model}`, from the float weights whose SHA-256 begins {digest}.

## Error by calibration
{errors}

## Layer by layer
Ranges that int8 represents, share of the float network's values that they clip ("cut off"), and signal to
quantization noise ratio, on {probes} faces of `test/`. The layers are in the graph's order.

{ranges}

## No copies
{neighbours}
"""
