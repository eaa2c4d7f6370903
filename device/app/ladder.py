"""The counters of the recovery ladder, which outlive the process and the machine's restarts.

`ladder.json` lies in systemd's state directory (/var/lib/kiosk) and, as a copy in memory, in its runtime
directory (/run/kiosk). Every change goes to the copy at once; the card gets it at most once a minute, or when
the machine stops. The program counts what it sees, `python -m device ladder` what systemd saw of it; each
writes its own counters only, and reads the others' anew before it does. Outside of systemd nothing is kept.

How the program ended otherwise than in order, deploy/on_device/after_end.sh adds as a line to `ends` beside
the copy, for a Python to count it would keep the next start waiting for seconds. Whoever reads the state
counts those lines in, and whoever writes it removes them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

from device.files import replacing

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CARD_EVERY_S = 60.0  # at most one write to the card in so long
COPY_EVERY_S = 1.0  # and to the copy in memory
NAME = "ladder.json"
ENDS = "ends"  # a line each: systemd's SERVICE_RESULT and EXIT_STATUS
WRONG_SETTINGS = "2"  # the exit status that no restart mends
COUNTER_OF_END = {"exit-code": "process_left", "watchdog": "watchdog_ends", "oom-kill": "memory_ends"}

COUNTERS = {
    "frames_late": "no frame came in time (camera.timeout_s)",
    "camera_reopened": "the camera was opened again",
    "process_left": "the program left by itself, to be started again",
    "watchdog_ends": "systemd ended a program that gave no sign of life",
    "memory_ends": "the kernel ended a program that took more than its MemoryMax",
    "other_ends": "the program ended in another way: a signal, or a time limit of systemd's",
    "service_restarts": "systemd started the program again after one of these ends",
    "reboots": "the ladder restarted the machine",
    "reboots_withheld": "it would have, but six times in a day did not help",
    "unclean_boots": "the machine came up without having been shut down: power cut, or hardware watchdog",
}

log = logging.getLogger(__name__)


class State(TypedDict):
    """What the file holds. Times are of the boot's own clock, in seconds; no dates are compared."""

    counters: dict[str, int]
    boot: str  # the kernel's name of the boot that `python -m device ladder boot` noted last
    reboot_asked: bool  # by the ladder; the next boot then goes on with `ran_s`
    orderly: bool  # the machine was shut down
    ran_s: list[float]  # how long it ran before each of the ladder's reboots in a row, the newest last
    last_end: str  # how systemd called the program's last end
    last_status: str
    card_boot: str  # when the card was written last
    card_s: float


def fresh() -> State:
    """The state of a machine that nothing happened to."""
    return State(
        counters=dict.fromkeys(COUNTERS, 0),
        boot="",
        reboot_asked=False,
        orderly=False,
        ran_s=[],
        last_end="",
        last_status="",
        card_boot="",
        card_s=0.0,
    )


def uptime() -> float:
    """Seconds since the machine started, its sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id(path: Path = BOOT_ID) -> str:
    """The kernel's own name of this boot; empty where it is hidden."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class LadderFile:
    """The state on the card and its copy in memory; both paths may be None, and then hold nothing."""

    def __init__(
        self,
        card: Path | None,
        copy: Path | None,
        boot: str = "",
        clock: Callable[[], float] = uptime,
    ):
        self.boot = boot or boot_id()
        self.clock = clock
        self.card = card
        self.copy = copy
        self._ends = copy.parent / ENDS if copy else None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, state: str = "") -> LadderFile:
        """In the directories that systemd made, the first of each; `state` where it names none."""
        folders = (environ.get("STATE_DIRECTORY", state), environ.get("RUNTIME_DIRECTORY", ""))
        card, copy = (Path(name.split(":")[0]) / NAME if name else None for name in folders)
        return cls(card, copy)

    def read(self) -> State:
        """The newest state there is, a fresh one in place of a file that is damaged; with the ends since."""
        found = (_parsed(path) for path in (self.copy, self.card) if path)
        state = next(filter(None, found), None) or fresh()
        for result, status in self.ends():
            note_end(state, result, status)
        return state

    def ends(self) -> list[tuple[str, str]]:
        """(SERVICE_RESULT, EXIT_STATUS) of the program's ends that are in no state yet, the newest last."""
        try:
            lines = self._ends.read_text(encoding="ascii").splitlines() if self._ends else []
        except (OSError, ValueError):
            return []
        return [(result, status) for result, _, status in (line.partition(" ") for line in lines)]

    def write(self, state: State, to_card: bool = False) -> None:
        """Into memory at once, and onto the card when that is asked or a minute passed. Raises OSError."""
        to_card = to_card or self.card_is_due(state)
        if to_card:
            state["card_boot"], state["card_s"] = self.boot, round(self.clock(), 1)
        self.write_copy(state)
        if to_card and self.card:
            _store(self.card, state)

    def write_copy(self, state: State) -> None:
        """Into memory only, for those who may not wait for a card. Raises OSError."""
        if self.copy:
            _store(self.copy, state)
        if self._ends:
            self._ends.unlink(missing_ok=True)

    def card_is_due(self, state: State) -> bool:
        """Whether the card was not written for a minute of this boot."""
        return state["card_boot"] != self.boot or self.clock() - state["card_s"] >= CARD_EVERY_S


