import json
import socket
from contextlib import closing

import pytest

from device.events.json_lines import Events
from tests.device.assembly import Kiosk
from tests.device.browser import browser, driver_port  # noqa: F401 - fixtures for all of the device
from tests.device.events.schemas import check


@pytest.fixture
def kiosk(monkeypatch):
    """The real `Run` in a world of the test's own; see assembly.py."""
    opened = Kiosk(monkeypatch)
    yield opened
    opened.close()


@pytest.fixture
def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


@pytest.fixture(autouse=True)
def every_line_fits_its_schema(monkeypatch):
    """What a test makes the program say as an event, written or not, has the form that readers rely on."""
    wrong, write = [], Events._write

    def checked(events, row):
        line = {"v": 1, "time": "2026-11-30T10:00:00.000Z", **json.loads(json.dumps(row))}
        try:
            check(f"line_{row['event']}", line)
        except Exception as error:  # told at the end: it may be another thread's
            wrong.append(f"{line}: {type(error).__name__}: {error}")
        write(events, row)

    monkeypatch.setattr(Events, "_write", checked)
    yield
    assert wrong == []
