"""What the overlay costs on a large picture: its own regions drawn, against all of it blended anew."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypedDict

import numpy as np

from device.box import Box
from device.config.loader import changed
from device.config.schema import Settings
from device.frame import Image
from device.overlay.overlay import Overlay, Status
from device.overlay.sprites import Sprite
from device.person import Person

SIZE = (1920, 1080)
FPS = 30
FRAMES = 300  # for each of the two ways, in turns; the age changes once a second, the ring twelve times
WARM_UP = 60


class DrawingReport(TypedDict):
    """Milliseconds a frame of 1920×1080 with one face, and how many times as long the whole picture takes."""

    p50_ms: float
    p95_ms: float
    full_p50_ms: float
    full_ratio: float


def drawing(settings: Settings) -> DrawingReport:
    """Both ways, frame about, on the same frames."""
    overlay = Overlay(SIZE, changed(settings, screen={"rotate": 0, "mirror": False}))
    image: Image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    whole = WholeLayer()
    regions_ms, full_ms = [], []
    for number in range(WARM_UP + FRAMES):
        persons, status = [_somebody(number)], Status(FPS, t=number / FPS)
        regions_ms.append(_ms(lambda: overlay.draw(image, persons, status)))  # noqa: B023 - called at once
        full_ms.append(_ms(lambda: whole.draw(overlay, image, persons, status)))  # noqa: B023
    regions_ms, full_ms = sorted(regions_ms[WARM_UP:]), sorted(full_ms[WARM_UP:])
    p50, full = statistics.median(regions_ms), statistics.median(full_ms)
    return {
        "p50_ms": round(p50, 3),
        "p95_ms": round(regions_ms[int(0.95 * FRAMES)], 3),
        "full_p50_ms": round(full, 3),
        "full_ratio": round(full / p50, 1),
    }


class WholeLayer:
    """The overlay as a picture of its own, cleared, drawn and blended as a whole for every frame."""

    def __init__(self) -> None:
        self._layer = Sprite(*(np.empty((SIZE[1], SIZE[0], 3), np.uint8) for _ in range(2)))

    def draw(self, overlay: Overlay, image: Image, persons: list[Person], status: Status) -> None:
        """Leaves in `image` what `Overlay.draw` does."""
        self._layer.colour.fill(0)
        self._layer.keep.fill(255)
        for sprite, x, y in overlay.plan(persons, status):
            sprite.lay(self._layer.colour, x, y)
            Sprite(np.zeros_like(sprite.colour), sprite.keep).lay(self._layer.keep, x, y)
        self._layer.lay(image, 0, 0)


def _somebody(number: int) -> Person:
    """Walks through the picture while the age settles."""
    second = number // FPS
    state = "settling" if second % 2 else "settled"
    box = Box(200.0 + 3 * (number % 400), 400.0, 240.0, 240.0)
    return Person(1, box, 0.9, None, 30.0 + second, (26.0 + second, 34.0 + second), "25–34", state)


def _ms(draw: Callable[[], None]) -> float:
    start = time.perf_counter()
    draw()
    return (time.perf_counter() - start) * 1e3
