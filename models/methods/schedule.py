"""Rows in turn or side by side: each is trained, quantized and measured in processes of its own."""

from __future__ import annotations

import csv
import ctypes
import fcntl
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from device.files import replacing
from models.data.datasets import DataError
from models.errors import told
from models.evaluation.evaluate import labels_of
from models.methods import figures
from models.methods.faces import TESTS, read_test
from models.methods.recipe import Recipe
from models.methods.run_files import FLOAT, INT8, MEASURED, RECIPE

LOG = "log.csv"  # of the loop of training: an epoch a line
LOCK = "lock"
POLL = 1.0  # seconds
DONE = "done"
PR_SET_PDEATHSIG = 1  # of Linux' prctl
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up log hides the progress


@dataclass
class Job:
    """One row with one seed, its folder, and the jobs that must be done before."""

    recipe: Recipe
    seed: int
    folder: Path
    before: list[Job] = field(default_factory=list)

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.recipe.name}, seed {self.seed}"

    def epochs_done(self) -> tuple[int, float]:
        """Epochs in the log, and the seconds that one of them took; 0 before the first."""
        if not (self.folder / LOG).exists():
            return 0, 0.0
        with (self.folder / LOG).open() as file:
            seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
        return len(seconds), float(np.median(seconds)) if seconds else 0.0

    def seconds_an_epoch(self, where: Path) -> float:
        """What an epoch takes: by its own log, or its figures; 0 where neither says."""
        measured = self.epochs_done()[1]
        found = None if measured else figures.read(self.recipe.name, where)
        return measured or (next(iter(found["seeds"].values()))["seconds_an_epoch"] if found else 0.0)


def planned(recipes: list[Recipe], seeds: int, out: Path) -> list[Job]:
    """A job for each recipe and seed, all rows with one seed before the next."""
    jobs: list[Job] = []
    for seed in range(recipes[0].protocol.seed, recipes[0].protocol.seed + seeds):
        of_seed: dict[str, Job] = {}
        for recipe in recipes:
            before = [of_seed[name] for name in recipe.needs]
            of_seed[recipe.name] = Job(recipe, seed, out / recipe.name / f"seed-{seed}", before)
        jobs += of_seed.values()
    return jobs


