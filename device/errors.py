"""What can go wrong on the device, each kind with the exit status it ends the program with.

The message of every error is one sentence for the person in front of the machine:
what happened, where, what is allowed, and what to do. `device/__main__.py` prints
it and leaves with `exit_status`; no traceback is shown for any of them.
"""

from __future__ import annotations

import errno


class DeviceError(Exception):
    """The root of every error that the device reports by a message."""

    exit_status = 1


class ConfigError(DeviceError, ValueError):
    """A setting or an option is unknown, of the wrong type, out of range, or does not fit the budget."""

    exit_status = 2


class CameraError(DeviceError, OSError):
    """The source cannot be opened, or is lost for good."""

    exit_status = 3


class CameraStalled(CameraError):
    """The source gave no usable frame within its time limit; opening it again may help."""


class CameraGarbage(CameraError):
    """The source gave something that is not a picture of the agreed shape; the next one may be."""


class CameraLost(CameraError):
    """The source is lost for good in this process: only a new one, or a person, can bring it back."""


class ModelError(DeviceError, OSError):
    """A model file is missing, cut short, or not what its pin says."""

    exit_status = 4


class VisionStuckError(DeviceError, TimeoutError):
    """The networks took a frame and do not come back; only a new process helps."""

    exit_status = 75


class BudgetError(DeviceError, MemoryError):
    """The process outgrew its memory budget while running, and leaves before the kernel ends it."""

    exit_status = 75


class OutputLostError(DeviceError, OSError):
    """A screen that was asked for is away for so long that only a new process may help."""

    exit_status = 5


class AssetError(DeviceError, OSError):
    """A file of the program itself, such as its letters, is missing or damaged."""

    exit_status = 4


NO_MORE = {
    errno.EMFILE: "descriptors (ulimit -n)",
    errno.ENFILE: "descriptors",
    errno.ENOMEM: "memory",
}


def shortage(error: BaseException) -> str | None:
    """What the machine has too little of, where that is the reason of `error`; else None.

    Libraries tell it in their own ways: Python when it starts a thread, the loader when it maps a library.
    """
    if isinstance(error, MemoryError):
        return "memory"
    text = str(error)
    if isinstance(error, RuntimeError) and "start new thread" in text:
        return "threads (ulimit -u, TasksMax)"
    if isinstance(error, OSError) and error.errno in NO_MORE:
        return NO_MORE[error.errno]
    if "Too many open files" in text:
        return NO_MORE[errno.EMFILE]
    if any(
        words in text for words in ("Cannot allocate memory", "failed to map segment", "Insufficient memory")
    ):
        return "memory"
    return None
