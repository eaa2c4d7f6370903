"""Images, made once a session, and a workplace with a card for each test."""

import io
import shutil
from pathlib import Path

import pytest

from deploy.__main__ import main
from tests.deploy.card import images

NEEDED = {
    "sfdisk": "fdisk",
    "mformat": "mtools",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "xz": "xz-utils",
    "zstd": "zstd",
    "openssl": "openssl",
}


@pytest.fixture(scope="session")
def image_of(tmp_path_factory):
    """A function: name and the root's files → the packed image, made once a session."""
    path = "/usr/bin:/bin:/usr/sbin:/sbin"
    if lacking := {package for tool, package in NEEDED.items() if not shutil.which(tool, path=path)}:
        pytest.skip(f"card images need {' '.join(sorted(lacking))}")
    folder, made = tmp_path_factory.mktemp("images"), {}

    def image(name, root, boot=None):
        if name not in made:
            made[name] = images.make(folder, name, root, boot or {})
        return made[name]

    return image


@pytest.fixture
def trixie(image_of):
    """Trixie as it is from late 2025 on: cloud-init sets it up."""
    return image_of("trixie", images.NEW_TRIXIE)


@pytest.fixture
def bookworm(image_of):
    """Bookworm: firstrun.sh sets it up."""
    return image_of("bookworm", images.BOOKWORM)


class Workplace:
    """A folder with a card in it, and `python -m deploy card` to be run there."""

    def __init__(self, folder: Path, capsys, monkeypatch):
        self.folder, self.card = folder, images.card(folder / "card.img")
        self._capsys, self._monkeypatch = capsys, monkeypatch
        (folder / "tmp").mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))

    def run(self, image: Path, *options: str, system: str = "trixie", device=None, typed: str | None = None):
        """(exit status, what was printed, what was complained of); by default the card's name is typed."""
        device = str(device or self.card)
        self._monkeypatch.setattr("sys.stdin", io.StringIO(f"{device}\n" if typed is None else typed))
        bundle = images.bundle(self.folder, system)
        words = ["card", "--device", device, "--image", str(image), "--bundle", str(bundle), *options]
        status = main(words)
        out, complaint = self._capsys.readouterr()
        return status, out, complaint

    def secrets(self, text: str, mode: int = 0o600) -> Path:
        """kiosk.secrets.toml with this text."""
        path = self.folder / "kiosk.secrets.toml"
        path.write_text(text)
        path.chmod(mode)
        return path

    def fat(self, path: str) -> bytes:
        """A file of the card's FAT partition."""
        return images.tool("mtype", "-i", f"{self.card}@@{images.FAT_AT}", f"::{path}")


@pytest.fixture
def workplace(tmp_path, capsys, monkeypatch):
    """A folder with a card in it."""
    return Workplace(tmp_path, capsys, monkeypatch)
