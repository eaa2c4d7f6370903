"""The end of a process that may not come to its end by itself."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import NoReturn

ORDERLY_S = 5.0  # seconds for closing in order; a film takes less than one, as does each thread
KERNEL_S = 1.0  # later the kernel ends the process itself, though no thread of Python's can run any more


class ForcedExit:
    """Once armed, ends the process with `status` after `ORDERLY_S`, whatever still hangs then."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def arm(self, status: int) -> None:
        """The time runs from now; a second call changes nothing."""
        if self._timer is None:
            self._timer = threading.Timer(ORDERLY_S, os._exit, (status,))
            self._timer.daemon = True
            try:
                self._timer.start()
            except RuntimeError:  # no thread left to keep the time with: better no order than no end
                os._exit(status)
            end_by_kernel(ORDERLY_S + KERNEL_S)

    def cancel(self) -> None:
        """Everything was closed in order."""
        if self._timer is not None:
            self._timer.cancel()
            end_by_kernel(0.0)


def end_by_kernel(seconds: float) -> None:
    """SIGALRM ends the process then, for it has its default action here; 0 takes that back."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def end(status: int) -> NoReturn:
    """Leave with `status`; what hangs while the interpreter is taken down is ended after `ORDERLY_S`."""
    end_by_kernel(ORDERLY_S)
    sys.exit(status)
