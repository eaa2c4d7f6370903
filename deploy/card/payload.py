"""What lies on the card beside the system: the right bundle, and the script that unpacks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from deploy import bundle
from deploy.archive import COMPRESSIONS
from deploy.card.image import Image
from deploy.card.secrets import Secrets
from deploy.card.tools import last_words
from deploy.errors import DeployError

FOLDER = "kiosk"  # on the FAT partition
SCRIPT = Path(__file__).with_name("first-boot.sh")
COMMAND = f"sh /boot/firmware/{FOLDER}/first-boot.sh"


class Bundle(NamedTuple):
    """A bundle that fits the image."""

    path: Path
    commit: str
    expects: tuple[str, ...]  # packages of the system


def choose(given: Path | None, image: Image, dry_run: bool) -> Bundle | None:
    """The bundle that was named, or this commit's, built when it is not there; None in a dry run.

    An image without zstd gets gzip. Raises DeployError for a bundle of another system or of none.
    """
    if given:
        return read(given, image.codename)
    compression = "zstd" if "zstd" in image.packages or not image.packages else "gzip"
    ending, commit = COMPRESSIONS[compression][0], bundle.committed()
    path = bundle.ROOT / "dist" / f"kiosk-{commit[:12]}-{image.codename}.tar.{ending}"
    if not path.is_file():
        if dry_run:
            return None
        path.parent.mkdir(exist_ok=True)
        path = bundle.build(image.codename, path.parent, compression)
    return read(path, image.codename)


def read(path: Path, codename: str) -> Bundle:
    """The bundle, every sum of it checked. Raises DeployError, also for one of another system."""
    if not path.is_file():
        raise DeployError(f"there is no bundle {path}; make it with `make bundle`")
    about = bundle.checked(path, codename, "the image is")
    return Bundle(path, about["commit"], tuple(about["apt"]))


def files(chosen: Bundle, config: Path | None, secrets: Secrets) -> dict[str, bytes]:
    """Path on the FAT partition and content of each file."""
    found = {
        "first-boot.sh": SCRIPT.read_bytes(),
        "COMMIT": f"{chosen.commit}\n".encode(),
        chosen.path.name: chosen.path.read_bytes(),
    }
    if config:
        found["kiosk.toml"] = config.read_bytes()
    if secrets.mqtt_password:
        found["mqtt-password"] = secrets.mqtt_password.encode()
    return {f"{FOLDER}/{name}": content for name, content in found.items()}


def check_config(config: Path | None) -> None:
    """Let the application itself read the settings. Raises DeployError with its own sentence."""
    if config is None:
        return
    if not config.is_file():
        raise DeployError(f"there is no {config}; `python -m device config` prints one with all settings")
    command = [sys.executable, "-m", "device", "config", "--config", str(config.resolve())]
    done = subprocess.run(command, cwd=bundle.ROOT, capture_output=True, timeout=60, check=False)
    if done.returncode:
        raise DeployError(f"{last_words(done).removeprefix('device config: ')}")


def missing_packages(chosen: Bundle, image: Image) -> list[str]:
    """Packages that the bundle expects of the system and the image has not; unknown images are trusted."""
    return [name for name in chosen.expects if image.packages and name not in image.packages]
