import pytest

from deploy.on_device import save_fault


@pytest.fixture
def fault(tmp_path, monkeypatch):
    """`fault(hour, result)`: the program ended then; returns what lies in the folder, by name."""
    (tmp_path / "bin").mkdir()
    journal = tmp_path / "bin" / "journalctl"
    journal.write_text('#!/bin/sh\necho "the last line, of $*"\n')
    journal.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=":")
    folder = tmp_path / "state"
    folder.mkdir()

    def end(hour, result="watchdog"):
        monkeypatch.setenv("SERVICE_RESULT", result)
        monkeypatch.setattr("time.clock_gettime", lambda clock: hour * 3600.0)
        assert save_fault.main(str(folder), str(tmp_path / "stamp")) == 0
        return {path.name: path.read_text() for path in folder.iterdir()}

    end.folder = folder
    return end


def test_the_journals_last_200_lines_of_a_failure_are_saved(fault):
    saved = fault(1)
    assert list(saved) == ["last-fault.log"]
    assert saved["last-fault.log"].startswith("watchdog")
    assert "the last line, of --unit kiosk.service --boot --lines 200" in saved["last-fault.log"]


def test_an_orderly_end_is_no_failure(fault):
    assert fault(1, "success") == {}


def test_at_most_one_an_hour_and_ten_in_all(fault):
    assert list(fault(1)) == list(fault(1.9)) == ["last-fault.log"]
    for hour in range(2, 20):
        saved = fault(hour, f"kind-{hour}")
    assert len(saved) == 10
    assert saved["last-fault.log"].startswith("kind-19")
    assert saved["last-fault.1.log"].startswith("kind-18")
    assert saved["last-fault.9.log"].startswith("kind-10")


def test_a_link_that_the_kiosks_user_left_there_is_not_followed(fault, tmp_path):
    """It runs as root: what it wrote through a link could be any file of the system."""
    treasure = tmp_path / "shadow"
    treasure.write_text("secret")
    for name in ("last-fault.log", ".last-fault.log.part"):
        (fault.folder / name).symlink_to(treasure)
    fault(1)
    assert treasure.read_text() == "secret"
    assert not (fault.folder / "last-fault.log").is_symlink()
    fault.folder.rename(tmp_path / "moved")
    fault.folder.symlink_to(tmp_path / "moved")
    with pytest.raises(OSError, match=r"."):
        save_fault.save(str(fault.folder), b"")
