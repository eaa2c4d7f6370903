"""The benchmark's figures as a picture: where a frame's time goes, and what more faces cost.

matplotlib draws it; it belongs to the workstation and is no part of what the device needs.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from device.bench.report import BenchReport, FacesRow, Stages
from device.board.machine import sentence
from device.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (12.8, 6.4)  # inches, at 100 dots an inch
CURVES = (
    ("all_p50_ms", "all on every frame", "tab:orange"),
    ("p50_ms", "in budget", "tab:blue"),
    ("p99_ms", "in budget, 99 in 100", "tab:green"),
)


def check(path: str) -> None:
    """Raise ConfigError when no picture could be drawn there: best asked before minutes of measuring."""
    if find_spec("matplotlib") is None:  # importing it would count in what is measured
        raise ConfigError(
            "--plot needs matplotlib, which workstations have: `make setup` installs it there; "
            "on the device, take --json and draw it elsewhere."
        )
    if not path.lower().endswith(".png"):
        raise ConfigError(f"--plot {path}: cannot be written; give a place that ends in .png.")


def draw(report: BenchReport, path: str) -> None:
    """Draw what `measure` returned into a PNG. Raises ConfigError when it cannot be written."""
    figure = new_figure(path, f"{_what(report)}\n{sentence(report['machine'])}")
    left, right = figure.subplots(1, 2)
    _stages(left, report["stages"])
    _faces(right, report["faces_scaling"])
    figure.supxlabel(_facts(report), fontsize="small")
    save(figure, path)


def new_figure(path: str, title: str) -> Figure:
    """An empty figure for `path`. Raises ConfigError as `check` does."""
    check(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize="medium")
    return figure


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG. Raises ConfigError when it cannot be written."""
    try:
        figure.savefig(path)
    except OSError as error:
        raise ConfigError(
            f"--plot {path}: cannot be written ({error.strerror}); give another place."
        ) from None


def _what(report: BenchReport) -> str:
    return f"{report['source']}  ·  {report['interpreter']}  ·  {report['frames']} frames"


def _facts(report: BenchReport) -> str:
    start = report["start_to_first_frame_s"]
    facts = [
        f"peak memory {report['peak_memory_mib']:.0f} MiB (with pages of files {report['peak_rss_mib']:.0f})",
        f"grown by {report['memory_growth_mib']:.2f} MiB",
        f"{report['frames_per_s']:.0f} frames a second",
        f"settled {report['settled']['stages']['frame']['p50']:.2f} ms a frame",
        *([] if start is None else [f"first frame {start:.2f} s after the start"]),
    ]
    return "  ·  ".join(facts)


def _stages(axes: Axes, stages: Stages) -> None:
    """A bar a stage: dark to the median, light to the 95th percentile."""
    names = list(stages)
    medians = [stages[name]["p50"] for name in names]
    axes.barh(names, [stages[name]["p95"] for name in names], height=0.3, color="lightgrey")
    bars = axes.barh(
        names, medians, height=0.6, color=["tab:orange" if n == "frame" else "tab:blue" for n in names]
    )
    axes.bar_label(bars, labels=[f"{ms:.2f}" for ms in medians], padding=4)
    axes.invert_yaxis()
    axes.set_title("ms a frame: median, and 95 in 100")


def _faces(axes: Axes, rows: list[FacesRow]) -> None:
    """The cost against the number of faces: all estimated on every frame, and within the budget."""
    faces = [row["faces"] for row in rows]
    columns = {
        "all_p50_ms": [row["all_p50_ms"] for row in rows],
        "p50_ms": [row["p50_ms"] for row in rows],
        "p99_ms": [row["p99_ms"] for row in rows],
    }
    for name, label, colour in CURVES:
        axes.plot(faces, columns[name], marker="o", color=colour, label=label)
    axes.set_xticks(faces)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.legend()
    axes.set_title("ms a frame by faces in view")
