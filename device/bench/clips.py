"""How steadily the people in recorded clips are tracked: `python -m device bench --clips FOLDER`."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from device.app.application import Run
from device.config.loader import changed
from device.config.schema import Settings
from device.errors import ConfigError

SUFFIXES = (".mkv", ".mp4", ".avi", ".gif")
RANGES = ("short", "full")
NO_LIMIT_MIB = 2**20


class Figures(NamedTuple):
    """One clip with one detector."""

    clip: str
    detector: str
    frames: int
    tracked: float  # share of the frames with a track, 0 to 1
    tracks: int  # identities given in all
    at_end: int  # of them in the last frame
    frame_ms: float  # median


def figures(path: Path, settings: Settings, detector: str) -> Figures:
    """Run one clip through everything, frame by frame."""
    settings = changed(
        settings,
        source={"use": f"file:{path}", "pace": "fast", "loop": False},
        output={"use": ["none"]},
        detector={"range": detector},
        limits={"memory_mib": NO_LIMIT_MIB},  # many runs in one process
    )
    with ExitStack() as closing:
        run = Run(settings, threading.Event(), closing)
        run.loop.run()
        report = run.report()
    frames = report["frames"]
    at_end = sum(track["last_frame"] == frames - 1 for track in report["tracks"])
    tracked = report["frames_with_track"] / frames
    return Figures(
        path.name, detector, frames, tracked, report["tracks_total"], at_end, report["stages"]["frame"]["p50"]
    )


def print_figures(settings: Settings, folder: str, as_json: bool) -> int:
    """A line for every clip and detector, or one JSON object a line. Raises ConfigError without clips."""
    clips = sorted(path for path in Path(folder).glob("*") if path.suffix in SUFFIXES)
    if not clips:
        raise ConfigError(f"--clips {folder}: there is no {', '.join(SUFFIXES)} in it.")
    if not as_json:
        print(f"{'clip':<46}{'detector':<10}{'frames':>6}{'tracked':>9}{'tracks':>8}{'at end':>8}{'ms':>7}")
    for path in clips:
        for detector in RANGES:
            row = figures(path, settings, detector)
            print(json.dumps(row._asdict()) if as_json else _line(row), flush=True)
    return 0


def _line(row: Figures) -> str:
    return (
        f"{row.clip:<46}{row.detector:<10}{row.frames:>6}{row.tracked:>9.1%}{row.tracks:>8}{row.at_end:>8}"
        f"{row.frame_ms:>7.2f}"
    )
