"""A bundle's contents, read once from front to back: every file is checked against MANIFEST as it comes.

MANIFEST is the first file of a bundle (`deploy/archive.py` sorts), so what it does not name is never written.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from deploy.on_device import bytecode
from deploy.on_device.errors import Refused

TOOLS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x1f\x8b\x08": "gzip"}  # by a file's first bytes
CHUNK = 1 << 20
COMMIT = re.compile(r"[0-9a-f]{40}")
REMEDY = "run `make bundle` again"


def about(bundle: Path) -> dict[str, Any]:
    """What the bundle is for: os, python, commit, time and apt. Raises Refused."""
    with opened(bundle) as archive:
        for entry in archive:
            if entry.name == "release.json":
                return _about(bundle, _bytes(archive, entry))
    raise Refused(f"{bundle.name} is no bundle of this project: it has no release.json; {REMEDY}")


def unpack(bundle: Path, into: Path | None) -> dict[str, Any]:
    """Check every file of the bundle, and write it below `into` if there is one; what the bundle is for.

    Raises Refused for a bundle that is cut short, altered or foreign, OSError when it cannot be written.
    """
    with opened(bundle) as archive:
        entries = iter(archive)
        text = _manifest(bundle, archive, next(entries, None))
        sums = parsed(text)
        if into:
            (into / "MANIFEST").write_text(text, encoding="utf-8")
        for entry in entries:
            if entry.isdir():
                continue
            wanted = sums.pop(entry.name, None)
            if wanted is None or not entry.isreg() or not is_below(entry.name):
                raise Refused(f"{bundle.name} was altered: {entry.name} is not in its MANIFEST; {REMEDY}")
            if _copy(archive, entry, into) != wanted:
                raise Refused(f"{bundle.name} was altered: {entry.name} has another sum; {REMEDY}")
    if sums:
        raise Refused(f"{bundle.name} was altered: it lacks {min(sums)}; {REMEDY}")
    return about(bundle)


def damaged(release: Path) -> str:
    """The first file of a release whose sum is not as its lists say; "" when all are right."""
    lists = ["MANIFEST", *(name for name in (bytecode.LIST,) if (release / name).exists())]
    return next(filter(None, (_damaged(release, name) for name in lists)), "")


def _damaged(release: Path, sums: str) -> str:
    name = sums
    try:
        for name, wanted in parsed((release / sums).read_text(encoding="utf-8")).items():
            with (release / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                    return name
    except OSError:
        return name
    return ""


def parsed(manifest: str) -> dict[str, str]:
    """{path: SHA-256} of a MANIFEST's lines."""
    lines = (line.partition("  ") for line in manifest.splitlines())
    return {name: digest for digest, _, name in lines}


def is_below(name: str) -> bool:
    """Whether a path stays in the folder that it is unpacked to."""
    return not name.startswith("/") and ".." not in name.split("/")


@contextmanager
def opened(bundle: Path) -> Iterator[tarfile.TarFile]:
    """The bundle as a tar that can be read once. Raises Refused when it is none or cut short."""
    try:
        with bundle.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise Refused(f"{bundle} cannot be read: {error.strerror}") from None
    tool = next((tool for magic, tool in TOOLS.items() if head.startswith(magic)), None)
    if tool is None:
        raise Refused(f"{bundle.name} is no bundle of this project: neither zstd nor gzip; {REMEDY}")
    try:
        process = subprocess.Popen([tool, "-dc", bundle], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise Refused(f"{tool} is not installed: sudo apt install {tool}") from None
    assert process.stdout
    assert process.stderr
    with process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                yield archive
        except (tarfile.TarError, EOFError) as error:
            process.kill()
            raise Refused(f"{bundle.name} is cut short or damaged ({error}); {REMEDY}") from None
        except BaseException:
            process.kill()
            raise
        process.stdout.close()
        words = process.stderr.read().decode(errors="replace").strip().splitlines()
        complaint = words[-1] if process.wait() > 0 else ""  # a reader that stops early ends it by a signal
    if complaint:
        raise Refused(f"{bundle.name} is cut short or damaged ({complaint}); {REMEDY}")


def _manifest(bundle: Path, archive: tarfile.TarFile, first: tarfile.TarInfo | None) -> str:
    if first is None or first.name != "MANIFEST" or not first.isreg():
        raise Refused(f"{bundle.name} is no bundle of this project: it begins with no MANIFEST; {REMEDY}")
    return _bytes(archive, first).decode("utf-8", "replace")


def _bytes(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    return file.read() if file else b""


def _about(bundle: Path, text: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(text)
        if COMMIT.fullmatch(told["commit"]) and told["os"] and told["python"]:
            return told
    except (ValueError, KeyError, TypeError):
        pass
    raise Refused(f"{bundle.name} is no bundle of this project: its release.json says nothing; {REMEDY}")


def _copy(archive: tarfile.TarFile, entry: tarfile.TarInfo, into: Path | None) -> str:
    """The file's SHA-256; written below `into` if there is one."""
    source = archive.extractfile(entry)
    assert source
    if into is None:
        return _digest(source, None)
    path = into / entry.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        digest = _digest(source, target)
    path.chmod(entry.mode & 0o755)
    return digest


def _digest(source: IO[bytes], target: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if target:
            target.write(chunk)
    return digest.hexdigest()
