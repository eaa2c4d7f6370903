"""Folders that two processes make at the same time stay apart."""

from pathlib import Path

from tests import kept
from tests.arm64 import guest


def test_packages_of_two_systems_made_at_once_share_no_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(guest, "CACHE", tmp_path)
    monkeypatch.setattr(kept, "CACHE", tmp_path)
    packages = guest._packages.__wrapped__
    wheels = {guest.BOOKWORM.python: "bookworm.whl", guest.TRIXIE.python: "trixie.whl"}

    def pip(command, what):
        python = command[command.index("--python-version") + 1]
        if python == guest.BOOKWORM.python:  # the other starts while this one is at it
            packages(guest.TRIXIE)
        Path(command[command.index("--target") + 1], wheels[python]).touch()

    monkeypatch.setattr(guest, "_step", pip)
    assert [path.name for path in packages(guest.BOOKWORM).glob("*.whl")] == ["bookworm.whl"]
    assert [path.name for path in packages(guest.TRIXIE).glob("*.whl")] == ["trixie.whl"]
    assert not list(tmp_path.glob("*.part"))
