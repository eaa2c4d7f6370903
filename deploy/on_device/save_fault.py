"""Saves the journal's last lines when the kiosk failed, for the journal itself is in memory.

Run by ExecStopPost= of kiosk.service, as root, after every end of the program. At most one file an hour, ten
in all: last-fault.log is the newest, last-fault.9.log the oldest. The folder belongs to the kiosk's user, so
names in it are never followed where they are links.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

FOLDER = "/var/lib/kiosk"
NAMES = ["last-fault.log", *(f"last-fault.{number}.log" for number in range(1, 10))]
EVERY_S = 3600.0
STAMP = "/run/kiosk-fault-saved"  # root's own; gone with the boot, whose clock it holds
LINES = 200
LARGEST = 256 * 1024  # bytes of one file
JOURNAL = ("journalctl", "--unit", "kiosk.service", "--boot", "--lines", str(LINES), "--output", "short-iso")
JOURNAL_S = 6.0  # systemd waits 10 s for all that follows the program's end


def main(folder: str = FOLDER, stamp: str = STAMP) -> int:
    """Save them if the program failed and none were saved for an hour."""
    result = os.environ.get("SERVICE_RESULT", "success")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    if result == "success" or not due(stamp, now):
        return 0
    words = (result, os.environ.get("EXIT_CODE", ""), os.environ.get("EXIT_STATUS", ""))
    try:
        journal = subprocess.run(
            [*JOURNAL, "--no-pager", "--quiet"], capture_output=True, timeout=JOURNAL_S, check=False
        ).stdout
        save(folder, " ".join(words).encode() + b"\n" + journal[-LARGEST:])
        with open(stamp, "w", encoding="ascii") as file:
            file.write(f"{now:.1f}\n")
    except (OSError, subprocess.SubprocessError) as error:
        print(f"the last lines of the journal are not saved: {error}", file=sys.stderr)
        return 1
    return 0


def due(stamp: str, now: float) -> bool:
    """Whether an hour of this boot passed since the last file."""
    try:
        with open(stamp, encoding="ascii") as file:
            return now - float(file.read()) >= EVERY_S
    except (OSError, ValueError):
        return True


def save(folder: str, text: bytes) -> None:
    """Make room for one more, and write it under the newest name. Raises OSError."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        part = f".{NAMES[0]}.part"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part, dir_fd=place)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(part, flags, 0o640, dir_fd=place), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        for older, newer in reversed(list(zip(NAMES[1:], NAMES, strict=False))):
            with contextlib.suppress(FileNotFoundError):
                os.rename(newer, older, src_dir_fd=place, dst_dir_fd=place)
        os.rename(part, NAMES[0], src_dir_fd=place, dst_dir_fd=place)
    finally:
        os.close(place)


if __name__ == "__main__":
    sys.exit(main())
