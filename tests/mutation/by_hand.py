"""`python -m tests.mutation.by_hand [--whole] [NAME …]`: whether the tests notice what `by_hand.toml` does.

Each is made in a copy of the tracked files, which the programs that tests start run, too, and without the
samples: its own tests run, then, with `--whole`, the whole suite where they pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["fault"]
UNTRACKED = (".venv", "models/fetched")  # which the tests need as well
LIMIT_S = 1800


def main(names: list[str]) -> int:
    """Judge the faults whose name holds one of `names`, or all; 1 when one went unnoticed."""
    whole = "--whole" in names
    names = [name for name in names if name != "--whole"]
    chosen = [fault for fault in FAULTS if not names or any(name in fault["name"] for name in names)]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="by-hand-") as folder:
        copy_tree(Path(folder))
        for fault in chosen:
            by = noticed_by(fault, Path(folder), whole)
            unnoticed += by is None
            print(f"{fault['name']}: {by or 'NOT NOTICED'}", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} noticed")
    return 1 if unnoticed else 0


def copy_tree(folder: Path) -> None:
    """The tracked files as they are now, and links to what else the tests need."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in UNTRACKED:
        (folder / name).symlink_to((ROOT / name).resolve())


def faulty(text: str, edits: list[list[str]]) -> str:
    """A source with the fault in it. Raises ValueError where a place of it is not there once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text


def noticed_by(fault: dict, folder: Path, whole: bool) -> str | None:
    """The first test that fails, of its own or else of the `whole` suite; None for none.

    Raises RuntimeError where that test fails without the fault, too.
    """
    path = folder / fault["file"]
    good = path.read_text(encoding="utf-8")
    path.write_text(faulty(good, fault["edits"]), encoding="utf-8")
    try:
        test = failed(folder, [f"tests/{name}" for name in fault["tests"]])
        if whole and not test:
            test = failed(folder, ["tests"])
    finally:
        path.write_text(good, encoding="utf-8")
    if test and failed(folder, [test]):
        raise RuntimeError(f"{test} fails without the fault, too")
    return test


def failed(folder: Path, tests: list[str]) -> str | None:
    """The first of these tests that fails; None when all pass."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=no",
        "-rfE",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    environment = os.environ | {"SAMPLES": str(folder / "no-samples"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if not lines:
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return lines[0].split(" ", 1)[1].split(" - ")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
