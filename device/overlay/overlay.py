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
from device.overlay.invitation import Invitation
from device.overlay.label_placement import LabelPlacer
from device.overlay.shapes import ARMS, RING_STEPS, WHITE, Label, Shapes
from device.overlay.sprites import Sprite
from device.overlay.turn import turn_of
from device.overlay.words import Words
from device.person import UNSURE, Person

LabelText = tuple[str, str, bool, bool, float]  # as `Shapes.label` takes it: word, detail, ring, faint, scale

STRENGTH = {"finding": 0.75, "settling": 1.0, "settled": 1.0, "lost": 0.4}  # the bracket's opacity by state
LIT = {"finding": 0.25, "settling": 0.7}  # part of the turning ring that is lit; no ring in other states
FACE_MARGIN, FACE_RAISE = 1.24, 0.07  # the bracket is larger than the face's box, and takes in the hair
ARM = 0.24  # of the bracket's side
SAID = (
    "female",
    "male",
    "dark",
    "mouth",
)  # of the attributes' words; the others say that there is nothing to say
CHANGES = 4  # labels a frame that may say something new: to draw one takes longer than to find its age
SCALES = ((0.0, 1.0), (95.0, 1.35), (150.0, 1.8))  # from this face width on, at 480 lines, text so large
HEADLINE_CAPS = (20.0, 16.0, 12.0, 9.0)  # heights of capitals at 480 lines
STICKY = 0.9  # of that width; a label keeps its size until the face is smaller than that


class Status(NamedTuple):
    """What the line at the bottom says beside the number of people; `t` (seconds) turns the rings.

    `headline` stands large at the top, for the people before the screen.
    """

    fps: float = 0.0
    notice: str = ""
    t: float = 0.0
    headline: str = ""


class Placed(NamedTuple):
    """A sprite and where its left top corner goes on the screen, in pixels."""

    sprite: Sprite
    x: int
    y: int


QUIET = Status()


