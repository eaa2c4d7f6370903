import hashlib
import os
import shutil
import subprocess
import tarfile

import pytest

from deploy.archive import manifest, pack


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "b.py").write_text("b\n")
    (folder / "app" / "a.sh").write_text("a\n")
    (folder / "app" / "a.sh").chmod(0o700)
    return folder


def test_the_manifest_is_what_sha256sum_checks(release):
    a, b = (hashlib.sha256(text).hexdigest() for text in (b"a\n", b"b\n"))
    assert manifest(release) == f"{a}  app/a.sh\n{b}  app/b.py\n"
    (release / "MANIFEST").write_text(manifest(release))
    check = ["sha256sum", "--check", "--quiet", "MANIFEST"]
    assert subprocess.run(check, cwd=release, check=False).returncode == 0
    (release / "app" / "b.py").write_text("c\n")
    assert subprocess.run(check, cwd=release, check=False, capture_output=True).returncode == 1


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_equal_contents_are_equal_to_the_byte_whenever_and_by_whomever_they_are_packed(
    release, tmp_path, compression
):
    if not shutil.which(compression):
        pytest.skip(f"no {compression} here")
    first = pack(release, tmp_path / "first.tar", compression)
    for path in release.rglob("*"):
        os.utime(path, (1, 1))
    (release / "app" / "b.py").chmod(0o600)
    second = pack(release, tmp_path / "second.tar", compression)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([first.name, "release", second.name])


def test_files_are_roots_and_without_times(release, tmp_path):
    with tarfile.open(pack(release, tmp_path / "x.tar", "gzip")) as archive:
        members = [(m.name, m.mode, m.uid, m.gid, m.uname, m.mtime) for m in archive]
    assert members == [
        ("app", 0o755, 0, 0, "root", 0),
        ("app/a.sh", 0o755, 0, 0, "root", 0),
        ("app/b.py", 0o644, 0, 0, "root", 0),
    ]
