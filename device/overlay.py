"""Draws what is known about the people onto the frame: a bracket round each face, and its age.

Everything is a sprite, made when it is first needed and kept; a frame costs a few
blends of some hundred pixels each. All sizes follow the picture's, so that a label
takes the same share of a 320 x 240 window and of a 1920 x 1080 screen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from device.geometry import Box
from device.labels import LabelPlacer
from device.sprites import Canvas, Colour, Sprite, arc, corner, glow, grid, pill, solid
from device.typeset import Typesetter

WHITE: Colour = (255, 255, 255)
SOFT: Colour = (208, 202, 196)  # what is said beside the main thing
GROUND: Colour = (26, 21, 18)
MINT: Colour = (196, 226, 118)  # still working on it
AMBER: Colour = (84, 196, 255)  # somebody should look

STRENGTH = {"finding": 0.75, "settling": 1.0, "settled": 1.0, "lost": 0.4}  # opacity by state
FACE_MARGIN, FACE_RAISE = 1.24, 0.07  # the bracket is larger than the face's box, and takes in the hair
ARMS = (4, 6, 9, 13, 18, 24, 32, 44, 60)  # lengths of a bracket's arms, in pixels at 480 lines
WIDE, NARROW = 10.0, 2.5  # spread in years at which the ring of a settling age is empty, and full
RING_STEPS = 12  # positions of the ring, a turn
KEPT = 48  # labels kept ready


class Status(NamedTuple):
    """What the line at the bottom says beside the number of people; `t` (seconds) moves what moves."""

    fps: float = 0.0
    notice: str = ""
    t: float = 0.0


class Label(NamedTuple):
    """A sprite, the size of its pill, and how far the pill's shadow stands out on each side (pixels)."""

    sprite: Sprite
    width: int
    height: int
    margin: int


