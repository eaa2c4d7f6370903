"""Archives that are equal to the byte for equal contents, and the list of sums that goes with them."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from pathlib import Path

from deploy.errors import DeployError

# -T1: one thread, for zstd's output depends on their number; -n: neither name nor time in gzip's head
COMPRESSIONS = {
    "zstd": ("zst", ("zstd", "--quiet", "-T1", "-10", "--stdout")),
    "gzip": ("gz", ("gzip", "-n", "-6", "--stdout")),
}


def manifest(folder: Path) -> str:
    """SHA-256 and path of every file below `folder`, a line each, as `sha256sum --check` reads them."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = (hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return "".join(
        f"{digest}  {path.relative_to(folder)}\n" for digest, path in zip(sums, paths, strict=True)
    )


def pack(folder: Path, target: Path, compression: str) -> Path:
    """`folder` as target.zst or target.gz: sorted, owned by root, without times. Returns the file's path."""
    ending, command = COMPRESSIONS[compression]
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, str(path.relative_to(folder)), recursive=False, filter=_anonymous)
    packed = target.with_name(f"{target.name}.{ending}")
    try:
        with packed.open("wb") as file:
            subprocess.run([*command, str(target)], stdout=file, check=True)
    except FileNotFoundError:
        packed.unlink(missing_ok=True)
        raise DeployError(f"{command[0]} is not installed; sudo apt install {command[0]}") from None
    finally:
        target.unlink()
    return packed


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
