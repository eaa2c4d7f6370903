"""What a frame costs with many faces in view: a detector that finds as many as it is told to."""

from __future__ import annotations

import math
import time

import numpy as np

from device.age.network import AgeNet
from device.bench.report import FacesRow
from device.box import Box
from device.budget.timing import Histogram, Timings
from device.config.loader import changed
from device.config.schema import Settings
from device.faces.detector import Detection, FaceDetector
from device.faces.refiner import Refined, Refiner
from device.frame import Frame, Image
from device.overlay.overlay import Overlay, Status
from device.pipeline.pipeline import Vision

FACES = (1, 4, 16, 32)
FPS = 30.0
SECONDS = 4.0  # of film for each number of faces
# the six keypoints in a face's box, as fractions of its sides
LAYOUT = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.5, 0.75], [0.05, 0.45], [0.95, 0.45]], np.float32)


class Crowd:
    """Runs the real detector for its cost, and answers with `faces` faces in rows and columns."""

    def __init__(self, detector: FaceDetector, faces: int, size: tuple[int, int]):
        self._detector = detector
        self._found = [_face(box) for box in grid(faces, size)]

    def detect(self, image: Image, picture_size: tuple[int, int] | None = None) -> list[Detection]:
        """As `FaceDetector.detect`."""
        self._detector.detect(image, picture_size)
        return self._found

    def close_up(self, image: Image, box: Box, quarters: int = 0, sharpen: bool = False) -> Detection:
        """As `FaceDetector.close_up`, with a certain answer."""
        self._detector.close_up(image, box)
        return _face(box)


class CrowdRefiner:
    """Runs the real refiner for its cost, and answers with certainty."""

    def __init__(self, refiner: Refiner):
        self._refiner = refiner

    def refine(self, image: Image, box: Box) -> Refined:
        """As `Refiner.refine`."""
        self._refiner.refine(image, box)
        return Refined(_face(box).keypoints, 1.0, 0.0, 0.0)


def grid(faces: int, size: tuple[int, int]) -> list[Box]:
    """Square boxes, side by side, that fill a picture of `size` (width, height)."""
    columns = math.ceil(math.sqrt(faces * size[0] / size[1]))
    cell = min(size[0] / columns, size[1] / math.ceil(faces / columns))
    side = 0.8 * cell
    corners = (divmod(number, columns) for number in range(faces))
    return [Box(column * cell + 0.1 * cell, row * cell + 0.1 * cell, side, side) for row, column in corners]


def _face(box: Box) -> Detection:
    return Detection(
        box, 0.9, LAYOUT * np.array((box.w, box.h), np.float32) + np.array((box.x, box.y), np.float32)
    )


def scaling(
    settings: Settings, image: Image, detector: FaceDetector, net: AgeNet, refiner: Refiner | None
) -> list[FacesRow]:
    """For each number of faces: what a frame costs when all are estimated, and how the budget holds.

    `image` is any picture (height, width, 3), BGR.
    """
    rows: list[FacesRow] = []
    follows = CrowdRefiner(refiner) if refiner else None
    for faces in FACES:
        crowd = Crowd(detector, faces, (image.shape[1], image.shape[0]))
        many = changed(settings, tracker={"max_tracks": max(FACES)})
        without_end = {"detect_every": 1, "settled_every_s": 0.0, "frame_budget_ms": 1000.0}
        everything = _film(changed(many, schedule=without_end), image, crowd, net, follows)
        budgeted = _film(many, image, crowd, net, follows)
        rows.append({**budgeted, "faces": faces, "all_p50_ms": everything["p50_ms"]})
    return rows


def _film(
    settings: Settings, image: Image, crowd: Crowd, net: AgeNet, refiner: CrowdRefiner | None
) -> FacesRow:
    """Run so many seconds of the one picture through vision and overlay."""
    size = image.shape[1], image.shape[0]
    vision = Vision(settings, size, FPS, Timings(), crowd, net, refiner)
    overlay = Overlay(size, settings)
    frame = Frame(size)
    costs = Histogram()
    estimated: dict[int, list[float]] = {}
    for index in range(int(SECONDS * FPS)):
        np.copyto(frame.image, image)
        frame.time = index / FPS
        start = time.monotonic()
        persons = vision.process(frame)
        seen = time.monotonic()
        overlay.draw(frame.image, persons, Status(FPS))
        end = time.monotonic()
        vision.scheduler.on_render_cost(end - seen)  # as the loop tells it
        costs.add(end - start)
        for person in persons:
            times = estimated.setdefault(person.id, [])
            if person.raw is not None:
                times.append(frame.time)
    median_ms = round(costs.percentile(0.5) * 1e3, 2)
    return {
        "faces": len(estimated),
        "all_p50_ms": median_ms,
        "p50_ms": median_ms,
        "p99_ms": round(costs.percentile(0.99) * 1e3, 2),
        "budget_ms": round(vision.scheduler.budget * 1e3, 1),
        "first_age_s": max((times[0] if times else math.inf for times in estimated.values()), default=None),
        "longest_wait_s": round(max(map(_longest_gap, estimated.values()), default=0.0), 2),
    }


def _longest_gap(times: list[float]) -> float:
    ends = np.array([*times, SECONDS])
    return float(np.diff(ends).max()) if times else math.inf
