"""The main job, put together from its parts and taken apart again."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack

import cv2

from device.app.main_loop import Loop
from device.app.memory_plan import parts
from device.app.summary import Summary
from device.app.vision_worker import Beside, Inline
from device.board.footprint import drop_start_code
from device.board.thermal import Thermometer
from device.budget.load_shedding import FEWER_PICTURES, Strain
from device.budget.memory import Watcher, check, peak_mib
from device.budget.timing import Stages
from device.camera.capture import Stepped, open_capture
from device.config.schema import Settings
from device.events.json_lines import Events
from device.events.trace import Trace
from device.outputs.dispatcher import Picture
from device.outputs.open import open_outputs
from device.pipeline.pipeline import Vision, open_networks

log = logging.getLogger(__name__)

PATIENCE = 0.8  # of the time between two frames: so long the picture waits for this frame's result


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
        drop_start_code()
        check(parts(settings), settings.limits.memory_mib)
        exact = settings.overlay.show == "age"
        self.stages, self.summary = Stages(), Summary(exact)
        wanted = settings.events
        self.events = Events(wanted.to, wanted.every_s, wanted.max_mib, exact_ages=exact)
        closing.callback(self.events.close)
        recorders = [self.summary, self.events]
        if trace:
            recorders.append(Trace(trace))
            closing.callback(recorders[-1].close)
        self.networks = open_networks(settings)
        drop_start_code()
        self._notice = ""  # what the picture says about the source; set from the capture's thread
        self.capture = open_capture(settings, self._on_source)
        closing.callback(self.capture.stop)
        drop_start_code()
        source = self.capture.source
        stepped = isinstance(self.capture, Stepped)
        self.vision = Vision(
            settings, source.size, source.fps, self.stages, *self.networks, hurry=not stepped
        )
        outputs = open_outputs(settings, source.size, source.fps, self._on_output, stopping.set)
        self.picture = Picture(settings, source.size, outputs, self.stages)
        closing.callback(self.picture.close)
        self.strain = Strain(settings.limits.hot_c, Thermometer(), self._notify)
        self.watcher = Watcher(settings.limits.memory_mib, self.picture.shed, self._notify)
        eyes = self._eyes(stepped, source.fps)
        closing.callback(eyes.stop)
        learn = self.vision.scheduler.pictured
        self.loop = Loop(
            self.capture, eyes, self.picture, recorders, self._tick, learn, self.stages, stopping
        )

    def _eyes(self, stepped: bool, fps: float) -> Inline | Beside:
        if stepped:
            return Inline(self.vision.process, self.capture.release)
        return Beside(self.vision.process, self.capture.release, PATIENCE / fps)

    def _on_source(self, kind: str, message: str) -> None:
        """Pass on what the source says of itself; called from its thread."""
        log.log(logging.INFO if kind in ("back", "chosen") else logging.WARNING, "%s", message)
        self.events.notice("source", kind=kind, message=message)
        self._notice = "No picture from the camera" if kind in ("stalled", "gone", "garbage") else ""

    def _on_output(self, message: str) -> None:
        """Pass on what an output says of itself."""
        log.warning("%s", message)
        self.events.notice("output", message=message)

    def _notify(self, event: str, **facts) -> None:
        log.warning("%s: %s", event, ", ".join(f"{name} {value}" for name, value in facts.items()))
        self.events.notice(event, **facts)

    def _tick(self, now: float) -> None:
        """Once a frame: hold the budgets of memory and time, and let the parts know."""
        self.watcher.tick(now)
        self.strain.tick(now, self.loop.frames, self.capture.counters.dropped)
        self.vision.scheduler.level = self.strain.level
        self.vision.tracker.growing = self.watcher.growing
        self.picture.sparing = self.strain.level >= FEWER_PICTURES
        self.picture.notice = self._notice

    def report(self) -> dict:
        """What `--summary json` prints."""
        counters = self.capture.counters
        return {
            "frames": self.summary.frames,
            "dropped": counters.dropped,
            "frames_with_track": self.summary.frames_with_track,
            "tracks": self.summary.tracks(),
            "tracks_total": self.summary.tracks_total,
            "stages": self.stages.milliseconds(),
            "peak_rss_mib": round(peak_mib(), 1),
            "restarts": counters.restarts,
            "start_to_first_frame_s": self.loop.start_to_first_frame,
            "source": self.capture.source.name,
            "interpreter": self.networks[1].package,
        }
