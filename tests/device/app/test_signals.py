"""Signals while the program starts, while it runs, and while something in it hangs."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
LIMIT = 30.0
RUN = [sys.executable, "-m", "device", "run", "--source", "demo", "--output", "none", "--memory-mib", "4096"]
HANGS = """
import ctypes, sys, threading
from contextlib import ExitStack
from device.app.logs import logging_to_stderr
from device.app.signals import stop_on_signals
mutex, lock = ctypes.create_string_buffer(64), ctypes.CDLL(None).pthread_mutex_lock
lock(mutex)
with logging_to_stderr(), ExitStack() as closing:
    stopping = threading.Event()
    listen = stop_on_signals(stopping, closing)
    closing.callback(lock, mutex)  # a library's call that never comes back
    listen(lambda: None)
    print("ready", flush=True)
    if sys.argv[1] == "closing":
        stopping.wait()
    else:
        lock(mutex)
"""


@pytest.mark.parametrize("where", ["running", "closing"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_hangs_in_a_library_does_not_keep_the_process(where, number):
    with subprocess.Popen(
        [sys.executable, "-c", HANGS, where],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            _, said = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert f"{number.name}: something hangs and cannot be closed; the process ends without it" in said
    assert "Traceback" not in said


def default_sigint():
    """Where the tests run in a shell's background SIGINT is ignored, and would be by the program too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def at_a_moment(number, seconds):
    """The status and the messages of a run that gets a signal so long after its first line of ours."""
    with subprocess.Popen(
        RUN,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=default_sigint,
    ) as process:
        try:
            ours_began(process.pid)
            time.sleep(seconds)
            process.send_signal(number)
            _, said = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    return process.returncode, said


def ours_began(pid):
    """Wait until Python's own handler of SIGINT is gone; what Python does before that is not ours.

    On a busy machine the moment without a handler may pass unseen; NumPy is imported after it.
    """
    end, caught = time.monotonic() + LIMIT, False
    while True:
        status = Path(f"/proc/{pid}/status").read_text()
        mask = int(status.partition("SigCgt:")[2].split()[0], 16)
        has_handler = bool(mask >> (signal.SIGINT - 1) & 1)
        if caught and (not has_handler or "_multiarray_umath" in Path(f"/proc/{pid}/maps").read_text()):
            return
        caught = caught or has_handler
        assert time.monotonic() < end, "it does not start"
        time.sleep(0.0005)


def check_moments(moments):
    for moment in moments:
        for number in (signal.SIGINT, signal.SIGTERM):
            status, said = at_a_moment(number, moment)
            assert status in (0, -number), said
            assert "Traceback" not in said
            assert "KeyboardInterrupt" not in said


def test_a_signal_at_any_moment_of_the_start_ends_it_without_a_traceback():
    check_moments([0.0, 0.1, 0.4])


@pytest.mark.slow
def test_a_signal_at_twenty_random_moments():
    moments = random.Random(13)
    check_moments([moments.uniform(0.0, 1.5) for _ in range(20)])


def test_sighup_under_nohup_stays_ignored(monkeypatch):
    import threading
    from contextlib import ExitStack

    from device.app import signals

    monkeypatch.setattr(signals, "has_terminal", lambda: True)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ExitStack() as closing:
            signals.stop_on_signals(threading.Event(), closing)(lambda: None)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_all_is_as_before():
    import threading
    from contextlib import ExitStack

    from device.app.signals import stop_on_signals

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    files = len(os.listdir("/proc/self/fd"))
    with ExitStack() as closing:
        stop_on_signals(threading.Event(), closing)(lambda: None)
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    assert len(os.listdir("/proc/self/fd")) == files
    assert "signals" not in [thread.name for thread in threading.enumerate()]
