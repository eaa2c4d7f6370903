"""From a source to whoever looks at its frames: the newest one always, or every one in turn.

`open_capture` is what the main loop calls. Cameras, and clips at their own speed, get a
thread that owns the source and writes into a ring of frames made at the start; the
consumer leases the newest, and what nobody took in time is dropped and counted. Clips
as fast as possible, and folders of pictures, are read step by step without a thread,
and nothing is dropped.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import cast

from device.camera.open import camera_search, open_source
from device.camera.orientation import orientation
from device.camera.paced import RealTimeSource
from device.camera.reconnecting import Counters, ReconnectingCamera
from device.camera.search import AnyCamera
from device.camera.source import Camera, OnEvent, Source, ignore
from device.camera.stand_in import DemoUntilCamera
from device.config.schema import Settings
from device.errors import CameraError
from device.frame import Frame, frame_bytes

SYNC_FRAMES = 2  # one with the detector, one on the display
JOIN_S = 0.8  # a stop within a second, also when the driver is slow


def open_capture(settings: Settings, on_event: OnEvent = ignore) -> Capture | SyncCapture:
    """Open `settings.source.use` and everything that its frames need on their way.

    `on_event(kind, message)` may be called from the capture's thread. Raises ConfigError for a source
    that is none, CameraError when it cannot be opened.
    """
    source = open_source(settings.source.use, settings, on_event)
    counters, stopping = Counters(), threading.Event()
    camera = settings.camera

    def keep(found: Camera) -> ReconnectingCamera:
        return ReconnectingCamera(found, camera, counters, on_event, wait=stopping.wait)

    if source.live:
        kept = keep(cast(Camera, source))
        return Capture(kept, camera.buffers, camera.timeout_s, counters, stopping, kept.raise_if_hung)
    if settings.source.pace == "fast" or source.name.startswith("images:"):
        return SyncCapture(source)
    paced = RealTimeSource(source, wait=stopping.wait)
    if settings.source.use != "auto":
        return Capture(paced, camera.buffers, camera.timeout_s, counters, stopping)
    search = camera_search(settings, on_event)

    def look() -> ReconnectingCamera:
        found = AnyCamera(search, camera)  # of the demo's size
        found.reopen()
        return keep(found)

    demo = DemoUntilCamera(paced, look, on_event)
    return Capture(demo, camera.buffers, camera.timeout_s, counters, stopping, demo.raise_if_hung)


def declared_bytes(settings: Settings) -> int:
    """What frames of the size in `settings.camera` will hold, for the memory budget.

    A clip has its own size, which nobody knows before it is opened.
    """
    size = settings.camera.width, settings.camera.height
    frames = SYNC_FRAMES if settings.source.pace == "fast" else settings.camera.buffers
    turned = not orientation(settings.camera).upright  # from a further one
    return (frames + 1 + turned) * frame_bytes(size)  # and one in the decoder, or in the driver's library


class Capture:
    """A thread that reads `source` into a ring of `buffers` frames, and lends the newest.

    The consumer may hold `buffers` - 2 frames at once. `watch` is called while waiting
    and raises when the thread hangs.
    """

    def __init__(
        self,
        source: Source,
        buffers: int,
        timeout: float,
        counters: Counters | None = None,
        stopping: threading.Event | None = None,
        watch: Callable[[], None] = lambda: None,
    ):
        self.source = source
        self.counters = counters or Counters()
        self._timeout = timeout
        self._watch = watch
        self._free = deque(Frame(source.size, source.small_size) for _ in range(buffers))
        self._newest: Frame | None = None
        self._error: Exception | None = None
        self._over = False
        self._changed = threading.Condition()
        self._stopping = stopping or threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """The source came to its end, and `next` has nothing more to give or to raise."""
        return self._over and self._newest is None and self._error is None

    def next(self, timeout: float) -> Frame | None:
        """Lease the newest frame not seen yet; None when none came within `timeout` seconds, or at the end.

        Raises what made the source fail for good: CameraLost, CameraError.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._over, timeout)
            frame, self._newest = self._newest, None
        if frame is None:
            if self._error is not None:
                raise self._error
            self._watch()
        return frame

    def release(self, frame: Frame) -> None:
        """Give a leased frame back; its pixels belong to the ring again."""
        with self._changed:
            self._free.append(frame)

    def stop(self) -> bool:
        """End the thread and close the source; False when the driver did not let go in time."""
        self._stopping.set()
        self._thread.join(JOIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        frame, index = self._free.popleft(), 0
        try:
            while not self._stopping.is_set() and self.source.read(frame, self._timeout):
                frame.index = index
                index += 1
                frame = self._publish(frame)
        except Exception as error:  # raised again by next(), in the thread that can handle it
            self._error = error
        finally:
            self.source.close()
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _publish(self, frame: Frame) -> Frame:
        """Put `frame` into the slot of the newest, and return one to write into next."""
        with self._changed:
            unseen, self._newest = self._newest, frame
            if unseen is not None:
                self.counters.dropped += 1
                self._free.append(unseen)
            self._changed.notify_all()
            if self._free:
                return self._free.popleft()
            self._newest = None  # all others are on loan: this one must do again
            self.counters.dropped += 1
            return frame


class SyncCapture:
    """Reads `source` on the consumer's thread, every frame in turn; the face that `Capture` shows, too."""

    def __init__(self, source: Source):
        self.source = source
        self.counters = Counters()
        self.ended = False
        self._free = [Frame(source.size, source.small_size) for _ in range(SYNC_FRAMES)]
        self._index = 0

    def next(self, timeout: float) -> Frame | None:
        """Lease the next frame; None at the end. Raises CameraError when the source fails."""
        if self.ended:
            return None
        if not self._free:
            raise CameraError(f"{self.source.name}: {SYNC_FRAMES} frames are on loan; release one first.")
        frame = self._free.pop()
        if not self.source.read(frame, timeout):
            self.ended = True
            self._free.append(frame)
            return None
        frame.index = self._index
        self._index += 1
        return frame

    def release(self, frame: Frame) -> None:
        """Give a leased frame back; its pixels belong to the ring again."""
        self._free.append(frame)

    def stop(self) -> bool:
        """Close the source."""
        self.source.close()
        return True
