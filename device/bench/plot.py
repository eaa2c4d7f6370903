"""The benchmark's figures as a picture: where a frame's time goes, and what more faces cost."""

from __future__ import annotations

import cv2
import numpy as np

from device.board.machine import sentence
from device.errors import ConfigError
from device.overlay.text import Typesetter

WIDTH, HEIGHT = 1280, 640
PAPER, INK, SOFT, LINE = (255, 255, 255), (40, 34, 30), (130, 120, 112), (226, 222, 218)
BLUE, AMBER, MINT = (196, 120, 40), (40, 140, 235), (120, 170, 70)  # BGR
CAP = 11  # height of capitals in pixels
LEFT = (130, 130, 600, 500)  # bars: left, top, right, bottom
RIGHT = (740, 130, 1230, 500)  # curves
TICKS = 4
SHARP = 4  # cv2 draws with so many bits of a pixel's fraction


class Sheet:
    """A white page that takes lines, bars and words."""

    def __init__(self) -> None:
        self.image = np.full((HEIGHT, WIDTH, 3), PAPER, np.uint8)
        self._typesetter = Typesetter()

    def write(self, text: str, x: float, y: float, colour=INK, align: float = 0.0, cap: int = CAP) -> None:
        """Set `text` with its base line at y; `align` 0 begins at x, 0.5 is centred on it, 1 ends there."""
        mask = self._typesetter.line(text, cap)
        height, width = mask.shape
        left, top = round(x - align * width), round(y) - 2 * cap
        place = self.image[top : top + height, left : left + width]
        ink = mask[: place.shape[0], : place.shape[1], None] / 255
        place[:] = (place * (1 - ink) + np.array(colour) * ink).astype(np.uint8)

    def bar(self, x0: float, x1: float, y: float, height: float, colour) -> None:
        """A bar from x0 to x1, centred on y."""
        corners = (round(x0), round(y - height / 2)), (round(max(x1, x0 + 1)), round(y + height / 2))
        cv2.rectangle(self.image, *corners, colour, cv2.FILLED)

    def line(self, points: list[tuple[float, float]], colour, width: int = 1) -> None:
        """A line through the points."""
        fixed = np.array([[(round(x * 2**SHARP), round(y * 2**SHARP)) for x, y in points]])
        cv2.polylines(self.image, fixed, False, colour, width, cv2.LINE_AA, SHARP)

    def dot(self, x: float, y: float, colour) -> None:
        """A point of a curve."""
        cv2.circle(
            self.image,
            (round(x * 2**SHARP), round(y * 2**SHARP)),
            4 * 2**SHARP,
            colour,
            cv2.FILLED,
            cv2.LINE_AA,
            SHARP,
        )


def draw(report: dict, path: str) -> None:
    """Draw what `measure` returned into a PNG. Raises ConfigError when it cannot be written."""
    sheet = Sheet()
    what = report["source"], report["interpreter"], f"{report['frames']} frames"
    sheet.write("  ·  ".join(what), 40, 50, cap=13)
    sheet.write(sentence(report["machine"]), 40, 82, SOFT)
    _stages(sheet, report["stages"])
    _faces(sheet, report["faces_scaling"])
    facts = [
        f"peak memory {report['peak_rss_mib']:.0f} MiB",
        f"grown by {report['rss_growth_mib']:.2f} MiB",
        f"{report['frames_per_s']:.0f} frames a second",
        f"settled {report['settled']['stages']['frame']['p50']:.2f} ms a frame",
        f"first frame {report['start_to_first_frame_s']:.2f} s after the start",
    ]
    sheet.write("  ·  ".join(facts), 40, HEIGHT - 40)
    if not path.lower().endswith(".png") or not _written(path, sheet.image):
        raise ConfigError(f"--plot {path}: cannot be written; give a place that ends in .png.")


def _written(path: str, image: np.ndarray) -> bool:
    try:
        return cv2.imwrite(path, image)
    except cv2.error:
        return False


def _stages(sheet: Sheet, stages: dict) -> None:
    """A bar a stage: dark to the median, light to the 95th percentile."""
    left, top, right, bottom = LEFT
    most = max(stage["p95"] for stage in stages.values())
    step = _round_step(most)
    scale = (right - left) / (step * TICKS)
    sheet.write("ms a frame: median, and 95 in 100", left, top - 14, SOFT)
    for tick in range(TICKS + 1):
        x = left + tick * step * scale
        sheet.line([(x, top), (x, bottom)], LINE)
        sheet.write(f"{tick * step:g}", x, bottom + 24, SOFT, 0.5)
    for row, (name, stage) in enumerate(stages.items()):
        y = top + (row + 0.5) * (bottom - top) / len(stages)
        sheet.bar(left, left + stage["p95"] * scale, y, 10, LINE)
        sheet.bar(left, left + stage["p50"] * scale, y, 22, AMBER if name == "frame" else BLUE)
        sheet.write(name, left - 14, y + CAP / 2, INK, 1.0)
        sheet.write(f"{stage['p50']:.2f}", left + stage["p50"] * scale + 8, y + CAP / 2, INK)


def _faces(sheet: Sheet, rows: list[dict]) -> None:
    """The cost against the number of faces: all estimated on every frame, and within the budget."""
    left, top, right, bottom = RIGHT
    most = max(max(row["all_p50_ms"], row["p99_ms"]) for row in rows)
    step = _round_step(most)
    faces = max(row["faces"] for row in rows)

    def place(count: float, ms: float) -> tuple[float, float]:
        return left + count / faces * (right - left), bottom - ms / (step * TICKS) * (bottom - top)

    sheet.write("ms a frame by faces in view", left, top - 14, SOFT)
    for tick in range(TICKS + 1):
        y = place(0, tick * step)[1]
        sheet.line([(left, y), (right, y)], LINE)
        sheet.write(f"{tick * step:g}", left - 10, y + CAP / 2, SOFT, 1.0)
    curves = (
        ("all_p50_ms", "all on every frame", AMBER),
        ("p50_ms", "in budget", BLUE),
        ("p99_ms", "in budget, 99 in 100", MINT),
    )
    for number, (name, words, colour) in enumerate(curves):
        points = [place(row["faces"], row[name]) for row in rows]
        sheet.line(points, colour, 2)
        for point in points:
            sheet.dot(*point, colour)
        sheet.dot(left + 20, top + 18 + 26 * number, colour)
        sheet.write(words, left + 34, top + 18 + 26 * number + CAP / 2, INK)
    for row in rows:
        sheet.write(str(row["faces"]), place(row["faces"], 0)[0], bottom + 24, SOFT, 0.5)


def _round_step(most: float) -> float:
    """The distance of two ticks, 1, 2 or 5 times a power of ten, so that `TICKS` of them reach `most`."""
    power = 10.0 ** np.floor(np.log10(most / TICKS))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power * TICKS >= most))
