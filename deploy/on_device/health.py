"""Whether the kiosk's service does its job: asked of itself, over the loopback, and of systemd.

The page's /health is asked where the settings open a page. Where they open none, systemd's word stands for
it: the service says READY after its first frame was shown, and is ended when frames stop.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from deploy.on_device.layout import Layout, read

UNIT = "kiosk.service"
LOOPBACK, PORT = "127.0.0.1", 8080
EVERYWHERE = ("", "0.0.0.0", "::", "localhost")  # addresses of the page that are reached at the loopback, too
LONGEST = 1 << 16  # bytes of an answer
ANSWER_S = 2.0  # for one answer over the loopback
POLL_S = 0.5
START_POLL = 4  # times as long while it starts: each look takes a small board's time from the start
STEADY_S = 5.0  # well for so long, in one process, or it does not count
RESTARTS = 2  # within one window: it does not start
START_S = 120.0  # TimeoutStartSec= of kiosk.service: systemd waits no longer for READY=1 either
BUSY = 0.05  # of a processor: a start that uses less hangs, for an import uses all of one
FACTS = ("LoadState", "Type", "ActiveState", "SubState", "Result", "MainPID", "NRestarts", "Job")


class Page(NamedTuple):
    """Where /health answers; `sure` if the settings say so, else a window may have taken its place."""

    host: str
    port: int
    tls: bool
    sure: bool


class Sample(NamedTuple):
    """What was seen at one moment: `why` is "" when the kiosk is well."""

    why: str
    pid: str
    frames: int = -1  # where nobody counts them
    fatal: bool = False  # waiting longer does not mend it
    starting: bool = False  # systemd waits for its READY=1


def page(layout: Layout) -> Page | None:
    """The page that the settings open; None for none. Settings that cannot be read are the defaults'."""
    try:
        settings = tomllib.loads(read(layout.config))
    except tomllib.TOMLDecodeError:
        settings = {}
    outputs = settings.get("output", {}).get("use", ["auto"])
    tls = bool(settings.get("web", {}).get("certificate"))
    for output in outputs if isinstance(outputs, list) else [outputs]:
        kind, _, address = str(output).partition(":")
        if kind == "web":
            host, _, port = address.rpartition(":")
            host = host.strip("[]")
            return Page(LOOPBACK if host in EVERYWHERE else host, int(port or PORT), tls, True)
    return Page(LOOPBACK, PORT, tls, False) if "auto" in outputs else None


def ask(where: Page) -> dict[str, Any]:
    """What /health answers, {"status": "ok", "degraded" or "down", …}. Raises OSError or ValueError.

    By hand, for http.client alone would cost a small board as much time as all the rest of a status.
    """
    end, answer = time.monotonic() + ANSWER_S, b""
    with socket.create_connection((where.host, where.port), ANSWER_S) as plain:
        connection = _over_tls(plain) if where.tls else plain
        connection.sendall(
            f"GET /health HTTP/1.1\r\nHost: {where.host}\r\nConnection: close\r\n\r\n".encode()
        )
        while chunk := connection.recv(LONGEST):
            answer += chunk
            if len(answer) > LONGEST or time.monotonic() > end:
                raise ValueError("/health does not come to an end")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    if not isinstance(told, dict) or "status" not in told:
        raise ValueError("/health answers something else")
    return told


def _over_tls(plain: socket.socket) -> socket.socket:
    import ssl  # takes its time, and few need it

    context = ssl._create_unverified_context()  # its own certificate, on its own loopback
    return context.wrap_socket(plain)


