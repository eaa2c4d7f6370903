"""Measures the product itself: whole runs of it, crowds of faces, detector threads, how fast it starts."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from typing import NamedTuple, cast

from device.app.application import Run
from device.app.report import RunReport
from device.bench.drawing import drawing
from device.bench.report import BenchReport, InterpreterReport, MeasuredReport
from device.bench.synthetic_detector import scaling
from device.board.machine import describe
from device.config.example import example
from device.config.loader import changed
from device.config.schema import Settings
from device.errors import DeviceError
from device.faces.detector import FaceDetector
from device.frame import Image
from device.inference.interpreter import available
from device.pipeline.pipeline import Networks

SHARES = (0.5, 0.95, 0.99)
STARTS = 5  # processes started to see how long the first frame takes
FRAME_WAIT_S = 1.0
RUN_LIMIT = 600.0  # seconds for a run in a process of its own
EVERYTHING = {"detect_every": 1, "settled_every_s": 0.0}  # detection and every age on every frame
THREADS = (1, 2, 4)
DETECTIONS = 100


def prepared(settings: Settings) -> Settings:
    """Unless they are named: the demo, and no output. Always without end, and as fast as it goes."""
    use = "demo" if settings.source.use == "auto" else settings.source.use
    outputs = ("none",) if settings.output.use == ("auto",) else settings.output.use
    return changed(settings, source={"use": use, "pace": "fast", "loop": True}, output={"use": outputs})


def measure(settings: Settings, frames: int, warm_up: int) -> BenchReport:
    """All figures: the keys of `run --summary json` for frames with everything done, and more beside."""
    everything = changed(settings, schedule=EVERYTHING)
    report, image, networks = measured_run(everything, frames, warm_up)
    settled = measured_run(settings, frames, warm_up).report
    report["start_to_first_frame_s"] = start_to_first_frame(settings)
    return {
        **report,
        "settled": {
            "stages": settled["stages"],
            "frames_per_s": settled["frames_per_s"],
            "detect_every": settings.schedule.detect_every,
        },
        "faces_scaling": scaling(settings, image, *networks),
        "detector_threads_ms": {threads: detection_ms(settings, threads, image) for threads in THREADS},
        "overlay_1080p": drawing(settings),
        "machine": describe(),
        "other_interpreters": other_interpreters(settings, report["interpreter"], warm_up + frames),
    }


class MeasuredRun(NamedTuple):
    """A run's report, and what further measurements need of it."""

    report: MeasuredReport
    image: Image  # the last picture
    networks: Networks


def measured_run(settings: Settings, frames: int, warm_up: int) -> MeasuredRun:
    """Warm up, then measure `frames` frames."""
    with ExitStack() as closing:
        run = Run(settings, threading.Event(), closing)
        run.loop.run(warm_up)
        run.timings.clear()
        held, blocks, start = run.meter.mib(), sys.getallocatedblocks(), time.monotonic()
        run.loop.run(warm_up + frames)
        seconds = time.monotonic() - start
        blocks, held = sys.getallocatedblocks() - blocks, run.meter.mib() - held
        report: MeasuredReport = {
            **run.report(),
            "frames_per_s": round(frames / seconds, 1),
            "memory_growth_mib": round(held, 2),
            "allocations_per_frame": round(blocks / frames, 3),
        }
        report["stages"] = run.timings.milliseconds(SHARES)
        frame = run.capture.next(FRAME_WAIT_S)
        if frame is None:
            raise DeviceError(f"{report['source']}: no frame within {FRAME_WAIT_S:g} s after the measurement")
        image = frame.image.copy()
    return MeasuredRun(report, image, run.networks)


def detection_ms(settings: Settings, threads: int, image: Image) -> float:
    """The median time of a detection with so many threads, in ms."""
    detector = FaceDetector(settings.detector.kind, settings.age.interpreter, threads)
    times = []
    for _ in range(DETECTIONS):
        start = time.monotonic()
        detector.detect(image)
        times.append(time.monotonic() - start)
    return round(statistics.median(times) * 1e3, 2)


def start_to_first_frame(settings: Settings) -> float | None:
    """Seconds from a process's start to its first finished frame, the median of five processes.

    None where the kernel does not tell when a process began.
    """
    times = [run_apart(settings, 1)["start_to_first_frame_s"] for _ in range(STARTS)]
    known = [seconds for seconds in times if seconds is not None]
    return round(statistics.median(known), 2) if known else None


def other_interpreters(settings: Settings, interpreter: str, frames: int) -> dict[str, InterpreterReport]:
    """What frames with everything done take with the other interpreters installed, by name."""
    rows: dict[str, InterpreterReport] = {}
    for other in available():
        if other != interpreter:
            asked = changed(settings, schedule=EVERYTHING, age={"interpreter": other})
            report = run_apart(asked, frames)
            rows[other] = {"stages": report["stages"], "peak_memory_mib": report["peak_memory_mib"]}
    return rows


def run_apart(settings: Settings, frames: int) -> RunReport:
    """The report of `python -m device run` with these settings, in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(example(settings))
        file.flush()
        command = [sys.executable, "-m", "device", "run", "--config", file.name]
        command += ["--frames", str(frames), "--summary", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT, check=False)
    if done.returncode:
        raise DeviceError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return cast(RunReport, json.loads(done.stdout))
