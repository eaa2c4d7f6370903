"""The benchmark of finding as one chart: what is tracked, and how far the eyes are off, case by case."""

from __future__ import annotations

from typing import Literal

from device.bench.finding import FindingReport
from device.bench.plot import new_figure, save

EYES: tuple[Literal["first_eyes"], Literal["eyes"]] = ("first_eyes", "eyes")


def draw(report: FindingReport, path: str) -> None:
    """Draw what `measure` returned into a PNG. Raises ConfigError when it cannot be written."""
    title = (
        f"{report['faces']} faces of {report['clips']} clips  ·  "
        f"mean recall of the disturbed, clean being 1: {report['relative']:.3f}"
    )
    figure = new_figure(path, title)
    rows = report["rows"]
    names = [f"{row['case']}{' · false ' + str(row['false']) if row['false'] else ''}" for row in rows]
    left, right = figure.subplots(1, 2)
    left.barh(names, [100 * row["found"] for row in rows], height=0.7, color="lightgrey", label="first look")
    bars = left.barh(
        names, [100 * row["recall"] for row in rows], height=0.4, color="tab:blue", label="tracked"
    )
    left.bar_label(bars, labels=[f"{100 * row['recall']:.0f}" for row in rows], padding=4)
    left.set_title("% of the faces")
    first, placed = ([100 * (row[key] or 0.0) for row in rows] for key in EYES)
    right.barh(names, first, height=0.7, color="lightgrey", label="first look")
    right.barh(names, placed, height=0.4, color="tab:orange", label="what places an age")
    right.set_title("eyes off by, % of the face's width")
    for axes in (left, right):
        axes.invert_yaxis()
        axes.legend(fontsize="small")
    save(figure, path)
