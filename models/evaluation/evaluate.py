"""What the shipped file is worth: errors in years on labelled faces, in the device's own environment."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from device.age.error_model import load_error_model
from device.age.network import AgeNet, flip_averaged
from device.faces.alignment import SIDE, Cropper
from device.faces.border import with_border
from device.faces.detector import FaceDetector
from models.data import augment
from models.data.datasets import DataError, Face, FaceSet, load
from models.evaluation import attributes, intervals
from models.evaluation.heads import HeadNet, open_network

TOLERANCES = (3, 5, 7)  # years, of the cumulative scores CA(n)
BORDER = 1 / 3  # of the picture's side, repeated around one in which no face was found
MIN_SCORE = 0.5


class FaceFinder:
    """Detector and crop on whole photographs, as the device does it."""

    def __init__(self, interpreter: str = "auto"):
        self._detector = FaceDetector(interpreter=interpreter, min_score=MIN_SCORE)
        self._cropper = Cropper()

    def find(self, picture: np.ndarray) -> np.ndarray | None:
        """The largest face of a picture (uint8 BGR) as a crop, uint8 RGB (64, 64, 3), or None."""
        for border in (0.0, BORDER):
            framed = with_border(picture, int(max(picture.shape[:2]) * border))
            if found := self._detector.detect(framed):
                largest = max(found, key=lambda detection: detection.box.area)
                largest = self._detector.close_up(framed, largest.box) or largest
                return self._cropper.cut(framed, largest.keypoints[:2])
        return None


def stored(picture: np.ndarray) -> np.ndarray:
    """An aligned chip as it is, brought to 64×64; uint8 BGR in, uint8 RGB out."""
    if picture.shape[:2] != (SIDE, SIDE):
        picture = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def crops(found: FaceSet, finder: FaceFinder | None, missed: list[str]) -> Iterator[tuple[Face, np.ndarray]]:
    """Each face with its crop; photographs in which the detector finds none are added to `missed`."""
    for face, picture in found.pictures():
        crop = finder.find(picture) if finder else stored(picture)
        if crop is None:
            missed.append(face.path)
        else:
            yield face, crop


def scores(ages: np.ndarray, guesses: np.ndarray) -> dict[str, float | None]:
    """MAE and bias in years, cumulative scores CA(n) in percent; `mae_16_77` within MORPH2's span of ages."""
    errors = guesses - ages
    adult = (ages >= 16) & (ages <= 77)
    return {
        "mae": round(float(np.abs(errors).mean()), 3),
        **{f"ca{n}": round(100 * float((np.abs(errors) <= n).mean()), 1) for n in TOLERANCES},
        "bias": round(float(errors.mean()), 3),
        "mae_16_77": round(float(np.abs(errors[adult]).mean()), 3) if adult.any() else None,
    }


def grouped(keys: list, errors: np.ndarray) -> dict[str, dict[str, float]]:
    """MAE, bias and count for each key that is not None, in the keys' order."""
    groups: dict[object, list[float]] = defaultdict(list)
    for key, error in zip(keys, errors, strict=True):
        if key is not None:
            groups[key].append(error)
    return {
        str(key): {"mae": round(float(np.abs(e).mean()), 3), "bias": round(float(np.mean(e)), 3), "n": len(e)}
        for key, e in sorted(groups.items())
    }


def evaluate(
    found: FaceSet, net: AgeNet | HeadNet, finder: FaceFinder | None
) -> tuple[dict, np.ndarray, np.ndarray]:
    """The report of `--json`, the true ages and the estimates."""
    missed: list[str] = []
    pairs = list(crops(found, finder, missed))
    if not pairs:
        raise DataError(f"{found.source}: no face was found in any of its pictures")
    faces, seen = [face for face, _ in pairs], [crop for _, crop in pairs]
    report, guesses = measure(net, faces, seen)
    counts = {"n": len(faces), "missed": len(missed), "skipped": len(found.skipped)}
    return counts | report, labels_of(faces), guesses


def labels_of(faces: list[Face]) -> np.ndarray:
    """What is true of the faces, float32 (n,): ages in years, or another label."""
    return np.array([face.value for face in faces], np.float32)


