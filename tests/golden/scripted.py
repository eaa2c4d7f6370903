"""Runs of the whole program on the demo, and what they leave behind: tracks, events, a film."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

import cv2

from device.__main__ import main

# Nothing that depends on the machine: its heat, its memory, which interpreter it has
OPTIONS = (
    "--pace",
    "fast",
    "--limits-hot-c",
    "105",
    "--memory-mib",
    "4096",
    "--interpreter",
    "ai_edge_litert",
)
AFTER_S = 2.0  # a track's age is looked at so long after it began


class Ran(NamedTuple):
    """What a run left behind."""

    summary: dict
    trace: list[dict]  # a row a frame
    events: list[dict]
    film: dict | None


@cache
def play() -> Ran:
    """All forty seconds of the demo, everybody who walks through it; small and slow, to save time."""
    return _run("demo", 10, 400, film=False)


@cache
def two_people() -> Ran:
    """Three seconds of two people who stay, filmed."""
    return _run("demo:2", 15, 45, film=True)


def _run(source: str, fps: int, frames: int, film: bool) -> Ran:
    with TemporaryDirectory() as name:
        folder = Path(name)
        output = f"file:{folder / 'film.mp4'}" if film else "none"
        options = [
            "--source",
            source,
            "--fps",
            str(fps),
            "--frames",
            str(frames),
            "--output",
            output,
            "--width",
            "320",
            "--height",
            "240",
            "--trace",
            str(folder / "trace"),
            "--events",
            str(folder / "events"),
        ]
        reports: list[dict] = []
        with patch("device.commands.run.print_summary", lambda report, form: reports.append(report)):
            assert main(["run", *options, *OPTIONS]) == 0
        (summary,) = reports
        trace, events = (_lines(folder / name) for name in ("trace", "events"))
        return Ran(summary, trace, events, read_film(folder / "film.mp4") if film else None)


def _lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def events(ran: Ran) -> list[dict]:
    """The events, with the digits of the time of day taken out: the form stays."""
    return [row | {"time": re.sub(r"\d", "0", row["time"])} for row in ran.events]


def tracks(ran: Ran, fps: int) -> list[dict]:
    """Each track: its first frame and how many there were; its box, age and state after two seconds."""
    rows = []
    for track in ran.summary["tracks"]:
        index = track["first_frame"] + round(AFTER_S * fps)
        then = [row for row in ran.trace[index]["tracks"] if row["id"] == track["id"]]
        facts = {name: row[name] for row in then for name in ("box", "age", "spread", "interval", "state")}
        rows.append({"id": track["id"], "first": track["first_frame"], "frames": track["frames"], **facts})
    return rows


def read_film(file: Path) -> dict:
    """Rate, size and number of the pictures of a film, and for a few of them mean colours of 3×4 fields."""
    film = cv2.VideoCapture(str(file))
    pictures = []
    while (read := film.read())[0]:
        pictures.append(read[1])
    chosen = {index: fields(pictures[index]) for index in range(0, len(pictures), 22)}
    shapes = sorted({picture.shape for picture in pictures})
    return {
        "fps": film.get(cv2.CAP_PROP_FPS),
        "pictures": len(pictures),
        "shapes": [list(s) for s in shapes],
        **{f"picture {index}": {"colours": colours} for index, colours in chosen.items()},
    }


def fields(picture) -> list[list[int]]:
    """Mean colours of the picture's fields, three rows of four, each B, G, R from 0 to 255."""
    return cv2.resize(picture, (4, 3), interpolation=cv2.INTER_AREA).reshape(-1, 3).tolist()
