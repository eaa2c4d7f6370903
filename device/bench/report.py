"""What the benchmark measured, as data: the object that `python -m device bench --json` prints."""

from __future__ import annotations

from typing import TypedDict

from device.app.report import RunReport
from device.bench.drawing import DrawingReport
from device.board.machine import Machine

Stages = dict[str, dict[str, float]]  # by stage, its percentiles in ms: {"detect": {"p50": 1.1, …}, …}


class FacesRow(TypedDict):
    """What a frame costs with so many faces in view, in milliseconds, and how soon each has its age."""

    faces: int
    all_p50_ms: float  # all of them estimated on every frame
    p50_ms: float  # within `budget_ms`
    p99_ms: float
    budget_ms: float
    first_age_s: float | None  # until the last face has its first estimate
    longest_wait_s: float  # between two estimates of one face


class SettledReport(TypedDict):
    """With the settings as they are: faces that are settled cost less."""

    stages: Stages
    frames_per_s: float
    detect_every: int


class InterpreterReport(TypedDict):
    """Another interpreter, in a process of its own."""

    stages: Stages
    peak_memory_mib: float


class MeasuredReport(RunReport):
    """A run's report, and what it held and allocated after its warm-up."""

    frames_per_s: float
    memory_growth_mib: float  # anonymous and shared memory, and dma-bufs
    allocations_per_frame: float


class BenchReport(MeasuredReport):
    """Everything."""

    settled: SettledReport
    faces_scaling: list[FacesRow]
    detector_threads_ms: dict[int, float]
    overlay_1080p: DrawingReport
    machine: Machine
    other_interpreters: dict[str, InterpreterReport]
