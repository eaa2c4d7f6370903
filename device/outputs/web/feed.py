"""What viewers get: the newest picture as a JPEG made once for all of them, and the list of people."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from device.audience.telemetry import Guided
from device.config.schema import Settings
from device.frame import Image
from device.person import Person, ages_row

PEOPLE_EVERY = 0.2  # seconds between two lists of people
ALIVE_S = 3.0  # without a sign of life from the loop for so long, something is wrong
JOIN_S = 0.5


class Feed:
    """Between the loop, which offers pictures, and the server's threads, which wait for them.

    The loop's side copies a picture (or scales it down) into one buffer; a thread makes the
    JPEG from it while the loop goes on. Nothing at all is done while nobody watches.
    """

    def __init__(
        self,
        size: tuple[int, int],
        settings: Settings,
        guide: Callable[[], Guided | None] | None = None,
    ) -> None:
        """`size` is the pictures' (width, height); `settings` has the sections web and overlay; `guide()` is
        who leads people through a test, if anybody does.
        """
        self._guide = guide
        self._show = settings.overlay.show
        web = settings.web
        width = min(size[0], web.width)
        self._picture = np.zeros((round(size[1] * width / size[0]), width, 3), np.uint8)
        # Averaging areas costs ten times as much, and shows only when several pixels become one.
        self._shrinking = cv2.INTER_LINEAR if 2 * width > size[0] else cv2.INTER_AREA
        self._interval = 1 / web.fps
        self._options = [cv2.IMWRITE_JPEG_QUALITY, web.quality]
        self._changed = threading.Condition()
        self._watching = {"picture": 0, "people": 0}  # viewers of each
        self._due = {"picture": 0.0, "people": 0.0}  # when the next one may be made, monotonic seconds
        self._pending = False  # a picture waits to become a JPEG, or is becoming one
        self._news: dict[str, tuple[int, bytes]] = {"picture": (0, b""), "people": (0, b"")}
        self._seen = time.monotonic()
        self._error: cv2.error | None = None
        self.on_news: Callable[[str], None] | None = None  # called with "picture" or "people"
        self.closed = False
        self._thread = threading.Thread(target=self._encode, name="web-jpeg", daemon=True)
        self._thread.start()

    def wanted(self, now: float) -> bool:
        """Whether a picture or a list is due for somebody; called for every frame, which shows life."""
        self._seen = now
        with self._changed:
            return self._is_due("picture", now) or self._is_due("people", now)

    def _is_due(self, kind: str, now: float) -> bool:
        busy = kind == "picture" and self._pending and self._error is None
        return self._watching[kind] > 0 and now >= self._due[kind] and not busy

    def offer(self, image: Image, persons: list[Person], t: float) -> None:
        """Take what is due of a frame: (height, width, 3) uint8 BGR, its people, its time in seconds."""
        if self._error is not None:
            raise self._error
        now = time.monotonic()
        with self._changed:
            picture, people = self._is_due("picture", now), self._is_due("people", now)
        if picture:
            height, width = self._picture.shape[:2]
            if image.shape == self._picture.shape:
                np.copyto(self._picture, image)
            else:
                cv2.resize(image, (width, height), dst=self._picture, interpolation=self._shrinking)
        with self._changed:
            if picture:
                self._pending = True
                self._due["picture"] = max(self._due["picture"] + self._interval, now)
            if people:
                self._due["people"] = now + PEOPLE_EVERY
                guide = self._guide() if self._guide else None
                led = dict(guide.state) if guide else None
                self._publish("people", _people(persons, t, image, self._show, led))
            self._changed.notify_all()

    def _publish(self, kind: str, data: bytes) -> None:
        self._news[kind] = self._news[kind][0] + 1, data
        self._tell(kind)

    def _tell(self, kind: str) -> None:
        self._changed.notify_all()
        if self.on_news:
            self.on_news(kind)

    def _encode(self) -> None:
        while not self.closed:
            with self._changed:
                if not self._changed.wait_for(lambda: self._pending or self.closed, 1.0):
                    continue
            if self.closed:
                return
            try:
                _, jpeg = cv2.imencode(".jpg", self._picture, self._options)
            except cv2.error as error:
                self._error = error  # raised by offer(), on the thread that can close this output
                return
            with self._changed:
                self._pending = False
                self._publish("picture", jpeg.tobytes())

    @contextmanager
    def watching(self, kind: str) -> Iterator[None]:
        """Count as a viewer of "picture" or "people" for as long as this lasts."""
        with self._changed:
            self._watching[kind] += 1
        try:
            yield
        finally:
            with self._changed:
                self._watching[kind] -= 1

    def newest(self, kind: str) -> int:
        """The number of the newest picture or list."""
        return self._news[kind][0]

    def after(self, kind: str, number: int, timeout: float) -> tuple[int, bytes] | None:
        """The newest (number, data) later than `number`; None when none came within `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._news[kind][0] > number, timeout)
            return None if self.closed or self._news[kind][0] <= number else self._news[kind]

    def health(self) -> dict[str, Any]:
        """Whether the loop goes on: {"status": "ok" or "down", "frame_age_s": of its last frame}."""
        age = time.monotonic() - self._seen
        return {"status": "ok" if age < ALIVE_S else "down", "frame_age_s": round(age, 1)}

    def close(self) -> None:
        """Wake everybody up for the end."""
        with self._changed:
            self.closed = True
            for kind in self._news:
                self._tell(kind)
        self._thread.join(JOIN_S)


def _people(persons: list[Person], t: float, image: Image, show: str, led: dict[str, Any] | None) -> bytes:
    """As JSON: time, the picture's size (which boxes refer to), what is shown of ages, the people, and the
    state of the test that they are led through.
    """
    ages = show == "age"  # a number that may not be on the screen is not behind it either
    people = [
        {
            "id": person.id,
            "box": [round(number) for number in person.box],
            **(ages_row(person.age, person.interval, 1) if ages else ages_row(None, None)),
            "band": person.band,
            "state": person.state,
            **person.words(),
        }
        for person in sorted(persons, key=lambda person: person.id)
    ]
    size = [image.shape[1], image.shape[0]]
    news = {"t": round(t, 2), "size": size, "show": show, "people": people}
    return json.dumps(news | ({"guide": led} if led else {})).encode("ascii")