class Overlay:
    """Draws in place on frames of one size; what it holds does not grow with time."""

    def __init__(self, size: tuple[int, int], settings) -> None:
        """`size` is (width, height) in pixels, `settings` has the section `overlay` (see settings.py)."""
        self._width, self._height = size
        self._unit = min(self._height, 0.75 * self._width) / 480
        self._show_band = settings.overlay.show == "band"
        self._show_status = settings.overlay.status
        self._typesetter = Typesetter()
        self._placer = LabelPlacer(*size, gap=6 * self._unit)
        self._label = lru_cache(KEPT)(self._drawn_label)
        self._line = lru_cache(4)(self._drawn_line)
        self._corners = lru_cache(len(ARMS) * 3)(self._drawn_corners)

    @property
    def declared_bytes(self) -> int:
        """The most that it will hold: the letters, and all sprites that it keeps, each at its largest."""
        unit, sprite = self._unit, 6  # bytes a pixel: three of colour, three of opacity
        label = 150 * 46 * unit * unit * sprite
        bracket = 4 * 76 * 76 * unit * unit * sprite
        return int(400_000 + KEPT * label + len(ARMS) * bracket + 4 * 3 * label)

    def draw(self, image: np.ndarray, persons: list, status: Status = Status()) -> None:  # noqa: B008
        """Draw onto `image`, (height, width, 3) uint8 BGR of the size given, in place."""
        persons = sorted(persons, key=_track)
        taken = self._draw_status(image, len(persons), status) if self._show_status else []
        frames = [person.box.scaled(FACE_MARGIN).shifted(0, -FACE_RAISE * person.box.h) for person in persons]
        labels = [self._label_of(person, status.t) for person in persons]
        faces = [(person.id, frame, label.width, label.height)
                 for person, frame, label in zip(persons, frames, labels, strict=True)]
        for person, frame in zip(persons, frames, strict=True):
            self._draw_bracket(image, frame, STRENGTH[person.state])
        for label, place in zip(labels, self._placer.place(faces, taken), strict=True):
            label.sprite.lay(image, round(place.x) - label.margin, round(place.y) - label.margin)

    def _draw_bracket(self, image: np.ndarray, frame: Box, strength: float) -> None:
        reach = 0.24 * min(frame.w, frame.h) / self._unit
        arm = max((arm for arm in ARMS if arm <= reach), default=ARMS[0])
        sprites, inset = self._corners(arm, strength)
        size = sprites[0].colour.shape[0]
        left, top = round(frame.x) - inset, round(frame.y) - inset
        right = round(frame.x + frame.w) + inset - size
        bottom = round(frame.y + frame.h) + inset - size
        for sprite, x, y in zip(sprites, (left, right, left, right), (top, top, bottom, bottom), strict=True):
            sprite.lay(image, x, y)

    def _label_of(self, person, t: float) -> Label:
        state, age, spread = person.state, person.age, person.spread
        word, detail, ring = "", "", -1
        if self._show_band and person.band:
            word = person.band
        elif age is not None:
            word = f"{age:.0f}"
            detail = f"±{max(1, round(spread))}" if spread is not None and state != "lost" else ""
        else:
            detail = state
        if state == "settling" and spread is not None:
            ring = round(RING_STEPS * min(max((WIDE - spread) / (WIDE - NARROW), 0.08), 1.0))
        elif state in ("finding", "settling"):
            ring = RING_STEPS + 1 + int(t * RING_STEPS) % RING_STEPS
        return self._label(word, detail, ring, STRENGTH[state])

    def _draw_status(self, image: np.ndarray, people: int, status: Status) -> list[Box]:
        """The line at the bottom left; returns the boxes it took."""
        gap = 10 * self._unit
        facts = "1 person" if people == 1 else f"{people} people"
        if status.fps > 0:
            facts += f"  ·  {status.fps:.0f} fps"
        taken = []
        x = gap
        for text, urgent in ((facts, False), (status.notice, True)):
            if text:
                label = self._line(text, urgent)
                y = self._height - gap - label.height
                label.sprite.lay(image, round(x) - label.margin, round(y) - label.margin)
                taken.append(Box(x, y, label.width, label.height))
                x += label.width + gap / 2
        return taken

    def _px(self, length: float, least: int = 1) -> int:
        """A length given at 480 lines, in whole pixels of this picture."""
        return max(least, round(length * self._unit))

    def _drawn_label(self, word: str, detail: str, ring: int, strength: float) -> Label:
        """A pill with word and detail. `ring`: -1 none, up to RING_STEPS filled so far, above it turning."""
        cap, small = self._px(13, 8), self._px(9.5, 7)
        dot = self._px(13, 8) if ring >= 0 else 0
        parts = [(self._typesetter.line(word, cap, "strong"), cap, WHITE)] if word else []
        parts += [(self._typesetter.line(detail, small), small, SOFT)] if detail else []
        return self._pill(parts, self._px(29, 18), dot, strength, ring)

    def _drawn_line(self, text: str, urgent: bool) -> Label:
        """A small pill of plain text, with an amber dot before it if somebody should look."""
        cap = self._px(8, 7)
        mask = self._typesetter.line(text, cap)
        return self._pill([(mask, cap, WHITE if urgent else SOFT)], self._px(21, 16),
                          self._px(7, 5) if urgent else 0, 0.9)

    def _pill(self, parts: list, height: int, dot: int, strength: float, ring: int | None = None) -> Label:
        """Dot or ring of `dot` pixels, then lines of text (mask, cap height, colour), on a dark pill."""
        margin, space, end = self._px(5, 3), self._px(5, 3), round(0.4 * height)
        inner = sum(mask.shape[1] for mask, _, _ in parts) + space * (len(parts) - 1)
        width = inner + 2 * end + (dot + space if dot else 0)
        canvas = Canvas(width + 2 * margin, height + 2 * margin)
        x, y = grid(width + 2 * margin, height + 2 * margin)
        shape = pill(x, y, margin, margin, width, height)
        canvas.fill(glow(shape, margin), GROUND, 0.3)
        canvas.fill(solid(shape), GROUND, 0.68)
        pen, base = margin + end, margin + round((height + parts[0][1]) / 2)
        if dot:
            self._mark(canvas, x, y, pen, margin + height / 2, dot, ring)
            pen += dot + space
        for mask, cap, colour in parts:
            canvas.write(mask, pen, base - 2 * cap, colour)
            pen += mask.shape[1] + space
        return Label(canvas.sprite(strength), width, height, margin)

    def _mark(self, canvas: Canvas, x, y, left: float, middle: float, dot: int, ring: int | None) -> None:
        """An amber dot, or (where `ring` is given) a mint ring that fills or turns."""
        cx, radius = left + dot / 2, dot / 2
        if ring is None:
            canvas.fill(solid(np.hypot(x - cx, y - middle) - radius), AMBER)
            return
        stroke = max(1.5, 2.2 * self._unit)
        start, turn = (0.0, ring / RING_STEPS) if ring <= RING_STEPS else (ring / RING_STEPS, 0.3)
        track = np.abs(np.hypot(x - cx, y - middle) - radius + stroke / 2) - stroke / 2
        canvas.fill(solid(track), WHITE, 0.22)
        canvas.fill(solid(arc(x, y, cx, middle, radius - stroke / 2, start, turn, stroke)), MINT)

    def _drawn_corners(self, arm: int, strength: float) -> tuple[tuple[Sprite, ...], int]:
        """The four corners of a bracket, left top first, and how far they stand outside the frame."""
        stroke, length = max(1.5, 2.4 * self._unit), arm * self._unit
        inset, radius = self._px(5, 3), min(0.6 * length, 12 * self._unit)
        size = inset + round(length + stroke) + self._px(4, 2)
        x, y = grid(size, size)
        shape = corner(x, y, inset, radius, length, stroke)
        canvas = Canvas(size, size)
        canvas.fill(glow(shape, 5 * self._unit), GROUND, 0.45)
        canvas.fill(solid(shape), WHITE, 0.96)
        sprite = canvas.sprite(strength)
        flips = (slice(None), slice(None)), (slice(None), slice(None, None, -1)), \
            (slice(None, None, -1), slice(None)), (slice(None, None, -1), slice(None, None, -1))
        return tuple(Sprite(*(np.ascontiguousarray(part[flip]) for part in sprite)) for flip in flips), inset


def _track(person) -> int:
    return person.id
