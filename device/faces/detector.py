"""BlazeFace (Bazarevsky et al., 2019; MediaPipe's short and full range models), decoded in NumPy."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.faces.detector_networks import network_of
from device.faces.letterbox import Letterbox, Look
from device.frame import Image
from device.inference.interpreter import Model
from device.inference.model_files import model_path

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)  # rows of Detection.keypoints
Floats = NDArray[np.float32]

SUPPRESSION_IOU = 0.3  # detections that overlap more are one face; MediaPipe's min_suppression_threshold
TILING_RATIO = 1.2  # of the sides: from there on the full range detector takes a picture as two squares
TILE_OVERLAP = 0.1  # of the longer side: what both squares show, so that a face at the seam is whole in one
CLOSE_UP_SCALE = 3.0  # how many times as wide as the face a close-up is
CLOSE_UP_IOU = 0.1  # of the face in the close-up with the box asked for, which the whole picture makes larger
SMOOTHING = 0.012  # of the face's width: the deviation by which close-ups in the dark are smoothed
SCORE_CLIP = 80.0  # as MediaPipe clips raw scores before the sigmoid

# kind → (pinned model, anchors as (stride, anchors a cell))
KINDS: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "short": ("face-short", ((8, 2), (16, 6))),
    "short-int8": ("face-int8", ((8, 2), (16, 6))),
    "full": ("face-full", ((4, 1),)),
}


class Detection(NamedTuple):
    """A face: box and keypoints in pixels of the picture, score 0–1.

    `keypoints` is float32 (6, 2): the subject's right eye, left eye, nose tip, mouth, right ear, left ear,
    so the first eye lies on the left of the picture.
    """

    box: Box
    score: float
    keypoints: Floats


class Detector(Protocol):
    """What finds faces: `FaceDetector`, or whatever stands in for it."""

    def detect(self, image: Image, picture_size: tuple[int, int] | None = None) -> list[Detection]:
        """As `FaceDetector.detect`."""

    def close_up(self, image: Image, box: Box, quarters: int = 0, sharpen: bool = False) -> Detection | None:
        """As `FaceDetector.close_up`."""


def anchor_centres(side: int, layers: tuple[tuple[int, int], ...]) -> Floats:
    """Centres of the anchors of a square input, float32 (anchors, 2), as fractions of `side` (pixels)."""
    grids = []
    for stride, count in layers:
        cells = side // stride
        y, x = np.divmod(np.arange(cells * cells, dtype=np.float32), cells)
        grids.append(np.repeat(np.stack([x + 0.5, y + 0.5], axis=1) / cells, count, axis=0))
    centres: Floats = np.concatenate(grids).astype(np.float32)
    return centres


def merge_overlapping(rows: Floats, scores: Floats) -> list[tuple[Floats, float]]:
    """Score-weighted suppression: each group of boxes that overlap its best one becomes their mean.

    `rows` is float32 (n, 2k): left, top, right, bottom, then keypoints; `scores` is (n,).
    Returns (row, best score) pairs, best first. The loop runs once a face, not once an anchor.
    """
    order = np.argsort(-scores)
    rows, scores = rows[order], scores[order]
    areas = np.prod(np.maximum(rows[:, 2:4] - rows[:, :2], 0), axis=1)
    left = np.ones(len(rows), bool)
    faces = []
    while left.any():
        best = int(np.argmax(left))
        overlap = np.minimum(rows[:, 2:4], rows[best, 2:4]) - np.maximum(rows[:, :2], rows[best, :2])
        shared = np.prod(np.maximum(overlap, 0), axis=1)
        group = left & (shared > SUPPRESSION_IOU * (areas + areas[best] - shared))
        group[best] = True
        weights = scores[group]
        faces.append((weights @ rows[group] / weights.sum(), float(scores[best])))
        left &= ~group
    return faces


class FaceDetector:
    """Finds faces in a picture of any size by letterboxing it into the network's square input.

    `kind`: "short" (128×128, faces to about 2 m), "short-int8", which searches with a network of ours that
    learnt from it and leaves close-ups to it, or "full" (192×192, to about 5 m).
    `min_score`: 0–1, detections below are dropped. `threads`: CPU threads of the network.
    """

    def __init__(
        self, kind: str = "short", interpreter: str = "auto", threads: int = 1, min_score: float = 0.5
    ):
        name, layers = KINDS[kind]
        self._network = network_of(Model(model_path(name), interpreter, threads))
        self._far = kind == "full"
        self.side = self._network.side
        self._anchors = anchor_centres(self.side, layers)
        self._min_logit = math.log(min_score / (1 - min_score))
        self._letterbox = Letterbox(self.side)
        self._closer = (
            FaceDetector("short", interpreter, threads, min_score) if kind == "short-int8" else None
        )

    def detect(self, image: Image, picture_size: tuple[int, int] | None = None) -> list[Detection]:
        """Faces in `image` (uint8, height×width×3, BGR), best score first.

        Coordinates are pixels of a picture of `picture_size` (width, height) that shows the same view:
        by default the image itself, otherwise the main stream whose scaled-down copy `image` is.
        """
        return self._find(image, picture_size)

    def detect_in(self, image: Image, part: Box, quarters: int = 0) -> list[Detection]:
        """Faces in a part of `image`, as if it were turned by so many right angles clockwise, best first.

        All in the image's pixels, as it stands. Light and colour are mended as in the last whole picture.
        """
        x, y, w, h = part.clipped(image.shape[1], image.shape[0])
        x, y = int(x), int(y)
        cut = image[y : y + max(int(h), 1), x : x + max(int(w), 1)]
        if not cut.size:
            return []
        return [_shifted(face, x, y) for face in self._find(cut, whole=False, quarters=quarters)]

    def _find(
        self,
        image: Image,
        picture_size: tuple[int, int] | None = None,
        whole: bool = True,
        quarters: int = 0,
        sharpen: bool = False,
    ) -> list[Detection]:
        views = self._views(image)
        found = [
            self._rows(image, view, Look(whole and view == views[0], quarters, sharpen)) for view in views
        ]
        rows = np.concatenate([rows for rows, _ in found])
        if not len(rows):
            return []
        if picture_size:
            gain = np.array(picture_size, np.float32) / (image.shape[1], image.shape[0])
            rows = (rows.reshape(-1, 8, 2) * gain).reshape(-1, 16)
        scores = np.concatenate([scores for _, scores in found])
        return [_detection(row, score) for row, score in merge_overlapping(rows, scores)]

    def _views(self, image: Image) -> list[tuple[int, int, int, int]]:
        """The parts of the image to search, as left, top, width and height.

        The short range detector takes it whole. The full range one, whose faces are small, takes a wide or
        high picture as two squares, in which they are nearly twice as large.
        """
        rows, columns = image.shape[:2]
        side = min(rows, columns)
        if not self._far or max(rows, columns) < TILING_RATIO * side:
            return [(0, 0, columns, rows)]
        side = min(max(side, round(max(rows, columns) * (1 + TILE_OVERLAP) / 2)), max(rows, columns))
        if columns > rows:
            return [(0, 0, side, rows), (columns - side, 0, side, rows)]
        return [(0, 0, columns, side), (0, rows - side, columns, side)]

    def _rows(self, image: Image, view: tuple[int, int, int, int], look: Look) -> tuple[Floats, Floats]:
        """What the network finds in one part of the image: rows for `merge_overlapping` and scores (n,)."""
        left, top, width, height = view
        part = image[top : top + height, left : left + width]
        x0, y0, inner_width, inner_height = self._letterbox.fill(part, look)
        chosen, answers, logits = self._network.answers(self._letterbox.pixels, self._min_logit)
        if not len(chosen):
            return np.empty((0, 16), np.float32), np.empty(0, np.float32)
        scores = 1 / (1 + np.exp(-np.clip(logits, -SCORE_CLIP, SCORE_CLIP)))
        # one multiplication and one addition take network coordinates to the pixels of the part, turned
        turned = (height, width) if look.quarters % 2 else (width, height)
        gain = np.array(turned, np.float32) / np.array((inner_width, inner_height), np.float32)
        offset = -np.array([x0, y0], np.float32) * gain
        points = answers.reshape(len(chosen), 8, 2)
        centres = self._anchors[chosen][:, None] * self.side
        half = points[:, 1:2] / 2
        middle = points[:, 0:1] + centres
        points = np.concatenate([middle - half, middle + half, points[:, 2:] + centres], axis=1)
        points = np.asarray(points * gain + offset, np.float32)
        if look.quarters % 4:
            points = _turned_back(points, look.quarters % 4, width, height)
        return (points + np.array([left, top], np.float32)).reshape(-1, 16), scores

    def close_up(self, image: Image, box: Box, quarters: int = 0, sharpen: bool = False) -> Detection | None:
        """The face at `box` as a close-up shows it, None when there is none there.

        `image` is uint8 (height, width, 3) BGR; `box` and what is returned are in its pixels. A face gains
        by the finer scale, and what resembles one in the small picture only (a print on a shirt, folded
        hands) loses; and its keypoints are several times as exact, which is what an age depends on. Light and
        colour are mended as in the last picture that was searched. `quarters`: right angles by which the
        picture must be turned, clockwise, for the face to be upright. `sharpen`: blurred faces gain by it,
        what is no face loses, keypoints are a little less exact; not done in the dark, where there is noise.
        """
        if self._closer is not None:
            self._closer._letterbox.levels = self._letterbox.levels
            return self._closer.close_up(image, box, quarters, sharpen)
        rows, columns = image.shape[:2]
        x, y, w, h = box.scaled(CLOSE_UP_SCALE).clipped(columns, rows)
        x, y = int(x), int(y)
        part = image[y : y + max(int(h), 1), x : x + max(int(w), 1)]
        if not part.size:
            return None
        if self._letterbox.levels is not None and self._letterbox.levels.grainy:
            sharpen = False
            part = np.asarray(cv2.GaussianBlur(part, (0, 0), SMOOTHING * box.w), np.uint8)
        there = box.shifted(-x, -y)
        face = max(
            self._find(part, whole=False, quarters=quarters, sharpen=sharpen),
            key=lambda face: face.box.iou(there),
            default=None,
        )
        if face is None or face.box.iou(there) < CLOSE_UP_IOU:
            return None
        return _shifted(face, x, y)


def _detection(row: Floats, score: float) -> Detection:
    left, top, right, bottom = (float(v) for v in row[:4])
    return Detection(Box(left, top, right - left, bottom - top), score, row[4:].reshape(6, 2))


def _shifted(face: Detection, x: float, y: float) -> Detection:
    return Detection(face.box.shifted(x, y), face.score, face.keypoints + np.array((x, y), np.float32))


def _turned_back(points: Floats, quarters: int, width: int, height: int) -> Floats:
    """Points (n, 8, 2) of a picture turned clockwise, as they are in the picture of this size itself."""
    x, y = points[..., 0], points[..., 1]
    columns, rows = {1: (y, height - x), 2: (width - x, height - y), 3: (width - y, x)}[quarters]
    turned: Floats = np.stack([columns, rows], axis=-1)
    corners = turned[:, :2]
    turned[:, :2] = np.stack([corners.min(1), corners.max(1)], axis=1)
    return turned


def quarters_to_upright(keypoints: Floats) -> int:
    """Right angles by which a picture must be turned, clockwise, for this face's eyes to be nearly level."""
    across, down = (keypoints[LEFT_EYE] - keypoints[RIGHT_EYE]).tolist()
    return round(-math.atan2(down, across) / (math.pi / 2)) % 4
