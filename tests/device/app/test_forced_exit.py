import signal
import subprocess
import sys
import threading

import pytest

from device.app.forced_exit import ForcedExit

LIMIT = 60.0  # seconds for a process; none comes near it
HANGS = """
import threading
from device.app import forced_exit
forced_exit.ORDERLY_S = 0.05
ending = forced_exit.ForcedExit()
ending.arm(75)
ending.arm(3)
threading.Event().wait()
"""


def test_what_hangs_while_closing_is_ended_with_the_first_status():
    done = subprocess.run([sys.executable, "-c", HANGS], timeout=LIMIT, check=False)
    assert done.returncode == 75


def test_what_closes_in_order_is_left_alone():
    before = threading.active_count()
    ending = ForcedExit()
    ending.cancel()
    ending.arm(75)
    assert threading.active_count() == before + 1
    ending.cancel()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(LIMIT)
    assert threading.active_count() == before


def test_without_a_thread_left_to_wait_with_the_end_comes_at_once(monkeypatch):
    ended = []

    def fail(timer):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Timer.start", fail)
    monkeypatch.setattr("os._exit", ended.append)
    ForcedExit().arm(75)
    assert ended == [75]


WITHOUT_THREADS = """
import threading
from device.app import forced_exit
forced_exit.ORDERLY_S, forced_exit.KERNEL_S = 0.0, 0.05
threading.Timer.start = lambda timer: None
forced_exit.ForcedExit().arm(75)
threading.Event().wait()
"""
WHILE_THE_INTERPRETER_ENDS = """
import atexit, threading
from device.app import forced_exit
forced_exit.ORDERLY_S = 0.05
atexit.register(threading.Event().wait)
forced_exit.end(3)
"""


@pytest.mark.parametrize("code", [WITHOUT_THREADS, WHILE_THE_INTERPRETER_ENDS])
def test_where_no_thread_can_run_any_more_the_kernel_ends_it(code):
    """Such as a library that waits for its camera in the kernel and keeps the interpreter's lock."""
    done = subprocess.run([sys.executable, "-c", code], timeout=LIMIT, check=False)
    assert done.returncode == -signal.SIGALRM


def test_what_ended_in_order_has_no_alarm_left():
    ending = ForcedExit()
    ending.arm(75)
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    ending.cancel()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
