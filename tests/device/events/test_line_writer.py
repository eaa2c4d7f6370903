"""Lines wait in a bounded queue; what nobody takes is counted and told, and nothing blocks or raises."""

import errno
import threading

import pytest

from device.events import line_writer
from device.events.line_writer import LineWriter


class Paper:
    """A sink that keeps what it gets, fails while `broken`, and waits while it is not `free`."""

    def __init__(self):
        self.pieces, self.broken, self.reopened, self.closed = [], False, 0, 0
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()

    def write(self, data, stopping):
        self.entered.set()
        while not self.free.wait(0.01):
            if stopping():
                raise OSError(errno.EAGAIN, "nobody reads it")
        if self.broken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.pieces.append(data)

    @property
    def data(self):
        return b"".join(self.pieces)

    def reopen(self):
        self.reopened += 1

    def close(self):
        self.closed += 1


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(line_writer, "QUIET_S", 0.0)
    monkeypatch.setattr(line_writer, "IDLE_S", 0.01)
    return []


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def writer(paper, told):
    made = LineWriter("test", paper, 100, told.append, told.append)
    yield made
    paper.free.set()
    made.close()


def test_lines_are_written_in_their_order(writer, paper):
    for number in range(9):
        writer.put(b"%d\n" % number)
        assert writer.flush(20)
    assert paper.data == b"0\n1\n2\n3\n4\n5\n6\n7\n8\n"
    assert writer.lost == 0


def test_a_stuck_reader_costs_what_does_not_fit_and_it_is_told_once(writer, paper, told):
    paper.free.clear()
    writer.put(b"first\n")
    paper.entered.wait(20)
    for _ in range(12):
        writer.put(b"ten bytes\n")
    assert writer.lost == 2
    assert told == ["nobody reads them"]
    paper.free.set()
    assert writer.flush(20)
    wait_for(lambda: len(told) == 2)
    assert told == ["nobody reads them", 2]
    assert paper.data == b"first\n" + 10 * b"ten bytes\n"


@pytest.mark.parametrize(
    ("length", "pieces"), [(32768, [65536, 32768]), (32769, [32769] * 3), (70000, [70000] * 3)]
)
def test_what_waited_is_written_64_kib_at_once_and_a_longer_line_alone(paper, told, length, pieces):
    writer = LineWriter("test", paper, 10**6)
    paper.free.clear()
    writer.put(b"first\n")
    paper.entered.wait(20)
    for _ in range(3):
        writer.put(b"x" * (length - 1) + b"\n")
    paper.free.set()
    assert writer.flush(20)
    writer.close(20)
    assert [len(piece) for piece in paper.pieces] == [6, *pieces]


def test_its_thread_bears_its_name_and_keeps_no_program_from_its_end(writer):
    writer.put(b"line\n")
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "test"] == [True]


def test_a_full_disk_is_told_and_so_is_that_it_is_free_again(writer, paper, told):
    paper.broken = True
    for _ in range(3):
        writer.put(b"lost\n")
        assert writer.flush(20)
    paper.broken = False
    writer.put(b"kept\n")
    wait_for(lambda: len(told) == 2)
    assert told == ["No space left on device", 3]
    assert paper.data == b"kept\n"


def test_it_is_not_said_to_be_well_again_before_it_was_for_a_while(writer, paper, told, monkeypatch):
    monkeypatch.setattr(line_writer, "QUIET_S", 1000.0)
    for broken in (True, False, True, False):
        paper.broken = broken
        writer.put(b"line\n")
        assert writer.flush(20)
    assert told == ["No space left on device"]


def test_while_the_last_line_was_lost_it_is_not_said_to_be_well(writer, paper, told):
    writer.put(b"kept\n")
    assert writer.flush(20)
    paper.broken = True
    writer.put(b"lost\n")
    for rounds in (1, 2):
        writer.request_reopen()
        wait_for(lambda rounds=rounds: paper.reopened == rounds)
    assert told == ["No space left on device"]


def test_closing_does_not_wait_for_a_stuck_reader_and_counts_what_is_left(paper, told):
    writer = LineWriter("test", paper, 100, told.append)
    paper.free.clear()
    for _ in range(3):
        writer.put(b"line\n")
        paper.entered.wait(20)
    writer.close(0.05)
    wait_for(lambda: paper.closed)
    assert writer.lost == 3
    assert paper.data == b""
    writer.put(b"late\n")
    assert writer.lost == 4


def test_closing_writes_what_is_queued(paper):
    writer = LineWriter("test", paper, 100)
    writer.put(b"line\n")
    writer.close(20)
    writer.close(20)
    assert paper.data == b"line\n"
    assert paper.closed == 1


def test_closed_unused_it_lets_go_of_its_sink(paper):
    writer = LineWriter("test", paper, 100)
    writer.close()
    writer.close()
    assert paper.closed == 1


def test_closing_wakes_the_thread_that_waits_for_lines(paper, monkeypatch):
    monkeypatch.setattr(line_writer, "IDLE_S", 1000.0)
    writer = LineWriter("test", paper, 100)
    writer.put(b"line\n")
    assert writer.flush(20)
    writer.close(5)
    assert paper.closed == 1


def test_a_request_to_reopen_is_heard(writer, paper):
    writer.put(b"line\n")
    writer.request_reopen()
    wait_for(lambda: paper.reopened == 1)


def test_without_threads_lines_are_written_at_once(writer, paper, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(line_writer.threading.Thread, "start", refuse)
    writer.put(b"now\n")
    assert paper.data == b"now\n"
    assert writer.lost == 0


def test_without_threads_nobody_is_waited_for(writer, paper, told, monkeypatch):
    monkeypatch.setattr(line_writer.LineWriter, "_running", lambda self: False)
    monkeypatch.setattr(paper, "write", lambda data, stopping: told.append(stopping()))
    writer.put(b"now\n")
    assert told == [True]


def wait_for(true):
    """Until `true()`, with a limit that a busy machine does not reach."""
    for _ in range(2000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came true")