@dataclass
class Schedule:
    """All jobs of a run, at most `parallel` at a time; figures go to the folder `where`."""

    jobs: list[Job]
    cache: Path
    protocol: str
    where: Path
    parallel: int = 1
    writing: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> list[Job]:
        """Do what is missing; returns the jobs that failed, with those that needed them."""
        share = max(1, len(os.sched_getaffinity(0)) // self.parallel)
        os.environ.setdefault("OMP_NUM_THREADS", str(share))  # waiting threads cost most
        over: dict[str, str] = {}  # how the jobs ended that did, by title
        waiting, running = list(self.jobs), dict[Future[str], Job]()
        with ThreadPoolExecutor(self.parallel) as pool:
            while waiting or running:
                # the first whose rows before are over: one that must wait would keep a processor idle
                ready = [job for job in waiting if all(earlier.title in over for earlier in job.before)]
                for job in ready[: self.parallel - len(running)]:
                    waiting.remove(job)
                    running[pool.submit(self.attempt, job, over)] = job
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    title = running.pop(future).title
                    over[title] = future.result()
                    print(
                        f"{title}: {over[title]}; {len(over)} of {len(self.jobs)}, {self.left()}", flush=True
                    )
        return [job for job in self.jobs if over[job.title] != DONE]

    def attempt(self, job: Job, over: dict[str, str]) -> str:
        """Do a job, unless one that it needs was not done; how it ended. `over`: how those did, by title."""
        if any(over[earlier.title] != DONE for earlier in job.before):
            return "left out"
        return DONE if self.complete(job) else "FAILED"

    def complete(self, job: Job) -> bool:
        """Train, quantize and measure what is missing of one job; whether all is there now."""
        job.folder.mkdir(parents=True, exist_ok=True)
        with (job.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be at it; what it leaves is taken up
            return self.complete_alone(job)

    def complete_alone(self, job: Job) -> bool:
        """`complete`, while no other run is at it."""
        write_recipe(job, self.protocol)
        others = {earlier.recipe.name: earlier.folder for earlier in job.before}
        steps: list[tuple[Path, Callable, tuple]] = [
            (job.folder / FLOAT, train, (job.recipe, job.seed, job.folder, others, self.cache)),
        ]
        if job.recipe.scored:
            steps.append((job.folder / INT8, quantize, (job.recipe, job.folder)))
            steps.append((job.folder / MEASURED, measure, (job.folder, self.cache)))
        for result, step, arguments in steps:
            if not result.exists() and not in_a_process(step, arguments, job.title):
                return False
        if job.recipe.scored:
            self.keep_figures(job)
        return True

    def keep_figures(self, job: Job) -> None:
        """Write down what the job measured."""
        said = json.loads((job.folder / MEASURED).read_text())
        said["seconds_an_epoch"] = round(job.epochs_done()[1], 1)
        tests = {name: test for name in TESTS if (test := read_test(self.cache, name))}
        labels = {name: labels_of(faces) for name, (faces, _, _) in tests.items()}
        with self.writing:  # two seeds of a row share a file
            figures.add(job.recipe, self.protocol, job.seed, said, labels, self.where)

    def left(self) -> str:
        """The time that is left, as far as the epochs' seconds are known."""
        waiting = [job for job in self.jobs if not (job.folder / FLOAT).exists()]
        if not waiting:
            return "nothing left to train"
        known = {job.title: job.seconds_an_epoch(self.where) for job in self.jobs}
        typical = float(np.median([s for s in known.values() if s] or [0.0]))
        seconds = sum(
            (job.recipe.protocol.epochs - job.epochs_done()[0]) * (known[job.title] or typical)
            for job in waiting
        )
        return f"about {seconds / 60 / self.parallel:.0f} min of training left"


def write_recipe(job: Job, protocol: str) -> None:
    """Keep the recipe in the job's folder. Raises DataError where another one was trained there."""
    said = {"protocol": protocol, "own": figures.settings_of(job.recipe), "recipe": job.recipe.as_dict()}
    path = job.folder / RECIPE
    if path.exists():
        before = json.loads(path.read_text())
        if any(before[key] != said[key] for key in ("protocol", "own")):
            raise DataError(
                f"{job.folder}: begun by another recipe, protocol or data; remove it, or choose --out"
            )
        return
    with replacing(path) as part:
        part.write_text(json.dumps(said, indent=1))


def in_a_process(step: Callable, arguments: tuple, title: str) -> bool:
    """Whether the step ended well. Its process imports what it needs: torch and TensorFlow share none."""
    process = multiprocessing.get_context("spawn").Process(
        target=_run_step, args=(step, arguments, title), daemon=True
    )
    process.start()
    while process.is_alive():  # not one join for hours, which would keep an interrupt waiting
        process.join(POLL)
    return process.exitcode == 0


def _run_step(step: Callable, arguments: tuple, title: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # where the run is killed, its steps end too
    started = time.monotonic()
    status = told("models", f"methods, {step.__name__} {title}", lambda: step(*arguments))
    took, busy = time.monotonic() - started, time.process_time()
    print(f"{title}: {step.__name__} took {took:.0f} s, {busy:.0f} s of a processor", flush=True)
    sys.exit(status)


def train(*arguments) -> int:
    """`train_row`, in a process of torch's."""
    from models.commands import keep_freed_memory
    from models.methods.training import train_row

    keep_freed_memory()
    train_row(*arguments)
    return 0


def quantize(*arguments) -> int:
    """`quantize_row`, in a process of TensorFlow's."""
    from models.methods.export import quantize_row

    quantize_row(*arguments)
    return 0


def measure(*arguments) -> int:
    """`measure_row`, by the interpreter."""
    from models.methods.measure import measure_row

    measure_row(*arguments)
    return 0
