"""Leads through the steps while the main job runs, and judges each as it ends."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from device.box import Box
from device.field_test.judge import Finding, Sample, judge_step, worst
from device.field_test.measures import still_boxes, without
from device.field_test.sights import Looker, Seen, Sight
from device.field_test.steps import PREPARE_S, Step
from device.frame import Frame

SAMPLE_EVERY_S = 1.0

log = logging.getLogger(__name__)


class Done(NamedTuple):
    """A step that was gone through."""

    step: Step
    findings: list[Finding]


class Conductor:
    """As `device.app.application.Guide`: hears of every frame, and says what people are to do.

    `looker` takes the numbers of a frame, `sample()` those of the machine, `finished()` is called once all
    steps are done, `slower` times as many seconds as its own each step takes. What is kept of a frame is a
    few numbers until its step is judged.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        looker: Looker,
        sample: Callable[[], Sample],
        finished: Callable[[], None],
        slower: float = 1.0,
    ):
        self.done: list[Done] = []
        self.samples: list[Sample] = []
        self._steps = steps
        self._looker, self._sample, self._finished = looker, sample, finished
        self._slower = slower
        self._begun: float | None = None  # when the step in force began, monotonic, seconds
        self._sights: list[Sight] | None = None  # of the step, while it is measured
        self._posters: list[Box] = []  # faces that did not move while nobody was there
        self._next_sample = -math.inf
        self._frames, self._seconds = 0, 0.0  # of all steps that are done
        self._order: str | None = None
        self.state: Mapping[str, Any] = {}

    @property
    def rate(self) -> float | None:
        """Frames a second that the vision saw while it was measured."""
        return self._frames / self._seconds if self._seconds else None

    @property
    def complete(self) -> bool:
        """Whether all steps were gone through."""
        return len(self.done) == len(self._steps)

    def see(self, frame: Frame, tracks: Sequence[Seen]) -> None:
        """Hear of a frame that the vision is done with; called from its thread."""
        sights = self._sights
        if sights is not None:
            sights.append(self._looker.look(frame, tracks))

    def order(self, word: str) -> None:
        """From any thread: "now" begins the step at once, "again" goes back to the last one."""
        self._order = word

    def poll(self, now: float) -> str:
        """Go on where it is time, by the monotonic time `now`; returns the line for the picture."""
        if self.complete:
            return ""
        if now >= self._next_sample:
            self._next_sample = now + SAMPLE_EVERY_S
            self.samples.append(self._sample())
        if self._begun is None:
            self._begun = now
            self._announce()
        prepare = self._slower * PREPARE_S
        order, self._order = self._order, None
        if order == "again" and self.done:
            self._go_back(now)
        elif order == "now":
            self._begun = min(self._begun, now - prepare)
        step, since = self._steps[len(self.done)], now - self._begun
        seconds = self._slower * step.seconds
        if since < prepare:
            return self._line(step, "in", prepare - since)
        if self._sights is None:
            log.info("now, for %.0f s", seconds)
            self._sights = []
        if since < prepare + seconds:
            return self._line(step, "now", prepare + seconds - since)
        self._end(step, since - prepare)
        return self.poll(now)

    def _announce(self) -> None:
        step = self._steps[len(self.done)]
        place = f"{len(self.done) + 1} of {len(self._steps)}"
        log.info("step %s, in %.0f s: %s", place, self._slower * PREPARE_S, step.sentence)

    def _go_back(self, now: float) -> None:
        step = self.done.pop().step
        if step.name == "nobody":
            self._posters = []
        self._sights, self._begun = None, now
        self._announce()

    def _line(self, step: Step, when: str, left: float) -> str:
        """The line for the picture; the page has the same, and the whole sentence."""
        number, of, left_s = len(self.done) + 1, len(self._steps), math.ceil(left)
        self.state = {
            "step": number,
            "of": of,
            "sentence": step.sentence,
            "when": when,
            "left_s": left_s,
            "last": _plain(self.done[-1]) if self.done else None,
        }
        return f"{number}/{of}  {step.cue}  ·  {when} {left_s} s"

    def _end(self, step: Step, seconds: float) -> None:
        sights, self._sights = self._sights or [], None
        self._begun = None
        self._frames, self._seconds = self._frames + len(sights), self._seconds + seconds
        findings = judge_step(step, without(sights, self._posters))
        if step.name == "nobody":
            self._posters = still_boxes(sights)
        self.done.append(Done(step, findings))
        log.info("%s: %s", step.name, worst(findings))
        for one in findings:
            if one.grade != "well":
                log.warning(
                    "%s: %s %s (well: %s); %s", one.grade, one.figure, one.what, one.limit, one.remedy
                )
        if self.complete:
            self._finished()


def _plain(done: Done) -> dict[str, Any]:
    """How a step went, and what is to be mended."""
    wanting = [one for one in done.findings if one.grade != "well"]
    return {
        "name": done.step.name,
        "grade": worst(done.findings),
        "wanting": [f"{one.figure} {one.what} (well: {one.limit}): {one.remedy}" for one in wanting],
    }
