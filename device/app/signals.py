"""What the process does when it is asked to stop (SIGTERM, SIGINT) or to open its files anew (SIGHUP).

While the program starts, the signals have their default action: they end it at once, without a word. From
then on they set an event, and a thread beside makes sure that the process ends within a second, whatever
hangs: the main thread may be in the middle of a library's call, where no handler of Python's ever runs.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

log = logging.getLogger(__name__)

STOP_S = 0.85  # from the signal to the end, at most
LAST_WORDS_S = 0.05  # for the log, before the process is ended
STATUS_OF_SIGNAL = 128  # added to a signal's number, as shells do
END_OF_WATCH = b"\0"


def has_terminal() -> bool:
    """Whether a terminal controls this process, whose closing is then what SIGHUP means."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def stop_on_signals(stopping: threading.Event, closing: ExitStack) -> Callable[[Callable[[], None]], None]:
    """Returns `listen(reopen)`, to be called once all is open; `closing` undoes it, as its last act.

    SIGINT and SIGTERM set `stopping`; a second one ends the process at once. So does SIGHUP with a terminal;
    unless `nohup` has it ignored; without one it calls `reopen`, and does nothing until then.
    """
    hearing = _Hearing(stopping)
    closing.callback(hearing.end)
    return hearing.begin


class _Hearing:
    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._over = threading.Event()
        self._before: dict[int, signal._HANDLER] = {}
        self._pipe: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._wakeup_before = -1
        self._ending = {signal.SIGINT, signal.SIGTERM} | ({signal.SIGHUP} if has_terminal() else set())
        self._reopen: Callable[[], None] = lambda: None
        if signal.SIGHUP not in self._ending:
            self._replace(signal.SIGHUP, lambda number, frame: self._reopen())

    def _replace(self, number: int, handler: Callable[[int, FrameType | None], None]) -> None:
        before = signal.getsignal(number)
        if number == signal.SIGHUP and number in self._ending and before is signal.SIG_IGN:
            return  # under nohup, which means that a terminal may close
        self._before.setdefault(number, before)
        signal.signal(number, handler)

    def begin(self, reopen: Callable[[], None]) -> None:
        self._reopen = reopen
        self._pipe = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._pipe[1], False)
        self._thread.start()
        self._wakeup_before = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        for number in self._ending:
            self._replace(number, self._stop)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
        self._stopping.set()

    def _watch(self) -> None:
        assert self._pipe is not None
        while END_OF_WATCH not in (numbers := os.read(self._pipe[0], 64)):
            asked = [number for number in numbers if number in self._ending]
            if asked:
                self._stopping.set()
                if not self._over.wait(STOP_S):
                    name = signal.Signals(asked[0]).name
                    log.error("%s: something hangs and cannot be closed; the process ends without it", name)
                    self._over.wait(LAST_WORDS_S)
                    os._exit(STATUS_OF_SIGNAL + asked[0])
                return

    def end(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._over.set()
        if self._pipe is not None:
            signal.set_wakeup_fd(self._wakeup_before)
            os.write(self._pipe[1], END_OF_WATCH)
            self._thread.join(1.0)
            for end in self._pipe:
                os.close(end)
