"""Hides people before a picture reaches any output: their faces blurred, or themselves as outlines.

A blurred face is averaged down to a few cells and enlarged again: what made it this person's is no longer in
the picture, and no sharpening brings it back. What lies about the face is blurred with it, for hair, ears
and for a box that is a little behind. An outline is drawn on a plain stage, and no pixel of the camera is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from device.box import Box
from device.frame import Image
from device.overlay.turn import Turn

CELLS = 6  # that a face's region is averaged to, across
STRIDE, COARSE = 3, 96  # of larger regions every third row and column is averaged, which is plenty
WHOLE_CELLS = 16  # that a whole picture is averaged to, along its longer side
SAME_IOU = 0.5  # a detection, its track and its person: one face, blurred once
REGION = 2.0  # of the face's box: the inscribed ellipse holds the box grown by 1.41
EDGE_CELLS, EDGE_WIDTH = (
    64,
    0.15,
)  # the soft edge's resolution, and its width in half axes, all outside the face
STAGE = (52, 46, 42)  # blue, green, red
OUTLINE = (150, 136, 124)
FAR = 0.55  # of the way from the stage's colour to the outline's, for the farthest; nearer ones are lighter
RIM = 0.07  # of the face's width, half of it about the outline
HEAD = (0.5, 0.62)  # half axes of the head, in widths of the face's box
SUBPIXEL = 4  # bits behind the point in OpenCV's coordinates


def _edge() -> Image:
    """How much of the blurred picture there is across a region, 0 to 255, with three equal channels."""
    centres = (np.arange(EDGE_CELLS) + 0.5) * 2 / EDGE_CELLS - 1
    away = np.hypot(centres[None], centres[:, None])
    weights = np.clip((1 - away) / EDGE_WIDTH, 0, 1) * 255
    return np.repeat(weights.astype(np.uint8)[..., None], 3, axis=2)


EDGE = _edge()


def merged(boxes: Iterable[Box]) -> list[Box]:
    """The same faces, each once: boxes that lie upon one another as one box about both."""
    kept: list[Box] = []
    for box in boxes:
        for other in [other for other in kept if other.iou(box) > SAME_IOU]:
            kept.remove(other)
            left, top = min(box.x, other.x), min(box.y, other.y)
            right, bottom = max(box.x + box.w, other.x + other.w), max(box.y + box.h, other.y + other.h)
            box = Box(left, top, right - left, bottom - top)
        kept.append(box)
    return kept


class Blur:
    """Blurs in place, with buffers of its own for a region as large as the picture."""

    def __init__(self, size: tuple[int, int]) -> None:
        """`size` is the picture's (width, height)."""
        pixels = size[0] * size[1]
        self._blurred, self._weights = np.empty(3 * pixels, np.uint8), np.empty(3 * pixels, np.uint8)

    def faces(self, image: Image, boxes: Iterable[Box]) -> None:
        """Blur the region about each face's box, an ellipse with a soft edge; `image` is uint8 BGR."""
        height, width = image.shape[:2]
        for box in boxes:
            region = box.scaled(REGION)
            left, right = max(0, int(region.x)), min(width, int(region.x + region.w) + 1)
            top, bottom = max(0, int(region.y)), min(height, int(region.y + region.h) + 1)
            if left < right and top < bottom:
                self._face(image[top:bottom, left:right], region.shifted(-left, -top))

    def _face(self, under: Image, region: Box) -> None:
        """Lay the averaged part over itself, `under` being what of `region` lies inside the picture."""
        h, w = under.shape[:2]
        across, down = max(1, round(CELLS * w / region.w)), max(1, round(CELLS * h / region.h))
        blurred = self._blurred[: under.size].reshape(under.shape)
        weights = self._weights[: under.size].reshape(under.shape)
        sample = np.ascontiguousarray(under[::STRIDE, ::STRIDE]) if min(h, w) > COARSE else under
        cells = cv2.resize(sample, (across, down), interpolation=cv2.INTER_AREA)
        cv2.resize(cells, (w, h), dst=blurred, interpolation=cv2.INTER_LINEAR)
        edge = EDGE[_cells(-region.y, h, region.h), _cells(-region.x, w, region.w)]
        cv2.resize(edge, (w, h), dst=weights, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(blurred, weights, dst=blurred, scale=1 / 255)
        cv2.bitwise_not(weights, dst=weights)
        cv2.multiply(under, weights, dst=under, scale=1 / 255)
        cv2.add(under, blurred, dst=under)

    def whole(self, image: Image) -> None:
        """Blur all of it, so that no face can be told, however near."""
        height, width = image.shape[:2]
        scale = WHOLE_CELLS / max(width, height)
        cells = cv2.resize(
            image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
        )
        cv2.resize(cells, (width, height), dst=image, interpolation=cv2.INTER_LINEAR)


def _cells(start: float, length: int, whole: float) -> slice:
    """The cells of EDGE along one side for `length` pixels from `start` of a region of `whole` pixels."""
    first = min(max(int(EDGE_CELLS * start / whole), 0), EDGE_CELLS - 1)
    return slice(first, max(first + 1, round(EDGE_CELLS * (start + length) / whole)))


def draw_silhouettes(image: Image, turn: Turn, faces: Sequence[Box]) -> None:
    """A plain stage with head and shoulders of each face, the far ones first; boxes are the viewer's."""
    cv2.rectangle(image, (0, 0), image.shape[1::-1], STAGE, -1)  # NumPy would take a hundred times as long
    ordered = sorted(faces, key=lambda box: box.w)
    for number, box in enumerate(ordered, start=1):
        share = FAR + (1 - FAR) * number / len(ordered)
        colour = tuple(
            round(stage + share * (outline - stage)) for stage, outline in zip(STAGE, OUTLINE, strict=True)
        )
        parts = [
            np.rint(np.array([turn.on_screen(Box(x, y, 0, 0))[:2] for x, y in part]) * 2**SUBPIXEL).astype(
                np.int32
            )
            for part in _person(box)
        ]
        rim = max(2, round(RIM * box.w))  # so that one stands out before another
        cv2.polylines(image, parts, True, STAGE, rim, cv2.LINE_AA, SUBPIXEL)
        for part in parts:
            cv2.fillPoly(image, [part], colour, cv2.LINE_AA, SUBPIXEL)


def _person(box: Box) -> Iterable[list[tuple[float, float]]]:
    """Outlines of the shoulders with the neck, and of the head, as the viewer's points."""
    (x, y), w = box.centre, box.w
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    upper = np.linspace(np.pi, 2 * np.pi, 25)
    shoulders = y + 1.55 * w
    body = [(x + 1.25 * w * np.cos(a), shoulders + 0.62 * w * np.sin(a)) for a in upper]
    yield [*body, (x + 1.25 * w, y + 40 * w), (x - 1.25 * w, y + 40 * w)]
    yield [(x - 0.26 * w, y), (x + 0.26 * w, y), (x + 0.32 * w, shoulders), (x - 0.32 * w, shoulders)]
    yield [(x + HEAD[0] * w * np.cos(a), y - 0.08 * w + HEAD[1] * w * np.sin(a)) for a in angles]
