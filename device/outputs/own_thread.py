"""A screen on a thread of its own: it may hang, go and come back, and the loop goes on.

Whatever talks to a display's server can be made to wait by it: at its opening, for each picture, at its end.
The loop hands over the newest picture and never waits; a lost screen is opened again once it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from device.errors import OutputLostError
from device.frame import Image
from device.outputs.output import Output
from device.person import Person

log = logging.getLogger(__name__)

OPEN_S = 5.0  # for a screen to answer; an X server on the same machine takes milliseconds
CLOSE_S = 0.8  # for an output to finish, so that a signal ends the process within a second
POLL_S = 0.03  # between two looks at a window's keys
PAUSE_S = 1.0  # between tries to open a lost output again: a screen that wakes refuses a few
GIVE_UP_S = 600.0  # without the output: then the process leaves, for a new one may do better
BUSY_S = 2.0  # with one picture: then it is said to be stuck

Open = Callable[[], Output]


class OwnThread:
    """Opens an output by `open_it` and serves it, both on one thread, as display libraries want it.

    `report(text)` hears what is wrong with it, once each. `lost` is whether it is away now; after ten minutes
    `wanted` raises OutputLostError, unless a new process would do no better (`forever`). Pictures that come
    while it is busy are left out and counted in `missed`.
    """

    def __init__(
        self,
        name: str,
        optional: bool,
        open_it: Open,
        report: Callable[[str], None],
        forever: bool = False,
    ) -> None:
        self.name, self.optional, self._forever = name, optional, forever
        self.lost = False
        self.missed = 0
        self._open_it, self._report = open_it, report
        self._changed = threading.Condition()
        self._stopping = False
        self._opened = False
        self._failure: Exception | None = None  # of the first opening
        self._ready = False  # the output wants a picture
        self._busy_since: float | None = None
        self._told_stuck = False
        self._lost_since = 0.0
        self._buffer: Image | None = None
        self._job: tuple[Image, list[Person], float] | None = None
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)

    def open(self) -> None:
        """Start, and wait until it is there. Raises what opening raises, or TimeoutError when it hangs."""
        self._thread.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._opened or self._failure is not None, OPEN_S):
                self._stopping = True
                raise TimeoutError(f"it did not answer within {OPEN_S:g} s")
        if self._failure is not None:
            raise self._failure

    def wanted(self) -> bool:
        """Whether the output takes a picture now. Raises OutputLostError when it is away for too long."""
        if self.lost:
            if not self._forever and time.monotonic() - self._lost_since > GIVE_UP_S:
                raise OutputLostError(
                    f"--output {self.name} is away for {GIVE_UP_S / 60:.0f} minutes; the process leaves, so "
                    "that it can be started anew. Look at the screen, its cable and its server."
                )
            return False
        with self._changed:
            if self._job is None:
                return self._ready
            self.missed += 1
        self._tell_stuck()
        return False

    def _tell_stuck(self) -> None:
        since = self._busy_since
        if not self._told_stuck and since is not None and time.monotonic() - since > BUSY_S:
            self._told_stuck = True
            self._report(f"--output {self.name}: is stuck; the pictures go on without it.")

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Hand a copy of the picture over, into one buffer that is used again."""
        with self._changed:
            if self._job is not None or self.lost:
                return
            if self._buffer is None or self._buffer.shape != image.shape:
                self._buffer = np.empty_like(image)
            np.copyto(self._buffer, image)
            self._job, self._busy_since = (self._buffer, persons, t), time.monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """Finish the output, as far as it does within a second."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():
                log.warning("--output %s did not close within %g s and is left behind", self.name, CLOSE_S)

    # --- on the output's own thread

    def _run(self) -> None:
        output = self._first()
        while output is not None and not self._stopping:
            try:
                self._serve(output)
            except Exception as error:
                self._lose(output, error)
                output = None
            while output is None and not self._stopping:
                output = self._again()  # outside of `except`: what the error refers to would hold the screen
        if output is not None:
            self._finish(output)

    def _first(self) -> Output | None:
        output: Output | None = None
        try:
            output = self._open_it()
        except Exception as error:
            self._failure = error
        with self._changed:
            self._opened = output is not None
            self._changed.notify_all()
        return output

    def _serve(self, output: Output) -> None:
        """Show what is handed over until the end. Raises what the output raises."""
        while not self._stopping:
            self._ready = output.wanted()
            with self._changed:
                self._changed.wait_for(lambda: self._job is not None or self._stopping, POLL_S)
                job = self._job
            if job is None:
                continue
            output.show(*job)
            with self._changed:
                self._job = self._busy_since = None
                self._told_stuck = False
                self._changed.notify_all()

    def _lose(self, output: Output, error: Exception) -> None:
        self._report(f"--output {self.name}: {str(error).rstrip('.')}. It is opened again when it can be.")
        self._finish(output)
        with self._changed:
            self.lost, self._lost_since = True, time.monotonic()
            self._ready, self._job, self._busy_since = False, None, None
            self._changed.notify_all()

    def _again(self) -> Output | None:
        """Wait, and try once to open it again."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, PAUSE_S)
        if self._stopping:
            return None
        try:
            output = self._open_it()
        except Exception:  # it was said that it is away; each further try is no news
            return None
        self.lost = False
        self._report(f"--output {self.name}: is back.")
        return output

    def _finish(self, output: Output) -> None:
        try:
            output.close()
        except Exception as error:
            self._report(f"--output {self.name}: could not be closed properly: {error}")
