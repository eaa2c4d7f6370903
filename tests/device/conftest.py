import socket
from contextlib import closing

import pytest

from tests.device.assembly import Kiosk


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
