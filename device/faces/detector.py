"""BlazeFace (Bazarevsky et al., 2019; MediaPipe's short and full range models), decoded in NumPy."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device.box import Box
from device.faces.downscale import Downscaler
from device.faces.levels import Correction, correction
from device.frame import Image
from device.inference.interpreter import Model
from device.inference.model_files import model_path

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)  # rows of Detection.keypoints
Floats = NDArray[np.float32]

SUPPRESSION_IOU = 0.3  # detections that overlap more are one face; MediaPipe's min_suppression_threshold
TILING_RATIO = 1.2  # of the sides: from there on the full range detector takes a picture as two squares
TILE_OVERLAP = 0.1  # of the longer side: what both squares show, so that a face at the seam is whole in one
CLOSE_UP_SCALE = 3.0  # how many times as wide as the face a close-up is
CLOSE_UP_IOU = 0.2  # of the face in the close-up with the box asked for, which the whole picture makes larger
SMOOTHING = 0.012  # of the face's width: the deviation by which close-ups in the dark are smoothed
SCORE_CLIP = 80.0  # as MediaPipe clips raw scores before the sigmoid

# kind → (pinned model, anchors as (stride, anchors a cell))
KINDS: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "short": ("face-short", ((8, 2), (16, 6))),
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

    def close_up(self, image: Image, box: Box) -> Detection | None:
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

    `kind`: "short" (128×128, faces to about 2 m) or "full" (192×192, to about 5 m).
    `min_score`: 0–1, detections below are dropped. `threads`: CPU threads of the network.
    """

    def __init__(
        self, kind: str = "short", interpreter: str = "auto", threads: int = 1, min_score: float = 0.5
    ):
        name, layers = KINDS[kind]
        self._model = Model(model_path(name), interpreter, threads)
        self._far = kind == "full"
        self.side = self._model.input_shape[1]
        self._anchors = anchor_centres(self.side, layers)
        self._min_logit = math.log(min_score / (1 - min_score))
        self._input = np.full((1, self.side, self.side, 3), -1.0, np.float32)  # -1 is black
        self._letterbox: tuple[int, int, int, int] | None = None
        self._small: Image = np.empty((0, 0, 3), np.uint8)
        self._rgb: Image = self._small
        self._downscaler = Downscaler()
        self._levels: Correction | None = (
            None  # see `levels`: of the last whole picture, for its close-ups too
        )
        self._levels_known = True

    def detect(self, image: Image, picture_size: tuple[int, int] | None = None) -> list[Detection]:
        """Faces in `image` (uint8, height×width×3, BGR), best score first.

        Coordinates are pixels of a picture of `picture_size` (width, height) that shows the same view:
        by default the image itself, otherwise the main stream whose scaled-down copy `image` is.
        """
        self._levels_known = False
        return self._find(image, picture_size)

    def _find(self, image: Image, picture_size: tuple[int, int] | None = None) -> list[Detection]:
        found = [self._rows(image, *view) for view in self._views(image)]
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

    def _rows(self, image: Image, left: int, top: int, width: int, height: int) -> tuple[Floats, Floats]:
        """What the network finds in one part of the image: rows for `merge_overlapping` and scores (n,)."""
        x0, y0, inner_width, inner_height = self._fill(image[top : top + height, left : left + width])
        boxes, logits = self._outputs()
        chosen = np.flatnonzero(logits > self._min_logit)
        if not len(chosen):
            return np.empty((0, 16), np.float32), np.empty(0, np.float32)
        scores = 1 / (1 + np.exp(-np.clip(logits[chosen], -SCORE_CLIP, SCORE_CLIP)))
        # one multiplication and one addition take network coordinates to the image's pixels
        gain = np.array([width / inner_width, height / inner_height], np.float32)
        offset = np.array([left, top], np.float32) - np.array([x0, y0], np.float32) * gain
        points = boxes[chosen].reshape(len(chosen), 8, 2)
        centres = self._anchors[chosen][:, None] * self.side
        half = points[:, 1:2] / 2
        middle = points[:, 0:1] + centres
        points = np.concatenate([middle - half, middle + half, points[:, 2:] + centres], axis=1)
        return (points * gain + offset).reshape(-1, 16), scores

    def close_up(self, image: Image, box: Box) -> Detection | None:
        """The face at `box` as a close-up shows it, None when there is none there.

        `image` is uint8 (height, width, 3) BGR; `box` and what is returned are in its pixels. A face gains
        by the finer scale, and what resembles one in the small picture only (a print on a shirt, folded
        hands) loses; and its keypoints are several times as exact, which is what an age depends on. Light and
        colour are mended as in the last picture that was searched.
        """
        rows, columns = image.shape[:2]
        x, y, w, h = box.scaled(CLOSE_UP_SCALE).clipped(columns, rows)
        x, y = int(x), int(y)
        part = image[y : y + max(int(h), 1), x : x + max(int(w), 1)]
        if not part.size:
            return None
        if self._levels is not None and self._levels.grainy:
            part = np.asarray(cv2.GaussianBlur(part, (0, 0), SMOOTHING * box.w), np.uint8)
        there = box.shifted(-x, -y)
        face = max(self._find(part), key=lambda face: face.box.iou(there), default=None)
        if face is None or face.box.iou(there) < CLOSE_UP_IOU:
            return None
        return Detection(face.box.shifted(x, y), face.score, face.keypoints + np.array((x, y), np.float32))

    def _fill(self, image: Image) -> tuple[int, int, int, int]:
        """Scale the image into the middle of the input; returns its place there: x, y, width, height."""
        rows, columns = image.shape[:2]
        scale = self.side / max(rows, columns)
        width, height = round(columns * scale), round(rows * scale)
        place = ((self.side - width) // 2, (self.side - height) // 2, width, height)
        if place != self._letterbox:
            self._letterbox = place
            self._input.fill(-1.0)
            self._small = np.empty((height, width, 3), np.uint8)
            self._rgb = np.empty_like(self._small)
        self._downscaler.scale(image, self._small)
        if not self._levels_known:
            self._levels, self._levels_known = correction(self._small), True
        if self._levels is not None:
            self._levels.apply(self._small)
        cv2.cvtColor(self._small, cv2.COLOR_BGR2RGB, dst=self._rgb)
        x, y = place[:2]
        inside = self._input[0, y : y + height, x : x + width]
        np.multiply(self._rgb, np.float32(1 / 127.5), out=inside)
        np.subtract(inside, np.float32(1), out=inside)
        return place

    def _outputs(self) -> tuple[Floats, Floats]:
        """Run the network: raw boxes (anchors, 16) in input pixels, and raw scores (anchors,)."""
        first, second = self._model.run(self._input)
        if first.shape[-1] == 1:
            first, second = second, first
        return first[0], second[0, :, 0]


def _detection(row: Floats, score: float) -> Detection:
    left, top, right, bottom = (float(v) for v in row[:4])
    return Detection(Box(left, top, right - left, bottom - top), score, row[4:].reshape(6, 2))
