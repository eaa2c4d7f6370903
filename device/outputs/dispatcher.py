"""The picture for people: the overlay drawn on a frame, handed to every output that somebody watches."""

from __future__ import annotations

import time
from collections.abc import Sequence

from device.box import Box
from device.budget.timing import Timings
from device.config.schema import Settings
from device.frame import Image
from device.outputs.isolated import Isolated
from device.overlay.composition import Composition
from device.overlay.overlay import Overlay, Status
from device.person import Person

RATE_EVERY = 1.0  # seconds between two new values of the rate that is shown


class Dispatcher:
    """Draws and shows. `outputs` are open; `size` is the frames' (width, height).

    `notice` is what the operator should know, shown on the picture, `headline` what the people before it are
    to do; `half_rate` shows every other frame.
    """

    def __init__(
        self, settings: Settings, size: tuple[int, int], outputs: Sequence[Isolated], stages: Timings
    ):
        self.notice = self.headline = ""
        self.half_rate = False
        self._size = size
        self._overlay = Overlay(size, settings)
        self._composition = Composition(size, settings)
        self._outputs = list(outputs)
        self._for_nobody = not outputs  # `--output none` finishes each picture too, so that it can be timed
        self._stages = stages
        self._rate = 0.0  # frames a second, as shown
        self._rate_since = 0.0  # monotonic time since when frames are counted for the next value
        self._rate_frames = 0
        self._turn = False

    def draw(
        self,
        image: Image,
        free: bool,
        persons: list[Person],
        t: float,
        faces: Sequence[Box] | None = None,
    ) -> Image | None:
        """The frame with its overlay; None when there are outputs, but nobody watches them.

        `image` is drawn on in place where it is `free` and stands as the screen does; `t` is its time in
        seconds. `faces` are for the privacy of those in it, as `Composition.picture` takes them.
        """
        start = time.monotonic()
        if not self._is_due(start):
            return None
        picture = self._composition.picture(image, free, persons, faces)
        return self._finished(picture, persons, t, start)

    def _is_due(self, now: float) -> bool:
        """Whether somebody is to see this frame."""
        self._measure_rate(now)
        return not self._skips() and (self._for_nobody or any(output.wanted() for output in self._outputs))

    def _finished(self, picture: Image, persons: list[Person], t: float, start: float) -> Image:
        self._overlay.draw(picture, persons, self._status(t))
        self._stages.add("overlay", time.monotonic() - start)
        return picture

    def dispatch(self, image: Image, persons: list[Person], t: float) -> None:
        """Show a drawn picture on every output that somebody watches."""
        start = time.monotonic()
        for output in self._outputs:
            if output.wanted():
                output.show(image, persons, t)
        self._stages.add("output", time.monotonic() - start)

    def show_waiting(self, t: float) -> None:
        """A dark picture with the notice, while the camera gives none."""
        start = time.monotonic()
        if self._is_due(start):
            self.dispatch(self._finished(self._composition.dark(), [], t, start), [], t)

    def _measure_rate(self, now: float) -> None:
        """Count a frame; the rate changes once a second only, so that it can be read, and drawn once."""
        self._rate_frames += 1
        if now - self._rate_since >= RATE_EVERY:
            self._rate = self._rate_frames / (now - self._rate_since) if self._rate_since else 0.0
            self._rate_since, self._rate_frames = now, 0

    def _skips(self) -> bool:
        self._turn = not self._turn
        return self.half_rate and self._turn

    def _status(self, t: float) -> Status:
        return Status(self._rate, self.notice, t, self.headline)

    def shed(self) -> list[str]:
        """Close the outputs that the machine can do without, and name them."""
        optional = [output for output in self._outputs if output.optional]
        self._outputs = [output for output in self._outputs if not output.optional]
        for output in optional:
            output.close()
        return [output.name for output in optional]

    def adopt(self, settings: Settings) -> None:
        """Let the overlay follow settings that changed while it runs (`device/config/live.py`)."""
        self._overlay = Overlay(self._size, settings)

    def lost(self) -> list[str]:
        """The names of outputs that were asked for and are away."""
        return [output.name for output in self._outputs if output.lost]

    def close(self) -> None:
        """Close all outputs."""
        for output in self._outputs:
            output.close()
