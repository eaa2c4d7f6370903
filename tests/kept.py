"""Folders that take minutes to make: made once, and kept in .cache under the hash of their recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # mke2fs and modprobe are there
MADE_WITHIN_S = 3600  # a root takes 4 minutes of a free core, and ten times that on a busy one


def lacking(tools: dict[str, str]) -> str:
    """What this machine lacks to make them, {program: package}, with the remedy; empty when nothing."""
    if absent := [package for program, package in tools.items() if shutil.which(program, path=PATH) is None]:
        return f"needs Debian's tools: sudo apt install {' '.join(absent)}"
    return "" if os.geteuid() == 0 else "needs root: the roots of the emulated machines are made with it"


def recipe_hash(word: str, *scripts: Path) -> str:
    """What stands for these scripts, called for `word`."""
    text = "".join(script.read_text() for script in scripts)
    return hashlib.sha256(f"{word}\n{text}".encode()).hexdigest()[:12]


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Only one process at a time makes what `name` stands for."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def made(place: Path) -> Iterator[Path | None]:
    """A folder to fill, which gets its name when all went well; None where it is there already.

    Its file `seconds` says how long that took.
    """
    if place.exists():
        yield None
        return
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    print(f"making {place.name}", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield part
    (part / "seconds").write_text(f"{time.monotonic() - started:.0f}\n")
    part.rename(place)


def run_script(script: Path, *arguments: object) -> None:
    """A script of a recipe; its last words in the RuntimeError when it fails."""
    done = subprocess.run(
        [str(script), *map(str, arguments)],
        env=os.environ | {"PATH": PATH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MADE_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script.name} left with {done.returncode}:\n{done.stdout[-3000:]}")
