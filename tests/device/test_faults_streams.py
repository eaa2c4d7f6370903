"""Standard streams, events and trace that are full, closed, stuck or gone: the run goes on and tells it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 60.0  # seconds for a process; none comes near it
SMALL = ("--width", "160", "--height", "120", "--memory-mib", "4096", "--output", "none")
FRAMES = 20
# A camera that goes and comes back makes messages; it ends by itself.
FLAPPING = ("--source", "fake:" + "frames 3; end; " * 3 + "frames 3", "--camera-retry-s", "0.1")


def command(*options):
    return [sys.executable, "-m", "device", "run", *SMALL, *options]


@contextmanager
def small_pipe():
    """The writing end of a pipe of 4 KiB that is full and that nobody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


@contextmanager
def gone_pipe():
    """The writing end of a pipe whose reader left."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


@contextmanager
def full_device():
    with open("/dev/full", "wb") as full:
        yield full.fileno()


STATES = {"stuck": small_pipe, "gone": gone_pipe, "full": full_device}


def shell(redirection, *options):
    """Run it by the shell with `redirection`; status, standard output and standard error."""
    line = ["sh", "-c", f'"$@" {redirection}', "sh", *command(*options)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, timeout=LIMIT, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("state", STATES)
def test_a_log_that_nobody_takes_neither_ends_nor_blocks_the_run(state):
    with STATES[state]() as log:
        done = subprocess.run(
            command(*FLAPPING, "--summary", "json"),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, timeout=LIMIT, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["frames"] + report["dropped"] == 12
    if state != "stuck":  # what fits the queue waits there
        assert report["lines_lost"]["log"] > 0


@pytest.mark.parametrize("state", STATES)
def test_events_that_nobody_takes_are_counted_and_told(state):
    options = ("--source", "demo:8", "--frames", "60", "--events", "-")
    with STATES[state]() as events:
        done = subprocess.run(
            command(*options), cwd=ROOT, stdout=events, stderr=subprocess.PIPE, timeout=LIMIT, check=False
        )
    said = done.stderr.decode()
    assert done.returncode == 0
    assert "Traceback" not in said
    assert "60 frames with a face" in said
    if state != "stuck":  # what fits the queue waits there
        assert said.count("events to standard output are lost") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_matter(closed, tmp_path):
    trace = tmp_path / "trace"
    options = ("--source", "demo", "--frames", "20", "--events", "-", "--summary", "json")
    status, out, said = shell(closed, *options, "--trace", str(trace))
    assert status == 0
    assert "Traceback" not in said
    assert len(trace.read_text().splitlines()) == FRAMES
    if ">&-" not in closed.split():
        assert json.loads(out.splitlines()[-1])["frames"] == FRAMES


def test_a_full_trace_is_told_and_the_run_goes_on():
    status, _, said = shell("", "--source", "demo", "--frames", "20", "--trace", "/dev/full")
    assert status == 0
    assert said.count("frames of the trace to /dev/full are lost: No space left on device") == 1
    assert "of 20 frames with a face" in said


def test_a_reader_of_events_that_leaves_is_told_and_the_run_goes_on():
    options = ("--source", "demo:8", "--frames", "60", "--events", "-")
    line = ["sh", "-c", '{ "$@"; echo "status $?" >&2; } | head -3', "sh", *command(*options)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.stdout.count("\n") == 3
    assert "status 0" in done.stderr
    assert "60 frames with a face" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stream", ["stdout", "stderr", "both"])
def test_a_signal_ends_it_though_nobody_reads(stream, number, tmp_path):
    trace = tmp_path / "trace"
    options = command("--source", "demo:8", "--events", "-", "--trace", str(trace), "--summary", "json")
    with small_pipe() as stuck:
        streams = {
            name: stuck if stream in (name, "both") else subprocess.DEVNULL for name in ("stdout", "stderr")
        }
        with subprocess.Popen(options, cwd=ROOT, **streams) as process:
            try:
                runs(trace)
                process.send_signal(number)
                assert process.wait(LIMIT) == 0
            finally:
                process.kill()


def test_messages_that_were_lost_are_counted_once_they_are_read_again():
    """4 KiB of pipe and 64 KiB of queue are full; then somebody reads."""
    program = """
import logging
from device.app import logs
from device.events import line_writer
line_writer.QUIET_S = 0.0
with logs.logging_to_stderr() as handler:
    log = logging.getLogger("device.camera.test")
    for _ in range(500):
        log.warning("x" * 1000)
    print(handler.lost, flush=True)
    input()
    handler._writer.flush(30)
    log.info("all is well")
    handler._writer.flush(30)
    import time
    time.sleep(1.5)
"""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=writer,
    ) as process:
        os.close(writer)
        guard = threading.Timer(LIMIT, process.kill)
        guard.start()
        lost = int(process.stdout.readline())
        assert 300 < lost < 440  # 64 KiB wait, 64 KiB are being written
        process.stdin.write(b"\n")
        process.stdin.flush()
        with open(reader, encoding="utf-8") as said:
            lines = said.read().splitlines()
        guard.cancel()
    assert sum("xxx" in line for line in lines) == 500 - lost
    assert [line for line in lines if f"{lost} messages were lost while nobody read them" in line]


def runs(trace, frames=5):
    """Wait until so many frames stand in the trace."""
    end = time.monotonic() + LIMIT
    while not trace.exists() or trace.read_bytes().count(b"\n") < frames:
        assert time.monotonic() < end, "it does not start"
        time.sleep(0.02)


# --- files and SIGHUP


@contextmanager
def running(*options, **more):
    """A run without a terminal, ended at last."""
    with subprocess.Popen(
        command("--source", "demo:8", *options),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **more,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=LIMIT)


def has_lines(path):
    end = time.monotonic() + LIMIT
    while not path.exists() or not path.stat().st_size:
        assert time.monotonic() < end, f"nothing comes to {path}"
        time.sleep(0.02)


def test_without_a_terminal_sighup_opens_events_and_log_anew(tmp_path):
    events, log = tmp_path / "events", tmp_path / "log"
    with running("--events", str(events), "--log", str(log)) as process:
        has_lines(events)
        has_lines(log)
        events.rename(tmp_path / "events.old")
        log.rename(tmp_path / "log.old")
        process.send_signal(signal.SIGHUP)
        has_lines(events)
    assert process.returncode == 0
    assert "peak memory" in log.read_text()
    assert "frames with a face" not in (tmp_path / "log.old").read_text()


def test_a_terminal_that_closes_ends_it_as_sigterm_does(tmp_path):
    trace = tmp_path / "trace"
    pid, terminal = os.forkpty()
    if pid == 0:
        os.chdir(ROOT)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored
        os.execv(sys.executable, command("--source", "demo:8", "--trace", str(trace)))
    runs(trace)
    os.close(terminal)
    end = time.monotonic() + LIMIT
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            pytest.fail("it does not end")
        time.sleep(0.02)
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    lines = trace.read_text().splitlines()
    frames = [json.loads(line)["frame"] for line in lines]  # every line is whole
    assert frames
    assert frames == sorted(set(frames))


# --- what the machine lacks


def test_no_descriptors_left_is_a_message_and_a_status():
    line = ["prlimit", "--nofile=8", *command("--source", "demo", "--frames", "5")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 75
    assert "this machine has no more descriptors (ulimit -n) for the program" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_address_space_left_is_a_message_and_a_status():
    line = ["prlimit", f"--as={150 * 2**20}", *command("--source", "demo", "--frames", "5")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 75
    assert "this machine has no more memory for the program" in done.stderr
    assert "Traceback" not in done.stderr