def measure(net: AgeNet | HeadNet, faces: list[Face], seen: list[np.ndarray]) -> tuple[dict, np.ndarray]:
    """The report on these faces and their crops, uint8 RGB (64, 64, 3) each, and the estimates."""
    ages = labels_of(faces)
    guesses, p99 = timed(net, seen)
    errors = guesses - ages
    rng = np.random.default_rng(0)
    occluded = {
        "masked": np.array([net.estimate(augment.mask(rng, crop.copy())) for crop in seen]),
        "eyes_covered": np.array([net.estimate(augment.glasses(rng, crop.copy())) for crop in seen]),
    }
    assert net.path is not None  # as it is of bytes only
    report = {
        **scores(ages, guesses),
        "both_ways": scores(ages, np.array([flip_averaged(net, crop).age for crop in seen], np.float32)),
        "by_decade": grouped([int(face.value // 10 * 10) for face in faces], errors),
        "by_gender": grouped([face.gender for face in faces], errors),
        "by_race": grouped([face.race for face in faces], errors),
        **{name: round(float(np.abs(values - ages).mean()), 3) for name, values in occluded.items()},
        "p99_ms": p99,
        "interpreter": net.package,
        "model_sha256": hashlib.sha256(net.path.read_bytes()).hexdigest(),
    }
    if isinstance(net, AgeNet) and net.has_attributes:
        report["attributes"] = attributes.attributes_report(net, faces, seen)
    if isinstance(net, AgeNet):
        belt = load_error_model(str(net.path)).belt
        report["interval"] = intervals.intervals_report(net, belt, faces, seen)
    return report, guesses


def timed(net: AgeNet | HeadNet, seen: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """Estimates in years, and the 99th percentile of one estimate's time in milliseconds."""
    guesses, times = np.empty(len(seen), np.float32), np.empty(len(seen))
    for i, crop in enumerate(seen):
        started = time.perf_counter()
        guesses[i] = net.estimate(crop)
        times[i] = time.perf_counter() - started
    return guesses, round(float(np.percentile(times, 99)) * 1e3, 3)


def table(report: dict) -> str:
    """The report for people."""
    lines = [f"{report['n']} faces, {report['missed']} missed, {report['skipped']} skipped"]
    for what, row in (
        ("one reading", report),
        ("as the device reads it, both ways round", report["both_ways"]),
    ):
        shares = ", ".join(f"CA({n}) {row[f'ca{n}']:.1f} %" for n in TOLERANCES)
        lines.append(f"MAE {row['mae']:.2f} years, bias {row['bias']:+.2f}, {shares}: {what}")
    if report["mae_16_77"] is not None:
        lines.append(f"MAE of those of 16 to 77, MORPH2's span of ages: {report['mae_16_77']:.2f}")
    lines.append(
        f"MAE with a mask {report['masked']:.2f}, with the eyes covered {report['eyes_covered']:.2f}"
    )
    for title in ("by_decade", "by_gender", "by_race"):
        for key, row in report[title].items():
            lines.append(f"  {key:>8}  MAE {row['mae']:5.2f}  bias {row['bias']:+6.2f}  n {row['n']}")
    lines += attributes.lines(report["attributes"]) if "attributes" in report else []
    lines += intervals.lines(report["interval"]) if "interval" in report else []
    lines.append(f"one estimate, 99th percentile: {report['p99_ms']:.3f} ms with {report['interpreter']}")
    return "\n".join(lines)


def plots(ages: np.ndarray, guesses: np.ndarray, folder: Path) -> None:
    """Error by age, predicted against true, cumulative error, as PNG in `folder`."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    errors = guesses - ages
    decades = np.arange(0, 110, 10)
    figure, axes = plt.subplots(1, 3, figsize=(13, 4))
    groups = [errors[(ages >= d) & (ages < d + 10)] for d in decades[:-1]]
    axes[0].boxplot(
        [g if len(g) else [np.nan] for g in groups], positions=decades[:-1] + 5, widths=6, showfliers=False
    )
    axes[0].axhline(0, color="grey", lw=0.5)
    axes[0].set(xlabel="age", ylabel="error, years", title="Error by age")
    axes[0].set_xticks(decades, decades)
    axes[1].plot([0, 100], [0, 100], color="grey", lw=0.5)
    axes[1].scatter(ages, guesses, s=3, alpha=0.4)
    axes[1].set(xlabel="true age", ylabel="estimate", title="Estimate against truth")
    axes[2].plot(np.sort(np.abs(errors)), 100 * np.arange(1, len(errors) + 1) / len(errors))
    axes[2].set(xlabel="error, years", ylabel="faces within, %", xlim=(0, 30), title="Cumulative error")
    figure.tight_layout()
    figure.savefig(folder / "evaluation.png", dpi=100)
    plt.close(figure)


def main(argv: list[str]) -> int:
    """`python -m models evaluate`; 0. Raises DataError or ModelError for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="zip, folder or CSV of faces with ages")
    parser.add_argument("--part", default="test", help="part of the set, where it has parts (default: test)")
    parser.add_argument("--detect", action="store_true", help="find the faces in whole photographs first")
    parser.add_argument("--model", default="age", help="age, age-wide or a .tflite file (default: age)")
    parser.add_argument("--interpreter", default="auto", help="auto, ai_edge_litert or tflite_runtime")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write plots there (needs matplotlib)")
    options = parser.parse_args(argv)
    found = load(options.data).part(options.part)
    finder = FaceFinder(options.interpreter) if options.detect else None
    report, ages, guesses = evaluate(found, open_network(options.model, options.interpreter), finder)
    print(json.dumps(report) if options.json else table(report))
    for path, why in list(found.skipped.items())[:5]:
        print(f"skipped {path}: {why}", file=sys.stderr)
    if options.plots:
        plots(ages, guesses, options.plots)
    return 0
