"""The programs that the card is made with, run one way: what is missing or fails is one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess

from deploy.errors import DeployError

PACKAGES = {  # the Debian package of each program
    "xz": "xz-utils",
    "lsblk": "util-linux",
    "debugfs": "e2fsprogs",
    "mcopy": "mtools",
    "mtype": "mtools",
    "mdir": "mtools",
    "mmd": "mtools",
    "openssl": "openssl",
    "zstd": "zstd",
    "bmaptool": "bmap-tools",
}
# No settings of this machine, and no check against the geometry of floppy disks
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1"}


class CardFailure(DeployError):
    """The card could not be finished, through no fault of what was asked for; the message says what to do."""

    exit_status = 1


def require(*names: str) -> None:
    """Raise a DeployError that names the packages of those programs that are not installed."""
    if lacking := sorted({PACKAGES[name] for name in names if find(name) is None}):
        raise DeployError(f"{' and '.join(lacking)} not installed; sudo apt install {' '.join(lacking)}")


def find(name: str) -> str | None:
    """The program's path; a user's PATH often lacks /usr/sbin, where debugfs lies."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def run(
    name: str, *args: str, given: bytes = b"", limit_s: float = 120.0
) -> subprocess.CompletedProcess[bytes]:
    """Run the program with `given` as its input and return what it did, whatever its exit status."""
    if (path := find(name)) is None:
        raise DeployError(f"{name} is not installed; sudo apt install {PACKAGES[name]}")
    environment = {**os.environ, **ENVIRONMENT}
    try:
        return subprocess.run(
            [path, *args], input=given, capture_output=True, timeout=limit_s, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise CardFailure(
            f"{name} did not end within {limit_s:.0f} s; pull the card out, put it in, start again"
        ) from None


def last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The last line that a program said, for the message about its failure."""
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else f"exit status {done.returncode}"
