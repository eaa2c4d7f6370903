"""Draws what is known about the people onto the frame: a bracket round each face, and its age.

Everything is a sprite (see shapes.py), so a frame costs a few blends of some hundred
pixels each. All sizes follow the picture's: a label takes the same share of a
320 x 240 window and of a 1920 x 1080 screen.
"""

from __future__ import annotations

from operator import attrgetter
from typing import NamedTuple

from device.box import Box
from device.config.schema import Settings
from device.frame import Image
from device.overlay import shapes
from device.overlay.label_placement import LabelPlacer
from device.overlay.shapes import ARMS, RING_STEPS, Label, Shapes
from device.person import Person

LabelText = tuple[str, str, bool, float]  # as `Shapes.label` takes it: word, detail, ring, strength

STRENGTH = {"finding": 0.75, "settling": 1.0, "settled": 1.0, "lost": 0.4}  # opacity by state
LIT = {"finding": 0.25, "settling": 0.7}  # part of the turning ring that is lit; no ring in other states
FACE_MARGIN, FACE_RAISE = 1.24, 0.07  # the bracket is larger than the face's box, and takes in the hair
ARM = 0.24  # of the bracket's side
CHANGES = 4  # labels a frame that may say something new: to draw one takes longer than to find its age


class Status(NamedTuple):
    """What the line at the bottom says beside the number of people; `t` (seconds) turns the rings."""

    fps: float = 0.0
    notice: str = ""
    t: float = 0.0


QUIET = Status()


class Overlay:
    """Draws in place on frames of one size; what it holds does not grow with time."""

    def __init__(self, size: tuple[int, int], settings: Settings) -> None:
        """`size` is (width, height) in pixels; `settings` has the section overlay (see schema.py)."""
        self._height = size[1]
        self._unit = _unit(size)
        self._show_band = settings.overlay.show == "band"
        self._show_status = settings.overlay.status
        self._shapes = Shapes(self._unit)
        self._placer = LabelPlacer(*size, gap=6 * self._unit)
        self._texts: dict[int, LabelText] = {}  # by each person's label, in the last frame

    def draw(self, image: Image, persons: list[Person], status: Status = QUIET) -> None:
        """Draw onto `image`, (height, width, 3) uint8 BGR of the size given, in place."""
        persons = sorted(persons, key=attrgetter("id"))
        taken = self._draw_status(image, len(persons), status) if self._show_status else []
        frames, faces, labels = [], [], []
        self._texts = self._label_texts(persons)
        for person in persons:
            frame = person.box.scaled(FACE_MARGIN).shifted(0, -FACE_RAISE * person.box.h)
            label = self._shapes.label(*self._texts[person.id])
            frames.append(frame)
            labels.append(label)
            faces.append((person.id, frame, label.width, label.height))
        for person, frame in zip(persons, frames, strict=True):
            self._draw_bracket(image, frame, STRENGTH[person.state])
        step = int(status.t * RING_STEPS) % RING_STEPS
        for person, label, place in zip(persons, labels, self._placer.place(faces, taken), strict=True):
            x, y = _lay(image, label, place)
            if label.ring and person.state in LIT:  # a label that waits may tell of a state that is over
                ring = self._shapes.ring(step, LIT[person.state], STRENGTH[person.state])
                half = ring.colour.shape[0] / 2
                ring.lay(image, round(x + label.ring[0] - half), round(y + label.ring[1] - half))

    def _draw_bracket(self, image: Image, frame: Box, strength: float) -> None:
        reach = ARM * min(frame.w, frame.h) / self._unit
        arm = max((arm for arm in ARMS if arm <= reach), default=ARMS[0])
        (first, second, third, fourth), outside = self._shapes.bracket(arm, strength)
        size = first.colour.shape[0]
        left, top = round(frame.x) - outside, round(frame.y) - outside
        right = round(frame.x + frame.w) + outside - size
        bottom = round(frame.y + frame.h) + outside - size
        first.lay(image, left, top)
        second.lay(image, right, top)
        third.lay(image, left, bottom)
        fourth.lay(image, right, bottom)

    def _label_texts(self, persons: list[Person]) -> dict[int, LabelText]:
        """Each label's text by the person's number; beyond `CHANGES` those due to change wait a frame."""
        texts, left = {}, CHANGES
        for person in persons:
            now = self._label_text(person)
            before = self._texts.get(person.id, now)
            left -= now != before
            texts[person.id] = now if left >= 0 else before
        return texts

    def _label_text(self, person: Person) -> LabelText:
        """The number and its spread, or the band; the state's word while there is neither."""
        word = detail = ""
        if self._show_band and person.band:
            word = person.band
        elif person.age is not None and not self._show_band:
            word = f"{person.age:.0f}"
            if person.spread is not None and person.state != "lost":
                detail = f"±{max(1, round(person.spread))}"
        else:
            detail = person.state
        return word, detail, person.state in LIT, STRENGTH[person.state]

    def _draw_status(self, image: Image, people: int, status: Status) -> list[Box]:
        """The line at the bottom left; returns the boxes it took."""
        facts = "1 person" if people == 1 else f"{people} people"
        if status.fps > 0:
            facts += f"  ·  {status.fps:.0f} fps"
        gap = 10 * self._unit
        x, taken = gap, []
        for text, urgent in ((facts, False), (status.notice, True)):
            if text:
                label = self._shapes.line(text, urgent)
                place = Box(x, self._height - gap - label.height, label.width, label.height)
                _lay(image, label, place)
                taken.append(place)
                x += label.width + gap / 2
        return taken


def _lay(image: Image, label: Label, place: Box) -> tuple[int, int]:
    """Lay the badge on its place; returns where its sprite's left top corner went."""
    x, y = round(place.x) - label.margin, round(place.y) - label.margin
    label.sprite.lay(image, x, y)
    return x, y


def _unit(size: tuple[int, int]) -> float:
    """The scale of everything drawn: 1 for 640 x 480."""
    return min(size[1], 0.75 * size[0]) / 480


def declared_bytes(size: tuple[int, int]) -> int:
    """The most that the overlay for pictures of `size` (width, height) will hold."""
    return shapes.declared_bytes(_unit(size))
