import os

import pytest

from device.files import replacing


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.json"]


def test_after_an_error_everything_is_as_it_was(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")

    def fill_the_disk():
        with replacing(path) as part:
            part.write_text("ne")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_was_never_written_replaces_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.json"):
        pass
    assert os.listdir(tmp_path) == []
