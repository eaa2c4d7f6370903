"""Counts what the models cost a Pi: `python -m tests.arm64.instructions MODEL.tflite…`.

Emulated time is no measure, but instructions are the processor's own: the same kernels run that a board would
choose. One inference is the difference between a run of 2N and one of N, over N. `--frames CLIP` counts whole
frames of the main job on that clip in the same way. `--rows runs/methods` counts the comparison's networks
that have no counts yet, and keeps them for its table.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
from pathlib import Path

from models.methods import instructions
from tests.arm64.guest import A53, A72, A76, BOOKWORM, CACHE, Guest, lacking
from tests.kept import alone

TIMES = 200  # at 40 two counts of one network differed by half a million
FRAMES = 60
LIMIT = 600  # seconds a run


def counter() -> Path:
    """The plugin, compiled."""
    source = Path(__file__).with_name("count.c")
    built = CACHE / "count.so"
    with alone("arm64-count"):
        if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
            CACHE.mkdir(parents=True, exist_ok=True)
            part = built.with_suffix(".part")
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", part, source], check=True, timeout=60)
            os.replace(part, built)
    return built


def count(guest: Guest, *arguments: str) -> int:
    """Instructions of one run of the guest's Python. Raises RuntimeError when it fails."""
    done = guest.run(*arguments, limit=LIMIT, plugin=counter())
    found = re.search(r"^instructions: (\d+)$", done.stderr, re.MULTILINE)
    if done.returncode or not found:
        raise RuntimeError(f"{' '.join(arguments)} left with {done.returncode}: {done.stderr[-2000:]}")
    return int(found[1])


def inference(guest: Guest, model: str, interpreter: str) -> float:
    """Millions of instructions of one inference of the file `model`."""

    def times(n: int) -> int:
        return count(guest, "-m", "tests.arm64.repeat", model, interpreter, str(n))

    return (times(2 * TIMES) - times(TIMES)) / TIMES / 1e6


def frame(guest: Guest, clip: str, interpreter: str) -> float:
    """Millions of instructions of one whole frame of the main job: reading, finding, aging, drawing."""

    def frames(n: int) -> int:
        return count(
            guest,
            "-m",
            "device",
            "run",
            "--source",
            f"file:{clip}",
            "--loop",
            "--pace",
            "fast",
            "--output",
            "none",
            "--interpreter",
            interpreter,
            "--frames",
            str(n),
        )

    return (frames(2 * FRAMES) - frames(FRAMES)) / FRAMES / 1e6


def count_rows(runs: Path) -> None:
    """Counts one row of each network in `runs` that has no counts, and keeps them in models/methods."""
    guests = {p.name: Guest(p, BOOKWORM) for p in (A72, A76)}
    for row, model in instructions.uncounted(runs):
        counts = {name: inference(guest, str(model), "ai_edge_litert") for name, guest in guests.items()}
        instructions.keep(row, counts)
        print(f"{row}:", ", ".join(f"{n:.2f} on {name}" for name, n in counts.items()), flush=True)


def main() -> None:
    """Prints a table: processor and interpreter, then millions of instructions for each model."""
    parser = argparse.ArgumentParser(description="Instructions of one inference on a Pi's processors.")
    parser.add_argument("models", nargs="*", metavar="MODEL.tflite")
    parser.add_argument("--frames", metavar="CLIP", help="count a whole frame of the main job on it, too")
    parser.add_argument(
        "--rows", metavar="RUNS", type=Path, help="count what `models methods run` made there"
    )
    options = parser.parse_args()
    compiler = "" if shutil.which("cc") else "needs a C compiler: sudo apt install gcc libc6-dev"
    if reason := lacking() or compiler:
        parser.exit(2, f"{reason}\n")
    if options.rows:
        if not options.rows.is_dir():
            parser.error(f"--rows {options.rows}: there is no such folder")
        count_rows(options.rows)
        return
    if absent := [model for model in options.models if not Path(model).is_file()]:
        parser.error(f"{absent[0]}: there is no such file")
    names = [Path(model).stem for model in options.models] + ["frame"] * bool(options.frames)
    print("millions of instructions".ljust(30), *(f"{name:>16}" for name in names))
    for processor in (A53, A72, A76):
        guest = Guest(processor, BOOKWORM)
        for interpreter in BOOKWORM.interpreters:
            counts = [inference(guest, model, interpreter) for model in options.models]
            if options.frames:
                counts.append(frame(guest, options.frames, interpreter))
            row = f"{processor.name} {interpreter}".ljust(30)
            print(row, *(f"{n:16.2f}" for n in counts), flush=True)


if __name__ == "__main__":
    main()
