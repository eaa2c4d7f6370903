"""Files and streams that are full, moved, closed, links, FIFOs, or that nobody reads."""

import errno
import fcntl
import os
import stat

import pytest

from device.errors import ConfigError
from device.events import sinks
from device.events.sinks import LineFile, Nowhere, Stream

MIB = 2**20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lines"


@pytest.fixture
def file(path):
    opened = LineFile("--events", str(path), MIB, rotated=True)
    yield opened
    opened.close()


def never():
    return False


def test_a_new_file_is_its_owners_alone(file, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_old_file_keeps_its_mode_and_is_written_on(path):
    path.write_bytes(b"old\n")
    path.chmod(0o640)
    LineFile("--events", str(path), MIB, rotated=True).write(b"new\n", never)
    assert path.read_bytes() == b"old\nnew\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_trace_begins_anew(path):
    path.write_bytes(b"old\n")
    LineFile("--trace", str(path), MIB, rotated=False, truncate=True).write(b"new\n", never)
    assert path.read_bytes() == b"new\n"


def test_a_symbolic_link_is_not_followed(path, tmp_path):
    path.symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigError, match=r"--events .*/lines: cannot be written \(it is a symbolic link"):
        LineFile("--events", str(path), MIB, rotated=True)
    assert not (tmp_path / "precious").exists()


