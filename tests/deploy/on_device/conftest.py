import pytest

from deploy.on_device import health
from tests.deploy.ssh.device import OLD, Device


@pytest.fixture
def device(tmp_path, monkeypatch):
    """A device on which OLD runs, whose commands and quick clocks are this process's."""
    made = Device(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(health, "POLL_S", 0.01)
    made.runs(OLD)
    yield made
    made.close()