def unit() -> dict[str, str]:
    """What systemd knows of the service; empty where it cannot be asked."""
    command = ["systemctl", "show", UNIT, "--property", ",".join(FACTS)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def sample(layout: Layout) -> Sample:
    """One look at the service and its /health."""
    state = unit()
    pid, restarts = state.get("MainPID", "0"), int(state.get("NRestarts") or 0)
    failed = state.get("ActiveState") == "failed" and not state.get("Job")  # with one it is about to start
    if restarts >= RESTARTS or failed:
        result = state.get("Result", "no result")
        return Sample(f"{UNIT} does not stay up ({result}, started anew {restarts} times)", pid, fatal=True)
    if state.get("LoadState", "loaded") != "loaded":
        return Sample(f"{UNIT} is not installed on the device", pid, fatal=True)
    if state.get("ActiveState") == "activating" and state.get("SubState") == "start":
        return Sample(f"{UNIT} is still starting: it showed no frame yet", pid, starting=True)
    if state.get("ActiveState") != "active":
        return Sample(f"{UNIT} is {state.get('SubState') or 'in a state that is not known'}", pid)
    where = page(layout)
    if where is None:
        return Sample("", pid)
    try:
        told = ask(where)
    except TimeoutError:
        return Sample(f"/health did not answer within {ANSWER_S:g} s", pid)
    except ConnectionRefusedError:
        if not where.sure and state.get("Type") == "notify":  # a window in the place of the page
            return Sample("", pid)
        return Sample(f"nothing listens on port {where.port} for /health", pid)
    except (OSError, ValueError) as error:
        return Sample(f"/health: {error}", pid)
    return Sample(judged(told), pid, int(told.get("frames", -1)))


def judged(told: dict[str, Any]) -> str:
    """Why an answer of /health is not well; "" when it is. A screen that is off is no fault of a release."""
    reasons = [str(reason) for reason in told.get("reasons", [])]
    blind = [reason for reason in reasons if reason in ("camera dark", "vision stuck")]
    if told["status"] == "down" or blind:
        return f"/health says {told['status']}: {', '.join(reasons) or 'no ages'}"
    return ""


class Start:
    """Whether a start, a minute long on the smallest boards, is still at work: by its processor time."""

    def __init__(self, layout: Layout, now: float):
        self._proc, self._end = layout.root / "proc", now + START_S
        self._looked, self._used = now, 0.0

    def is_at_work(self, pid: str, now: float) -> bool:
        """Whether it was since the last look; False once the time for a start has passed."""
        used = processor_s(self._proc, pid)
        at_work = used - self._used >= BUSY * (now - self._looked)
        self._looked, self._used = now, used
        return at_work and now < self._end


def processor_s(proc: Path, pid: str) -> float:
    """Seconds of a processor that a process used; 0 for none."""
    fields = read(proc / pid / "stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def watch(layout: Layout, window_s: float) -> str:
    """Look for `window_s` seconds from its READY=1 on; why the service is not well, or "" when it is.

    Before that they count from when its start was last at work. One that became well at the end is looked at
    for some seconds more: what only starts does not pass. One slow answer of a busy board does not count.
    """
    begun = time.monotonic()
    start, end = Start(layout, begun), begun + window_s
    steady_s = min(STEADY_S, window_s / 2)
    first: Sample | None = None  # of those that have been well without a break until now
    since, pid, unwell = 0.0, "", 0
    while True:
        seen, now = sample(layout), time.monotonic()
        if seen.starting and start.is_at_work(seen.pid, now):
            end = now + window_s
        unwell = unwell + 1 if seen.why else 0
        if seen.fatal or (unwell > 1 and now > end):
            return seen.why
        if pid and seen.pid != pid:
            return f"{UNIT} ended after it had been well"
        if seen.why:
            first = None
        elif first is None:
            first, since, pid = seen, now, seen.pid
        elif now > end and now - since > steady_s:
            if seen.frames == first.frames >= 0:
                return f"/health counts no frames: {seen.frames} for {now - since:.0f} s"
            return ""
        pause(seen)


def pause(seen: Sample) -> None:
    """Wait until the next look, after one that saw this."""
    time.sleep(POLL_S * START_POLL if seen.starting else POLL_S)
