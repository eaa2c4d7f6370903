import pytest

from tests.device.assembly import Kiosk


@pytest.fixture
def kiosk(monkeypatch):
    """The real `Run` in a world of the test's own; see assembly.py."""
    opened = Kiosk(monkeypatch)
    yield opened
    opened.close()
