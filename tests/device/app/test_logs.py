import logging
import os
import re
import threading

import pytest

from device.app import logs
from device.config.schema import LogSettings
from device.errors import ConfigError

LIMIT = 20.0


@pytest.fixture
def said(capfd):
    """Says something through a logger and returns the lines on standard error."""

    def saying(name, level, text, *facts, **more):
        with logs.logging_to_stderr() as handler:
            logging.getLogger(name).log(level, text, *facts, **more)
            handler._writer.flush(LIMIT)
        return capfd.readouterr().err.splitlines()

    return saying


def test_a_message_is_a_line_with_time_level_and_room(said):
    (line,) = said("device.camera.capture", logging.WARNING, "no frame for %d s", 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d warning camera: no frame for 2 s", line)


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("device.camera.capture", "camera"),
        ("device.outputs.web.server", "outputs"),
        ("device.commands.run", "run"),
        ("device.box", "box"),
        ("device", "device"),
        ("uvicorn.error", "uvicorn"),
    ],
)
def test_the_room_of_a_logger(name, room):
    assert logs.room(name) == room


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[2J\x00\x7f\x9b", r"\x1b[2J\x00\x7f\x9b"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
        ("half \udcff", r"half \udcff"),
        ("Zürich, 3 °C, 25–34, 日本", "Zürich, 3 °C, 25–34, 日本"),
        ("x" * 2001, "x" * 2000 + "… (2001 characters)"),
    ],
)
def test_control_characters_are_escaped_and_letters_are_not(text, line):
    assert logs.printable(text) == line


def test_an_encoding_without_a_letter_never_raises():
    with logs.logging_to_stderr() as handler:
        handler._encoding = "ascii"
        record = logging.LogRecord("device.box", logging.INFO, "", 0, "3 °C", (), None)
        assert handler._line(record, "3 °C").endswith(b"box: 3 \\xb0C\n")


@pytest.mark.parametrize(
    ("level", "front"),
    [
        (logging.DEBUG, "<7>"),
        (logging.INFO, "<6>"),
        (logging.WARNING, "<4>"),
        (logging.ERROR, "<3>"),
        (50, "<2>"),
    ],
)
def test_the_journal_gets_priorities_and_no_time(level, front, monkeypatch):
    facts = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    with logs.logging_to_stderr() as handler:
        record = logging.LogRecord("device.camera", level, "", 0, "text", (), None)
        assert handler._line(record, "text") == f"{front}camera: text\n".encode()


def test_a_journal_that_is_another_stream_s_is_none(monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    assert not logs.goes_to_journal()


def test_a_traceback_is_a_line_each(said):
    try:
        raise KeyError("why")
    except KeyError:
        lines = said("device.box", logging.ERROR, "a fault", exc_info=True)
    assert all(" error   box: " in line for line in lines)
    assert lines[0].endswith("box: a fault")
    assert lines[-1].endswith("box: KeyError: 'why'")


def test_a_message_that_cannot_be_put_together_is_shown_as_it_is(said):
    (line,) = said("device.box", logging.INFO, "%d faces", "many")
    assert line.endswith("box: (a message that cannot be shown: '%d faces')")


def test_a_thread_that_fails_is_told_by_its_name(capfd):
    with logs.logging_to_stderr() as handler:
        thread = threading.Thread(target=lambda: 1 / 0, name="camera")
        thread.start()
        thread.join()
        handler._writer.flush(LIMIT)
    said = capfd.readouterr().err
    assert "the thread camera ended by a fault of the program" in said
    assert "ZeroDivisionError: division by zero" in said


def test_messages_below_the_level_are_left_out(capfd):
    with logs.logging_to_stderr() as handler:
        logs.follow(LogSettings(level="warning"))
        logging.getLogger("device.box").info("normal life")
        logging.getLogger("device.box").warning("something")
        handler._writer.flush(LIMIT)
    said = capfd.readouterr().err
    assert "something" in said
    assert "normal life" not in said


def test_a_file_takes_the_messages_and_can_be_opened_anew(tmp_path, capfd):
    path = tmp_path / "log"
    with logs.logging_to_stderr() as handler:
        logs.follow(LogSettings(to=str(path)))
        logging.getLogger("device.box").info("before")
        handler._writer.flush(LIMIT)
        path.rename(tmp_path / "log.old")
        handler._writer._sink.reopen()
        logging.getLogger("device.box").info("after")
    assert "box: before" in (tmp_path / "log.old").read_text()
    assert path.read_text().endswith("box: after\n")
    assert capfd.readouterr().err == ""
    with logs.logging_to_stderr(), pytest.raises(ConfigError, match="--log /nowhere/log: cannot be written"):
        logs.follow(LogSettings(to="/nowhere/log"))


def test_afterwards_logging_is_as_before():
    root = logging.getLogger()
    before = root.level, list(root.handlers), threading.excepthook
    with logs.logging_to_stderr() as handler:
        assert logs.current() is handler
    assert (root.level, list(root.handlers), threading.excepthook) == before
    assert logs.current() is None
