"""Runs a module's own tests against each of its mutants, in a process of its own.

The parent has imported what costs time (NumPy, OpenCV, the interpreters, pytest) and nothing of ours; each
mutant is a fork of it, in which an import hook gives the changed code. No file changes. A program that a test
starts anew (`python -m device …`) runs the file as it is, and so notices nothing.
"""

from __future__ import annotations

import ast
import importlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import pytest
from hypothesis import Phase, settings

from tests.mutation.operators import Mutant, mutants, sample

SLOW_IMPORTS = (
    "numpy",
    "cv2",
    "hypothesis.strategies",
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
)
settings.register_profile(
    "mutation", derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate]
)
TIMES = 3  # a mutant may take so much more of the processor than the module as it is
LEAST_S = 2  # and this on top
WAITING_S = 20  # and so much more by the clock: the machine may be busy
ADDRESS_SPACE = 8 << 30  # bytes


class Verdict(NamedTuple):
    """A mutant and what came of it: "failed" tests, the "time" limit, or None: nothing was noticed."""

    mutant: Mutant
    noticed: str | None


class CleanRunFailed(Exception):
    """A module's tests do not pass as it is, so they can say nothing of its mutants."""


def warm_up() -> None:
    """Import what each fork would otherwise import for itself."""
    for name in SLOW_IMPORTS:
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def judge(path: Path, root: Path, tests: list[Path], at_most: int, seed: int, jobs: int) -> Iterator[Verdict]:
    """The verdicts on a sample of a module's mutants, in the order of its source.

    `path` and `tests` are files below `root`. CleanRunFailed when the tests fail, or find nothing, as it is.
    """
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    clean = compile(tree, str(path), "exec")
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        pool = _Pool(name, path, tests, Path(scratch))
        if pool.measure(clean) != 0:
            raise CleanRunFailed(f"the tests of {name} do not pass as it is")
        chosen = sample(mutants(tree), at_most, seed)
        waiting = list(enumerate(chosen))
        found: dict[int, str | None] = {}
        while waiting or pool.running:
            while waiting and len(pool.running) < jobs:
                number, mutant = waiting.pop(0)
                pool.start(number, mutant.compiled(tree, str(path)))
            found.update(pool.ended())
            time.sleep(0.005)
    return (Verdict(mutant, found[number]) for number, mutant in enumerate(chosen))


class _Pool:
    """Forks that run the tests, each with a time limit."""

    def __init__(self, name: str, path: Path, tests: list[Path], scratch: Path):
        self._name, self._path, self._scratch = name, path, scratch
        self._tests = [str(test) for test in tests]
        self._cpu_s, self._wall_s = 120, 120.0
        self.running: dict[int, tuple[int, float]] = {}

    def measure(self, code: CodeType) -> int:
        """The exit status with the module as it is; sets the limits of the mutants after it."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        self.start(-1, code)
        _, status = os.waitpid(next(iter(self.running)), 0)
        self.running.clear()
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self._cpu_s, self._wall_s = round(TIMES * used + LEAST_S), TIMES * wall + WAITING_S
        return os.waitstatus_to_exitcode(status)

    def start(self, number: int, code: CodeType) -> None:
        """Run the tests in a fork, with the module's code replaced."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._run(number, code)
        self.running[child] = (number, time.monotonic())

    def ended(self) -> Iterator[tuple[int, str | None]]:
        """The mutants that came to an end since the last call, and how they were noticed."""
        for child, (number, since) in list(self.running.items()):
            late = time.monotonic() - since > self._wall_s
            if late:
                os.kill(child, signal.SIGKILL)
            done, status = os.waitpid(child, 0 if late else os.WNOHANG)
            if not done:
                continue
            _end_group(child)
            shutil.rmtree(self._scratch / str(number), ignore_errors=True)
            del self.running[child]
            code = os.waitstatus_to_exitcode(status)
            yield number, None if code == 0 else "time" if late or code == -signal.SIGXCPU else "failed"

    def _run(self, number: int, code: CodeType) -> None:
        """The fork: never returns."""
        status = 70
        try:
            os.setsid()
            quiet = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(quiet, stream)
            resource.setrlimit(resource.RLIMIT_CPU, (self._cpu_s, self._cpu_s + 5))
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
            sys.meta_path.insert(0, _Finder(self._name, self._path, code))
            options = ["-x", "--tb=no", "-p", "no:cacheprovider", "--hypothesis-profile=mutation"]
            status = int(pytest.main([*options, f"--basetemp={self._scratch / str(number)}", *self._tests]))
        finally:
            os._exit(status)


class _Finder(SourceFileLoader):
    """Gives the changed code for one module, and leaves all others alone."""

    def __init__(self, name: str, path: Path, code: CodeType):
        super().__init__(name, str(path))
        self._code = code

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None):
        """The module's place, when it is ours."""
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        """The changed code."""
        return self._code


def _end_group(child: int) -> None:
    """End what a test left behind; its session has the child's number."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return