class Overlay:
    """Draws in place on frames of one size; what it holds does not grow with time."""

    def __init__(self, size: tuple[int, int], settings: Settings) -> None:
        """`size` is the camera's (width, height) in pixels; `settings` has the sections overlay and screen.

        Raises AssetError when letters or texts are missing.
        """
        self._turn = turn_of(settings.screen, size)
        self._width, self._height = size
        self._unit = _unit(size)
        self._show_band = settings.overlay.show == "band"
        self._show_status = settings.overlay.status
        self._words = Words(settings.overlay.language)
        self._shapes = Shapes(self._unit, self._turn.rotate, settings.overlay.language == "ja")
        self._placer = LabelPlacer(*size, gap=6 * self._unit)
        self._invitation = Invitation(size, settings.overlay.attract_s, self._shapes, self._words)
        self._texts: dict[int, LabelText] = {}  # by each person's label, in the last frame
        self._placed: list[Placed] = []

    def draw(self, image: Image, persons: list[Person], status: Status = QUIET) -> None:
        """Draw onto `image` in place: uint8 BGR, as large as the screen shows it (see turn.py)."""
        placed = self.plan(persons, status)
        if self.inviting:
            self._invitation.dim(image)
        for sprite, x, y in placed:
            sprite.lay(image, x, y)

    @property
    def inviting(self) -> bool:
        """Whether the last plan was for nobody, and the picture is to be dimmed below it."""
        return self._invitation.due

    def plan(self, persons: list[Person], status: Status = QUIET) -> list[Placed]:
        """Everything to be drawn, in its order; boxes of `persons` are in pixels of the camera's picture.

        What did not change since the last plan is the same sprite in the same place.
        """
        self._placed = []
        persons = sorted(persons, key=attrgetter("id"))
        taken = self._place_status(len(persons), status) if self._show_status else []
        taken += self._place_headline(status.headline) if status.headline else []
        self._invitation.watch(bool(persons or status.notice or status.headline), status.t)
        if self.inviting:
            for sprite, x, y in self._invitation.parts():
                self._place(sprite, x, y)
        else:
            self._place_people(persons, taken, status.t)
        return self._placed

    def _place(self, sprite: Sprite, x: int, y: int) -> None:
        """Where the viewer has it, as pixels of the screen."""
        if self._turn.rotate:
            h, w = sprite.colour.shape[:2]
            if self._turn.rotate != 180:
                h, w = w, h
            box = self._turn.on_screen(Box(x, y, w, h))
            x, y = int(box.x), int(box.y)
        self._placed.append(Placed(sprite, x, y))

    def _place_people(self, persons: list[Person], taken: list[Box], t: float) -> None:
        frames, faces, labels = [], [], []
        self._texts = self._label_texts(persons)
        for person in persons:
            face = self._turn.upright(person.box)
            frame = face.scaled(FACE_MARGIN).shifted(0, -FACE_RAISE * face.h)
            label = self._shapes.label(*self._texts[person.id])
            frames.append(frame)
            labels.append(label)
            faces.append((person.id, frame, label.width, label.height))
        for person, frame in zip(persons, frames, strict=True):
            self._place_bracket(frame, STRENGTH[person.state])
        step = int(t * RING_STEPS) % RING_STEPS
        for person, label, place in zip(persons, labels, self._placer.place(faces, taken), strict=True):
            x, y = self._place_label(label, place)
            if label.ring and person.state in LIT:  # a label that waits may tell of a state that is over
                ring = self._shapes.ring(step, LIT[person.state], self._texts[person.id][-1])
                half = ring.colour.shape[0] / 2
                self._place(ring, round(x + label.ring[0] - half), round(y + label.ring[1] - half))

    def _place_bracket(self, frame: Box, strength: float) -> None:
        reach = ARM * min(frame.w, frame.h) / self._unit
        arm = max((arm for arm in ARMS if arm <= reach), default=ARMS[0])
        corners, side, outside = self._shapes.bracket(arm, strength)
        left, top = round(frame.x) - outside, round(frame.y) - outside
        right = round(frame.x + frame.w) + outside - side
        bottom = round(frame.y + frame.h) + outside - side
        for sprite, (x, y) in zip(
            corners, ((left, top), (right, top), (left, bottom), (right, bottom)), strict=True
        ):
            self._place(sprite, x, y)

    def _place_label(self, label: Label, place: Box) -> tuple[int, int]:
        """Put the badge on its place; returns where its sprite's left top corner went."""
        x, y = round(place.x) - label.margin, round(place.y) - label.margin
        self._place(label.sprite, x, y)
        return x, y

    def _label_texts(self, persons: list[Person]) -> dict[int, LabelText]:
        """Each label's text by the person's number; beyond `CHANGES` those due to change wait a frame."""
        texts, left = {}, CHANGES
        for person in persons:
            before = self._texts.get(person.id)
            now = self._label_text(person, before[-1] if before else 0.0)
            left -= before is not None and now != before
            texts[person.id] = now if before is None or left >= 0 else before
        return texts

    def _label_text(self, person: Person, scale: float) -> LabelText:
        """The number and its interval, or the band, and what is known beside; before, to wait a moment."""
        word, details = "", []
        if self._show_band and person.band == UNSURE:
            details = ["?"]
        elif self._show_band and person.band:
            word = person.band
        elif person.age is not None and not self._show_band:
            word = f"{person.age:.0f}"
            if person.interval is not None and person.state != "lost":
                low, high = person.interval
                details = [f"{low:.0f}–{high:.0f}"]
        if word:
            details += [self._words.say(told) for told in person.words().values() if told in SAID]
        elif not details:
            details = [self._words.say("finding")]
        return (
            word,
            "  ·  ".join(details),
            person.state in LIT,
            person.state == "lost",
            self._scale(person.box.w, scale),
        )

    def _scale(self, width: float, before: float) -> float:
        """The label's scale by the face's width in pixels, which tells how near it is."""
        width /= self._unit
        return max(scale for least, scale in SCALES if width >= least * (STICKY if scale <= before else 1.0))

    def _place_status(self, people: int, status: Status) -> list[Box]:
        """The line at the bottom left; returns the boxes it took."""
        facts = self._words.say("person" if people == 1 else "people", people)
        if status.fps > 0:
            facts += "  ·  " + self._words.say("fps", round(status.fps))
        gap = 10 * self._unit
        x, taken = gap, []
        for text, urgent in ((facts, False), (self._words.translated(status.notice), True)):
            if text:
                label = self._shapes.line(text, urgent)
                place = Box(x, self._height - gap - label.height, label.width, label.height)
                self._place_label(label, place)
                taken.append(place)
                x += label.width + gap / 2
        return taken

    def _place_headline(self, text: str) -> list[Box]:
        """As large as fits the picture's width, in the middle of its top; returns the box it took."""
        for cap in HEADLINE_CAPS:
            label = self._shapes.title(text, cap, WHITE)
            if label.width <= self._width:
                break
        place = Box((self._width - label.width) // 2, 10 * self._unit, label.width, label.height)
        self._place_label(label, place)
        return [place]


def _unit(size: tuple[int, int]) -> float:
    """The scale of everything drawn: 1 for 640 x 480."""
    return min(size[1], 0.75 * size[0]) / 480


def declared_bytes(size: tuple[int, int]) -> int:
    """The most that the overlay for pictures of `size` (width, height) will hold."""
    return shapes.declared_bytes(_unit(size))
