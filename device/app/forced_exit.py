"""The end of a process that may not come to its end by itself."""

from __future__ import annotations

import os
import threading

ORDERLY_S = 5.0  # seconds for closing in order; a film takes less than one, as does each thread


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

    def cancel(self) -> None:
        """Everything was closed in order."""
        if self._timer is not None:
            self._timer.cancel()
