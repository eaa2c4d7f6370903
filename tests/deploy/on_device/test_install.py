"""A bundle on the device: `deploy/on_device/release.py` and `install.py`."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from deploy.archive import manifest, pack
from deploy.on_device import install, layout, release
from deploy.on_device.__main__ import main
from deploy.on_device.errors import Refused
from deploy.on_device.layout import Layout
from tests.deploy.ssh.device import NEW, OLD, bundle, fill


def altered(folder: Path, change) -> Path:
    """A bundle of files that `change` altered after MANIFEST was written."""
    fill(folder / "altered", NEW)
    change(folder / "altered")
    return pack(folder / "altered", folder / "altered.tar", "zstd")


def of(folder: Path, entries: list[tarfile.TarInfo]) -> Path:
    """A bundle of these entries, whose contents are all "x"; MANIFEST is that of them."""
    path = folder / "made.tar"
    with tarfile.open(path, "w") as archive:
        for entry in entries:
            entry.size = 1 if entry.isreg() else 0
            archive.addfile(entry, io.BytesIO(b"x"))
    subprocess.run(["zstd", "-q", str(path)], check=True)
    return folder / "made.tar.zst"


def test_every_file_is_there_with_its_sum(device, tmp_path):
    assert main(["install", "--bundle", str(bundle(tmp_path, NEW)), "--root", str(device.root)]) == 0
    home = device.home / "releases" / NEW
    lists = [(home / name).read_text() for name in ("MANIFEST", "BYTECODE")]
    for name in ("MANIFEST", "BYTECODE"):
        (home / name).unlink()
    assert sorted("".join(lists).splitlines()) == sorted(manifest(home).splitlines())
    assert device.current() == OLD


def test_modules_are_compiled_and_a_start_compiles_nothing_and_writes_nothing(device, tmp_path):
    install.install(Layout(device.root), bundle(tmp_path, NEW))
    home = device.home / "releases" / NEW
    before = manifest(home)
    command = [sys.executable, "-v", "-B", "-m", "device"]
    told = subprocess.run(command, cwd=home / "app", capture_output=True, text=True, check=True).stderr
    ours = [line for line in told.splitlines() if str(home) in line]
    assert [line for line in ours if "__init__" in line and ".pyc" in line]
    assert [line for line in ours if line.startswith("# code object from") and ".pyc" not in line] == []
    assert manifest(home) == before


def test_a_damaged_compiled_form_is_found(device, tmp_path):
    path = bundle(tmp_path, NEW)
    install.install(Layout(device.root), path)
    home = device.home / "releases" / NEW
    (code,) = (home / "app/device").rglob("__init__*.pyc")
    code.write_bytes(b"?" + code.read_bytes()[1:])
    assert release.damaged(home) == str(code.relative_to(home))
    assert install.install(Layout(device.root), path) == (NEW, True)
    assert release.damaged(home) == ""


def test_a_module_that_does_not_compile_is_left_as_it_is(device, tmp_path):
    folder = tmp_path / "new"
    fill(folder, NEW)
    (folder / "site-packages/numpy/old.py").write_text("print 'Python 2'\n")
    (folder / "MANIFEST").unlink()
    (folder / "MANIFEST").write_text(manifest(folder))
    install.install(Layout(device.root), pack(folder, tmp_path / "new.tar", "zstd"))
    assert "old" not in (device.home / "releases" / NEW / "BYTECODE").read_text()


def test_others_may_read_a_release_whatever_the_umask_is(device, tmp_path):
    before = os.umask(0o077)
    try:
        main(["install", "--bundle", str(bundle(tmp_path, NEW)), "--root", str(device.root)])
    finally:
        os.umask(before)
    paths = [device.home / "releases" / NEW, *(device.home / "releases" / NEW).rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o755", "0o644"}


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_what_a_bundle_is_for(tmp_path, compression):
    fill(tmp_path / "r", NEW)
    path = pack(tmp_path / "r", tmp_path / "r.tar", compression)
    wanted = {"os": "bookworm", "python": "3.11", "commit": NEW, "time": 0, "apt": []}
    assert release.about(path) == wanted
    assert release.unpack(path, None) == wanted


def wrong_bundles(folder: Path) -> dict[str, tuple[Path, str]]:
    """A bundle and what is said of it, by what is wrong with it."""
    whole = bundle(folder, NEW)
    cut = folder / "cut.tar.zst"
    cut.write_bytes(whole.read_bytes()[:-600])
    bent = folder / "bent.tar.zst"
    bent.write_bytes(bytearray(whole.read_bytes()[:200]) + b"????" + whole.read_bytes()[204:])
    text = folder / "notes.zst"
    text.write_text("no archive")
    foreign = folder / "foreign"
    (foreign / "etc").mkdir(parents=True)
    (foreign / "etc/passwd").write_text("x")
    sums = b"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    link = tarfile.TarInfo("app/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"

    def change_a_file(home):
        (home / "app/COMMIT").write_text("other")

    def lack_a_file(home):
        (home / "app/COMMIT").unlink()

    def have_one_more(home):
        (home / "app/evil.py").write_text("x")

    def name_no_commit(home):
        (home / "release.json").write_text(
            json.dumps({"os": "bookworm", "python": "3.11", "commit": "../.."})
        )
        (home / "MANIFEST").unlink()
        (home / "MANIFEST").write_text(manifest(home))

    def climb(home):
        (home / "MANIFEST").write_text(f"{sums.decode()}  ../../evil\n{manifest(home)}")

    return {
        "cut": (cut, "cut.tar.zst is cut short or damaged"),
        "bent": (bent, "bent.tar.zst is cut short or damaged"),
        "no archive": (text, "no bundle of this project: neither zstd nor gzip"),
        "foreign": (pack(foreign, folder / "foreign.tar", "zstd"), "no bundle of this project"),
        "absent": (folder / "none.tar.zst", "cannot be read: No such file"),
        "altered": (altered(folder / "1", change_a_file), "was altered: app/COMMIT has another sum"),
        "lacking": (altered(folder / "2", lack_a_file), "was altered: it lacks app/COMMIT"),
        "more": (altered(folder / "3", have_one_more), "was altered: app/evil.py is not in its MANIFEST"),
        "no commit": (altered(folder / "4", name_no_commit), "its release.json says nothing"),
        "link": (of(folder, [tarfile.TarInfo("MANIFEST"), link]), "no bundle of this project"),
        "climbs": (altered(folder / "5", climb), "was altered: it lacks ../../evil"),
    }


KINDS = (
    *("cut", "bent", "no archive", "foreign", "absent", "altered", "lacking", "more"),
    *("no commit", "link", "climbs"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_bundle_is_one_line_and_status_2_and_changes_nothing(device, tmp_path, capsys, kind):
    (tmp_path / "bundles").mkdir()
    for number in range(6):
        (tmp_path / "bundles" / str(number)).mkdir()
    path, words = wrong_bundles(tmp_path / "bundles")[kind]
    before = device.digest()
    assert main(["install", "--bundle", str(path), "--root", str(device.root)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert device.digest() == before


def test_names_that_leave_the_folder_are_not_written():
    assert [release.is_below(name) for name in ("a/b", "/etc/passwd", "a/../../b", "..", "a..b")] == [
        True, False, False, False, True,
    ]  # fmt: skip


def test_a_release_that_is_there_and_right_is_left_alone(device, tmp_path, capsys):
    path = bundle(tmp_path, OLD)
    before = device.digest()
    assert main(["install", "--bundle", str(path), "--root", str(device.root)]) == 0
    assert f"there already, and right: release {OLD}" in capsys.readouterr().out
    assert device.digest() == before


def test_a_damaged_release_is_replaced_even_while_it_runs(device, tmp_path):
    damaged = device.home / "releases" / OLD / "site-packages/numpy/core.so"
    damaged.write_text("ELF?")
    assert install.install(Layout(device.root), bundle(tmp_path, OLD)) == (OLD, True)
    assert damaged.read_text() == "ELF" * 5000
    assert [path.name for path in (device.home / "releases").iterdir()] == [OLD]


def test_leftovers_of_a_cut_unpacking_go(device, tmp_path):
    (device.home / "releases/.unpacking/app").mkdir(parents=True)
    (device.home / "releases/.removing-x/app").mkdir(parents=True)
    install.install(Layout(device.root), bundle(tmp_path, NEW))
    assert sorted(path.name for path in (device.home / "releases").iterdir()) == [OLD, NEW]


def test_a_bundle_in_incoming_goes_once_it_was_looked_at(device, tmp_path):
    good = Path(shutil.copy(bundle(tmp_path, NEW), device.home / "incoming"))
    (device.home / "incoming/kiosk-cut-bookworm.tar.zst").write_text("half of another commit's")
    install.install(Layout(device.root), good)
    assert list((device.home / "incoming").iterdir()) == []
    bad = device.home / "incoming/bad.tar.zst"
    bad.write_text("cut on the way")
    with pytest.raises(Refused):
        install.install(Layout(device.root), bad)
    assert list((device.home / "incoming").iterdir()) == []


def test_a_full_disk_is_said_and_leaves_the_release_that_runs(device, tmp_path):
    """A tmpfs of 48 KiB in a mount namespace of its own."""
    releases = device.home / "releases"
    script = f"""
mount -t tmpfs -o size=48k none {releases} || exit 77
{sys.executable} -m deploy.on_device install --bundle {bundle(tmp_path, NEW)} --root {device.root}
ls -A {releases}
"""
    try:
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no mount namespace may be made here")
    if done.returncode == 77 or "unshare:" in done.stderr:
        pytest.skip("no mount namespace may be made here")
    assert "install: the device's disk is full" in done.stderr
    assert done.stdout == ""


def test_two_at_once_are_refused(device, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(layout, "PATIENCE_S", 0.3)
    with layout.alone(Layout(device.root)):
        assert main(["install", "--bundle", str(bundle(tmp_path, NEW)), "--root", str(device.root)]) == 2
    assert "another installation or switch is under way" in capsys.readouterr().err
