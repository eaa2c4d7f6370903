"""The main job, put together from its parts and taken apart again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Protocol, cast

import cv2

import device
from device.app.forced_exit import ForcedExit
from device.app.health import NOTICES, STAND_IN, Health, Numbers
from device.app.interfaces import open_mqtt, open_telemetry, tell_what_leaves
from device.app.ladder import Ladder, LadderFile
from device.app.main_loop import Loop, Recorder
from device.app.memory_plan import memory_plan
from device.app.report import RunReport
from device.app.summary import Summary
from device.app.systemd import Notifier
from device.app.vision_worker import EXTRAPOLATE_S, AsyncVision, SyncVision
from device.audience.telemetry import Guided
from device.board import time_sync
from device.board.proc import STATUS
from device.board.thermal import Thermometer
from device.box import Box
from device.budget.load_shedding import FEWER_PICTURES, LoadShedder
from device.budget.memory import Meter, Watcher, check, peak_rss_mib
from device.budget.timing import Timings
from device.camera.capture import SyncCapture, open_capture
from device.config.schema import Settings
from device.errors import VisionStuckError
from device.events.json_lines import Events
from device.events.trace import Trace
from device.frame import Frame
from device.outputs.dispatcher import Dispatcher
from device.outputs.open import open_outputs
from device.overlay.composition import shown_size
from device.pipeline.pipeline import PersonTrack, Vision, open_networks

# Of the time between two frames: so long the picture waits for this frame's result. Reasoned, not tuned:
# the rest is for the overlay and the outputs, which take 0.1 to 0.2 of it on the slowest board.
PATIENCE = 0.8
FAILED = ("stalled", "gone", "garbage")  # what a source says when it gives no picture
POOR = ("demo", "skipped", "damaged", "changed")  # when it gives one, but not as it was asked for

log = logging.getLogger(__name__)


class Guide(Guided, Protocol):
    """Who leads people before the camera through something while the main job runs."""

    def see(self, frame: Frame, tracks: Sequence[PersonTrack]) -> None:
        """Hear of a frame that the vision is done with, on its thread; `tracks` are of this frame."""

    def poll(self, now: float) -> str:
        """Once a frame, by the monotonic time: the line for the picture, empty for none."""


class Run:
    """All parts of one run, opened; `closing` hears how each is closed, last first."""

    def __init__(
        self,
        settings: Settings,
        stopping: threading.Event,
        closing: ExitStack,
        trace: str | None = None,
    ):
        cv2.setNumThreads(1)
        forced_exit = ForcedExit()
        closing.callback(forced_exit.cancel)
        self.force_exit = forced_exit.arm
        check(memory_plan(settings), settings.limits.memory_mib)
        self._open_guards(settings, closing)
        recorders = self._open_recorders(settings, closing, trace)
        self.networks = open_networks(settings)
        self.capture = open_capture(settings, self._on_source)
        closing.callback(self.capture.stop)
        source, stepped = self.capture.source, isinstance(self.capture, SyncCapture)
        self.vision = Vision(
            settings, source.size, source.fps, self.timings, *self.networks, realtime=not stepped
        )
        self.vision.notify = self._notify
        self._open_picture(settings, closing, stopping)
        self.worker = self._worker(stepped, source.fps)
        closing.callback(self.worker.stop)
        self.loop = Loop(
            self.capture,
            self.worker,
            self.picture,
            recorders,
            self._poll,
            self.health.on_frame,
            self.vision.scheduler.on_render_cost,
            self.timings,
            stopping,
            self._faces,
        )
        self.systemd = Notifier.from_environment()
        closing.callback(self.systemd.close)  # the first to be closed: what follows may take its time

    def _open_guards(self, settings: Settings, closing: ExitStack) -> None:
        """Open what watches the run: time, memory, load, health, and the recovery ladder's counters."""
        self.timings, self.meter = Timings(), Meter()
        closing.callback(self.meter.close)
        if not self.meter.whole:
            log.warning(
                "memory: %s cannot be read; the budget counts the peak of all that was in RAM", STATUS
            )
        limits = settings.limits
        self._budget_mib = limits.memory_mib
        self.watcher = Watcher(limits.memory_mib, self._shed, self._notify, self.meter.mib)
        self.load = LoadShedder(limits.hot_c, Thermometer(), self._notify)
        self.health = Health(limits.vision_timeout_s, self._numbers, self._notify, self._stands_in)
        self.ladder = Ladder(LadderFile.from_environment())
        closing.callback(self.ladder.close)
        self.guide: Guide | None = None
        self._auto = settings.source.use == "auto"
        self._drawn: bool | None = None

    def _open_recorders(self, settings: Settings, closing: ExitStack, trace: str | None) -> list[Recorder]:
        """Open what hears of each finished frame."""
        exact, wanted = settings.overlay.show == "age", settings.events
        self.summary = Summary(exact)
        self.events = Events(wanted.to, wanted.every_s, wanted.max_mib, exact_ages=exact)
        closing.callback(self.events.close)
        recorders: list[Recorder] = [self.summary, self.events]
        self._mqtt_lost: Callable[[], Mapping[str, int]] = dict  # until it is open
        self.telemetry = open_telemetry(
            settings, self._is_well, self.timings.milliseconds, self._lost, lambda: self.guide
        )
        if self.telemetry:
            recorders.append(self.telemetry.audience)
        if trace:
            writing = Trace(trace)
            closing.callback(writing.close)
            recorders.append(writing)
        return recorders

    def _open_picture(self, settings: Settings, closing: ExitStack, stopping: threading.Event) -> None:
        """Open the outputs, what is drawn for them, and MQTT; say what leaves the device."""
        source = self.capture.source
        self._outputs_lost: Callable[[], list[str]] = list  # until there are any
        outputs = open_outputs(
            settings,
            shown_size(settings, source.size),
            source.fps,
            self._on_output,
            stopping.set,
            health=self.health.report,
            telemetry=self.telemetry,
        )
        self.picture = Dispatcher(settings, source.size, outputs, self.timings)
        closing.callback(self.picture.close)
        self._outputs_lost = self.picture.lost
        self.picture.notice = NOTICES[STAND_IN] if self._stands_in() else ""  # from the first picture on
        self._mqtt_lost = open_mqtt(settings, self.telemetry, closing)
        tell_what_leaves(settings)

    def _faces(self) -> list[Box] | None:
        """All that may be a face in the frame that the loop has; None where the vision has not seen it."""
        return self.vision.faces if self.worker.fresh else None

    def _worker(self, stepped: bool, fps: float) -> SyncVision | AsyncVision:
        process, release, on_result = self.vision.process, self.capture.release, self._on_result
        strict = self.vision.strict  # no picture before somebody looked at it, so the picture may come late
        if stepped:
            return SyncVision(process, release, on_result)
        return AsyncVision(process, release, EXTRAPOLATE_S if strict else PATIENCE / fps, on_result)

    def _on_result(self, frame: Frame) -> None:
        """The vision is done with a frame; on its thread."""
        self.health.on_result(frame)
        if self.guide:
            self.guide.see(frame, self.vision.tracks)

    def _on_source(self, kind: str, message: str) -> None:
        """Pass on what the source says of itself; called from its thread."""
        failed = kind in FAILED
        log.log(logging.WARNING if failed or kind in POOR else logging.INFO, "%s", message)
        self.events.notice("source", kind=kind, message=message)
        self.health.camera_failed = failed
        if kind in ("demo", "back"):
            self._drawn = kind == "demo"

    def _on_output(self, message: str) -> None:
        """Pass on what an output says of itself: where it is while it opens, later what is wrong."""
        log.log(logging.WARNING if self.summary.frames else logging.INFO, "%s", message)
        self.events.notice("output", message=message)

    def _notify(self, event: str, **facts: object) -> None:
        fine = facts.get("status") == "ok" or facts.get("level") == 0
        log.log(logging.INFO if fine else logging.WARNING, "%s", sentence(event, facts))
        self.events.notice(event, **facts)

    def _poll(self, now: float) -> None:
        """Once a frame: hold the budgets of memory and time, and let the parts know."""
        self.watcher.poll(now)
        self.ladder.poll(now, self.capture.counters.stalls, self.capture.counters.restarts)
        self.load.poll(now, self.loop.frames, self.capture.counters.dropped)
        self.vision.scheduler.level = self.load.level
        self.vision.tracker.growing = self.watcher.growing
        self.picture.half_rate = self.load.level >= FEWER_PICTURES
        if self.telemetry:
            self.telemetry.audience.poll(now)
            if changed := self.telemetry.live.take():
                self.picture.adopt(changed)
        try:
            self.health.poll(self.worker.pending, self.worker.results)
        except VisionStuckError as error:
            self.force_exit(error.exit_status)
            raise
        finally:
            self.picture.notice = self.health.notice
            self.picture.headline = self.guide.poll(now) if self.guide else ""
        ready = self.loop.frames > 0 or self.health.camera_failed
        self.systemd.poll(now, ready, self.health.alive, self.health.line)

    def _is_well(self) -> bool:
        """Whether frames come, and are those of the source that was asked for."""
        return not (self.health.camera_failed or self._stands_in())

    def _lost(self) -> dict[str, int]:
        return {"events": self.events.dropped, **self._mqtt_lost()}

    def _shed(self) -> list[str]:
        return self.picture.shed()

    def _stands_in(self) -> bool:
        """Whether the frames are the demo's because there is no camera, not because it was asked for."""
        if self._drawn is not None:  # the source said so itself
            return self._drawn
        return self._auto and self.capture.source.name.startswith("demo")

    def _numbers(self) -> Numbers:
        counters = self.capture.counters
        return Numbers(
            source=self.capture.source.name,
            frames=self.summary.frames,
            dropped=counters.dropped,
            restarts=counters.restarts,
            memory_mib=self.watcher.used_mib,
            memory_budget_mib=self._budget_mib,
            memory_near=self.watcher.near,
            temperature_c=self.load.celsius,
            throttled=self.load.throttled,
            load_level=self.load.level,
            outputs_lost=tuple(self._outputs_lost()),
            version=device.__version__,
            ladder=self.ladder.counters,
            clock_synchronised=time_sync.synchronised,
        )

    def report(self) -> RunReport:
        """What `--summary json` prints."""
        counters = self.capture.counters
        self.meter.mib()
        return {
            "frames": self.summary.frames,
            "dropped": counters.dropped,
            "frames_with_track": self.summary.frames_with_track,
            "tracks": self.summary.tracks(),
            "tracks_total": self.summary.tracks_total,
            "stages": self.timings.milliseconds(),
            "peak_memory_mib": round(self.meter.peak_mib, 1),
            "peak_rss_mib": round(peak_rss_mib(), 1),
            "restarts": counters.restarts,
            "start_to_first_frame_s": self.loop.start_to_first_frame,
            "source": self.capture.source.name,
            "interpreter": self.networks[1].package,
        }


def sentence(event: str, facts: Mapping[str, object]) -> str:
    """An event of the program itself for people: "load: level 1, … (the processor has 83 °C)"."""
    if event == "strain":
        return f"load: level {facts['level']}, {facts['doing']} ({facts['why']})"
    if event == "memory":
        closed = ", ".join(map(str, cast(list[str], facts.get("closed", [])))) or "nothing that could be"
        doing = facts.get("doing") or f"closed: {closed}"
        return f"memory: {facts['used_mib']} of {facts['budget_mib']} MiB are used; {doing}"
    if event == "still":
        x, y, w, h = (f"{value:.0f}" for value in cast(list[float], facts["box"]))
        return f"a face at {x}, {y}, {w}×{h} pixels, never moves: it is taken for a picture and left out"
    reasons = ", ".join(map(str, cast(list[str], facts.get("reasons", []))))
    return f"{event}: {facts['status']}" + (f" ({reasons})" if reasons else "")