def note_end(state: State, result: str, status: str) -> None:
    """Count an end of the program otherwise than in order, as systemd calls it."""
    state["last_end"], state["last_status"] = result, status
    state["counters"][COUNTER_OF_END.get(result, "other_ends")] += 1
    state["counters"]["service_restarts"] += not settings_are_wrong(state)


def settings_are_wrong(state: State) -> bool:
    """Whether the program left for a setting that is wrong, so that it is not started again."""
    return (state["last_end"], state["last_status"]) == ("exit-code", WRONG_SETTINGS)


def _parsed(path: Path) -> State | None:
    """The file's state; None when there is none, or what is there is no state."""
    try:
        found: Any = json.loads(path.read_bytes())
        state = fresh()
        state["counters"].update({name: int(found["counters"].get(name, 0)) for name in COUNTERS})
        for name in ("boot", "last_end", "last_status", "card_boot"):
            state[name] = str(found[name])
        state["reboot_asked"], state["orderly"] = bool(found["reboot_asked"]), bool(found["orderly"])
        state["ran_s"] = [float(ran) for ran in found["ran_s"]]
        state["card_s"] = float(found["card_s"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("%s: %s; its counters begin anew", path, error)
        return None
    return state


def _store(path: Path, state: State) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(cast(dict[str, Any], state)) + "\n", encoding="ascii")


class Ladder:
    """The program's own side: counts late frames and openings of the camera on from what the file holds."""

    def __init__(self, file: LadderFile):
        self._file = file
        state = file.read()
        self._others = state["counters"]
        self._before = {name: state["counters"][name] for name in ("frames_late", "camera_reopened")}
        self._own = dict(self._before)
        self._written = dict(self._before)  # into memory
        self._carded = dict(self._before)  # onto the card
        if file.ends():  # those that `state` has are in no file yet
            self._written, self._carded = {}, {}
        self._next = 0.0
        self._writer: threading.Thread | None = None

    def counters(self) -> dict[str, int]:
        """All counters by name, as /health shows them."""
        return self._others | self._own

    def poll(self, now: float, frames_late: int, camera_reopened: int) -> None:
        """Called once a frame with this process's counts; never waits for the card. `now` is monotonic."""
        self._own["frames_late"] = self._before["frames_late"] + frames_late
        self._own["camera_reopened"] = self._before["camera_reopened"] + camera_reopened
        if self._own != self._carded and now >= self._next:
            self._next = now + COPY_EVERY_S
            self._write()

    def close(self) -> None:
        """Write what was not written yet, and leave a card that hangs alone."""
        if self._own != self._written:
            self._write()
        if self._writer is not None:
            self._writer.join(0.3)

    def _write(self) -> None:
        state = self._file.read()
        state["counters"] |= self._own
        self._others = dict(state["counters"])
        due = self._file.card_is_due(state) and (self._writer is None or not self._writer.is_alive())
        with contextlib.suppress(OSError):  # a full disk: tried again with the next change
            if self._own != self._written:
                self._file.write_copy(state)
                self._written = dict(self._own)
            if due:
                self._to_card(state)

    def _to_card(self, state: State) -> None:
        """On a thread of its own: a card that is busy takes seconds for its answer."""

        def write() -> None:
            with contextlib.suppress(OSError):
                self._file.write(state, to_card=True)

        self._carded = dict(self._own)
        self._writer = threading.Thread(target=write, name="ladder", daemon=True)
        with contextlib.suppress(RuntimeError):  # no thread left: a minute later, perhaps
            self._writer.start()
