"""What the program tells people: one handler under the standard library's `logging`, which never waits.

A message is one line on standard error, with the module's room in front: `device.camera.capture` is `camera`.
Under systemd a line begins with the priority that journald reads; elsewhere with the time. Whatever happens
to standard error (closed, full, stuck, its reader gone), what it misses is counted and the program runs on.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from device.config.schema import LogSettings
from device.events.line_writer import LineWriter
from device.events.sinks import LineFile, Nowhere, Stream

STDERR = 2
ROOM = 64 * 1024  # bytes of messages that may wait for their reader
LONGEST = 2000  # characters of one message
LOG_FILE_BYTES = 16 * 2**20  # then it is renamed to FILE.1
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG_PRIORITY = 7
# Control characters, line separators, directions that turn a line around, and halves of characters.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

log = logging.getLogger(__name__)


class LineHandler(logging.Handler):
    """Formats records as lines and hands them to a `LineWriter`."""

    def __init__(self) -> None:
        super().__init__()
        closed = sys.__stderr__ is None
        self._encoding = "utf-8" if closed else getattr(sys.stderr, "encoding", None) or "utf-8"
        self._journal = not closed and goes_to_journal()
        sink = Nowhere() if closed else Stream(STDERR)
        self._writer = LineWriter("log", sink, ROOM, on_recovered=self._recovered)

    @property
    def lost(self) -> int:
        """Messages that nobody took."""
        return self._writer.lost

    def write_to(self, path: str) -> None:
        """Write to a file from now on. Raises ConfigError when it cannot be opened."""
        sink = LineFile("--log", path, LOG_FILE_BYTES, rotated=True)
        before, self._journal, self._encoding = self._writer, False, "utf-8"
        self._writer = LineWriter("log", sink, ROOM, on_recovered=self._recovered)
        before.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record's line; with an exception, its traceback line by line."""
        try:
            for text in lines_of(record):
                self._writer.put(self._line(record, text))
        except Exception:  # a message that cannot be put together must not end what it speaks of
            self._writer.put(self._line(record, f"(a message that cannot be shown: {record.msg!r})"))

    def _line(self, record: logging.LogRecord, text: str) -> bytes:
        message = f"{room(record.name)}: {printable(text)}"
        front = f"<{priority(record.levelno)}>" if self._journal else when(record)
        return f"{front}{message}\n".encode(self._encoding, "backslashreplace")

    def _recovered(self, count: int) -> None:
        log.warning("%d messages were lost while nobody read them", count)

    def reopen(self) -> None:
        """Open a log file anew where it was moved away. Safe in a signal's handler."""
        self._writer.request_reopen()

    def flush(self) -> None:
        """Wait a moment for what is queued to be written."""
        self._writer.flush()

    def close(self) -> None:
        """Write out what is queued, if somebody takes it."""
        self._writer.close()
        super().close()


def lines_of(record: logging.LogRecord) -> Iterator[str]:
    """The record's message and, where it has an exception, the lines of its traceback."""
    yield record.getMessage()
    if record.exc_info:
        for part in traceback.format_exception(*record.exc_info):
            yield from part.rstrip("\n").split("\n")


def when(record: logging.LogRecord) -> str:
    """The front of a line that a person reads: local time and level."""
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
    return f"{clock} {record.levelname.lower():<7} "


def room(name: str) -> str:
    """The room of the logger `name`: `device.camera.capture` is `camera`, `uvicorn.error` is `uvicorn`.

    A command's own messages are under its name: `device.commands.run` is `run`.
    """
    first, *rest = name.removeprefix("device.").split(".")
    return rest[0] if first == "commands" and rest else first


def priority(level: int) -> int:
    """The level as syslog and journald number it, 2 (critical) to 7 (debug)."""
    return next((number for least, number in PRIORITIES if level >= least), DEBUG_PRIORITY)


def printable(text: str) -> str:
    """`text` in one line without control characters, which stand there as \\x1b, and of bounded length."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text)} characters)"
    return UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def goes_to_journal() -> bool:
    """Whether standard error is the very stream that systemd gave to journald."""
    try:
        facts = os.fstat(STDERR)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{facts.st_dev}:{facts.st_ino}"


@contextmanager
def logging_to_stderr() -> Iterator[LineHandler]:
    """All messages of the process go through one handler, from here until the end of the block."""
    root, handler = logging.getLogger(), LineHandler()
    level, hook = root.level, threading.excepthook
    logging.raiseExceptions = False
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    threading.excepthook = _thread_failed
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        threading.excepthook = hook
        handler.close()


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """A thread that ends by an exception: the program goes on without it."""
    name = failed.thread.name if failed.thread else "?"
    trace = (failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback)
    log.error("the thread %s ended by a fault of the program", name, exc_info=trace)


def follow(settings: LogSettings) -> None:
    """Take the level and the file that the settings name. Raises ConfigError when it cannot be opened."""
    logging.getLogger().setLevel(settings.level.upper())
    handler = current()
    if handler and settings.to:
        handler.write_to(settings.to)


def current() -> LineHandler | None:
    """The handler in force, if there is one."""
    return next((one for one in logging.getLogger().handlers if isinstance(one, LineHandler)), None)
