"""The image file as it was downloaded: its checksum, and the unpacked copy that is read and written."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.card.tools import CardFailure, find, last_words, run
from deploy.errors import DeployError

CHUNK = 4 * 1024 * 1024  # bytes read and written at once
ENDINGS = (".img.xz", ".img")
TAKE = "take the .img.xz of Raspberry Pi OS Lite (64-bit)"


def check(image: Path, stated: str) -> str:
    """Refuse what is no image or not the one that was published; return its SHA-256.

    stated: the sum from SHA256=, or "" for the one in IMAGE.sha256. Raises DeployError.
    """
    if image.name.endswith(".zip"):
        raise DeployError(f"{image.name} is a .zip; unpack it and name the .img in it, or {TAKE}")
    if not image.name.endswith(ENDINGS):
        raise DeployError(f"{image.name} is neither .img.xz nor .img; {TAKE}")
    if not image.is_file():
        raise DeployError(f"there is no image {image}; {TAKE}")
    wanted = expected_sum(image, stated)
    with image.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise DeployError(
            f"{image.name} has the SHA-256 {found[:12]}…, and {wanted[:12]}… was published; download it again"
        )
    return found


def expected_sum(image: Path, stated: str) -> str:
    """The SHA-256 that the image must have, from SHA256= or from the file beside it."""
    beside = image.with_name(f"{image.name}.sha256")
    if not stated and not beside.is_file():
        raise DeployError(f"{beside.name} is not there; download it beside the image, or give SHA256=")
    words = (stated or beside.read_text(errors="replace")).split()
    if not words or not re.fullmatch(r"[0-9a-fA-F]{64}", words[0]):
        raise DeployError(f"{'SHA256=' if stated else beside.name} holds no SHA-256 (64 hexadecimal digits)")
    return words[0].lower()


def unpacked_size(image: Path) -> int:
    """Bytes of the image once unpacked, without unpacking it. Raises CardFailure when the file is cut off."""
    if not image.name.endswith(".xz"):
        return image.stat().st_size
    done = run("xz", "--robot", "--list", str(image))
    totals = [line.split("\t") for line in done.stdout.decode().splitlines() if line.startswith("totals")]
    if done.returncode or not totals:
        raise CardFailure(f"{image.name} is cut off or damaged ({last_words(done)}); download it again")
    return int(totals[0][4])


def unpack(image: Path, folder: Path) -> Path:
    """The image as a plain file; an .xz is unpacked into `folder`, with holes where it is empty.

    Raises DeployError when `folder` has no room, CardFailure when the file is cut off or damaged.
    """
    if not image.name.endswith(".xz"):
        return image
    size, room = unpacked_size(image), shutil.disk_usage(folder).free
    if room < size:
        raise DeployError(
            f"{folder.parent} has {room / 1e9:.1f} GB free and the unpacked image needs {size / 1e9:.1f}; "
            "make room, or set TMPDIR to another folder"
        )
    target = folder / image.name.removesuffix(".xz")
    try:
        complaint = _decompress(image, target)
    except OSError as error:
        raise DeployError(
            f"{target} could not be written ({error.strerror}); set TMPDIR to another folder"
        ) from None
    if complaint or target.stat().st_size != size:
        words = complaint.strip().splitlines()[-1:] or ["it ends too early"]
        raise CardFailure(f"{image.name} is cut off or damaged ({words[0]}); download it again")
    return target


def _decompress(image: Path, target: Path) -> str:
    """Stream the image through xz into `target`, with holes where it is empty; xz's complaint, or ""."""
    command = [find("xz") or "xz", "--decompress", "--stdout", "--threads=0", str(image)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with target.open("wb") as file:
            while chunk := process.stdout.read(CHUNK):
                empty = chunk.count(0) == len(chunk)
                file.seek(len(chunk), os.SEEK_CUR) if empty else file.write(chunk)
            file.truncate()
        complaint = process.stderr.read().decode(errors="replace")
    return complaint or (f"exit status {process.returncode}" if process.returncode else "")