def test_the_system_s_own_links_are_followed(tmp_path):
    target = os.open(tmp_path / "there", os.O_WRONLY | os.O_CREAT)
    LineFile("--events", f"/dev/fd/{target}", MIB, rotated=True).write(b"line\n", never)
    os.close(target)
    assert (tmp_path / "there").read_bytes() == b"line\n"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/nowhere/lines", "No such file or directory"),
        ("/", "Is a directory"),
        ("a\0b", "null"),
        ("", "No such"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(place, reason):
    with pytest.raises(ConfigError, match=f"--trace {place}: cannot be written .*{reason}"):
        LineFile("--trace", place, MIB, rotated=False)


def test_a_full_file_is_put_aside_and_never_longer_than_allowed(file, path):
    line = b"x" * (MIB // 4 - 1) + b"\n"
    for _ in range(4):
        file.write(line, never)
    assert path.stat().st_size == MIB
    file.write(b"next\n", never)
    assert path.read_bytes() == b"next\n"
    assert path.with_name("lines.1").stat().st_size == MIB


def test_what_was_put_aside_is_let_go(file, path):
    for _ in range(3):
        file.write(b"x" * MIB, never)
    assert open_below(path.parent) == [str(path)]
    for _ in range(2):
        file.close()
        assert open_below(path.parent) == []


def open_below(folder):
    """The files below a folder that this process holds open."""
    names = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:  # the list's own
            continue
    return [name for name in names if name.startswith(f"{folder}/")]


def test_a_file_that_cannot_be_put_aside_takes_no_more(file, path):
    path.with_name("lines.1").mkdir()
    file.write(b"x" * MIB, never)
    for _ in range(2):
        with pytest.raises(OSError, match=r"it has its 1 MiB, and cannot be renamed to .*lines\.1"):
            file.write(b"more\n", never)
    assert path.stat().st_size == MIB
    path.with_name("lines.1").rmdir()
    file.write(b"more\n", never)
    assert path.read_bytes() == b"more\n"


def test_a_trace_is_bounded_and_not_put_aside(path):
    file = LineFile("--trace", str(path), MIB, rotated=False)
    file.write(b"x" * MIB, never)
    with pytest.raises(OSError, match="it has its 1 MiB"):
        file.write(b"more\n", never)
    assert path.stat().st_size == MIB
    assert not path.with_name("lines.1").exists()


@pytest.mark.parametrize("gone", ["moved", "removed", "replaced"])
def test_a_file_that_was_moved_away_is_opened_anew(file, path, gone):
    file.write(b"before\n", never)
    aside = path.with_name("aside")
    os.rename(path, aside)
    if gone == "removed":
        aside.unlink()
    if gone == "replaced":
        path.write_bytes(b"theirs\n")
    file.reopen()
    file.write(b"after\n", never)
    assert path.read_bytes() == (b"theirs\n" if gone == "replaced" else b"") + b"after\n"
    if gone != "removed":
        assert aside.read_bytes() == b"before\n"


def test_a_link_to_the_file_in_its_place_is_not_followed(file, path):
    file.write(b"before\n", never)
    aside = path.with_name("aside")
    os.rename(path, aside)
    path.symlink_to(aside)
    file.reopen()
    with pytest.raises(OSError, match="symbolic links"):
        file.write(b"after\n", never)
    assert aside.read_bytes() == b"before\n"


def test_that_it_was_moved_is_seen_without_a_signal_too(file, path, monkeypatch):
    file.write(b"before\n", never)
    os.rename(path, path.with_name("aside"))
    monkeypatch.setattr(sinks, "CHECK_S", 0.0)
    file._next_check = 0.0
    file.write(b"after\n", never)
    assert path.read_bytes() == b"after\n"


def test_where_it_cannot_be_opened_anew_it_is_tried_again(file, path):
    path.unlink()
    path.mkdir()
    file.reopen()
    with pytest.raises(IsADirectoryError):
        file.write(b"lost\n", never)
    path.rmdir()
    file.write(b"kept\n", never)
    assert path.read_bytes() == b"kept\n"


def test_of_a_line_that_does_not_fit_on_the_disk_nothing_stays(file, path, monkeypatch):
    file.write(b"whole\n", never)
    real = os.write
    monkeypatch.setattr(sinks.os, "write", lambda fd, data: real(fd, data[:3]))
    with pytest.raises(OSError, match="No space left"):
        file.write(b"broken\n", never)
    monkeypatch.undo()
    file.write(b"whole again\n", never)
    assert path.read_bytes() == b"whole\nwhole again\n"


def test_a_full_device_says_so():
    with pytest.raises(OSError, match="No space left") as full:
        LineFile("--trace", "/dev/full", MIB, rotated=False).write(b"line\n", never)
    assert full.value.errno == errno.ENOSPC


def test_a_fifo_without_a_reader_does_not_stop_the_start_and_takes_lines_once_there_is_one(path):
    os.mkfifo(path)
    file = LineFile("--events", str(path), MIB, rotated=True)
    with pytest.raises(OSError, match="No such device"):
        file.write(b"lost\n", never)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file.write(b"read\n", never)
    assert os.read(reader, 100) == b"read\n"
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        file.write(b"lost\n", never)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file.write(b"read again\n", never)
    assert os.read(reader, 100) == b"read again\n"
    os.close(reader)


@pytest.fixture
def pipe():
    """A pipe of 4 KiB."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            assert end == reader  # closed by the test


def test_a_pipe_that_nobody_reads_is_waited_for_until_the_end(pipe):
    stream, waits = Stream(pipe[1]), []

    def enough():
        waits.append(1)
        return len(waits) == 3

    stream.write(b"x" * 4096, enough)
    with pytest.raises(OSError, match="nobody reads it"):
        stream.write(b"more\n", enough)
    assert len(waits) == 3
    os.read(pipe[0], 4096)
    stream.write(b"more\n", enough)
    assert os.read(pipe[0], 4096) == b"more\n"
    stream.close()


def test_a_long_line_goes_through_a_small_pipe(pipe):
    stream, got = Stream(pipe[1]), []

    def read():
        got.append(os.read(pipe[0], 4096))
        return False

    stream.write(b"x" * 9999 + b"\n", read)
    got.append(os.read(pipe[0], 4096))
    assert b"".join(got) == b"x" * 9999 + b"\n"
    stream.close()


def test_a_reader_that_went_is_an_error(pipe):
    stream = Stream(pipe[1])
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        stream.write(b"line\n", never)
    stream.close()


def test_a_stream_is_a_copy_and_leaves_the_first_open(pipe):
    stream = Stream(pipe[1])
    stream.close()
    stream.close()
    os.write(pipe[1], b"still open")
    with pytest.raises(OSError, match="Bad file descriptor"):
        stream.write(b"line\n", never)


def test_a_closed_stream_keeps_no_pipe_open():
    reader, end = os.pipe()
    stream = Stream(end)
    os.close(end)
    stream.close()
    os.set_blocking(reader, False)
    assert os.read(reader, 1) == b""  # the end, not BlockingIOError
    os.close(reader)


def test_what_was_closed_at_the_start_takes_nothing():
    with pytest.raises(OSError, match="it was closed when the program started"):
        Nowhere().write(b"line\n", never)
