"""Whether a device may be written: what lsblk says of it, and every reason against."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from deploy.card.tools import run
from deploy.errors import DeployError

LARGEST = (
    256_000_000_000  # bytes; larger than any card for a kiosk, so most likely a disk with somebody's files
)
LIST = "compare what `lsblk` lists with and without the card"
COLUMNS = "NAME,PATH,TYPE,SIZE,RM,HOTPLUG,RO,MODEL,SERIAL,TRAN,MOUNTPOINTS"


class Target(NamedTuple):
    """What is to be written: a card in its reader, or a file that stands for one."""

    path: Path
    size: int  # bytes
    is_file: bool = False
    kind: str = "disk"  # lsblk's TYPE
    model: str = ""
    serial: str = ""
    removable: bool = True
    read_only: bool = False
    mounts: tuple[tuple[str, str], ...] = ()  # (device, where): of the disk and of all that lies on it

    def __str__(self) -> str:
        """What a person compares with the label of the card."""
        if self.is_file:
            return f"{self.path}, a file of {self.size / 1e9:.1f} GB"
        named = f"model {self.model or 'unknown'}, serial {self.serial or 'unknown'}"
        return f"{self.path}, {named}, {self.size / 1e9:.1f} GB"


def look(device: str) -> Target:
    """What lies at `device`. Raises DeployError when there is nothing, or something that is no disk."""
    path = Path(os.path.realpath(device))
    try:
        mode = path.stat().st_mode
    except OSError:
        raise DeployError(f"there is no {device}; {LIST}") from None
    if stat.S_ISREG(mode):
        return Target(path, path.stat().st_size, is_file=True)
    if not stat.S_ISBLK(mode):
        raise DeployError(f"{device} is no disk; {LIST}")
    return described(path, lsblk(path))


def lsblk(path: Path) -> dict[str, Any]:
    """What lsblk knows of the device and of what lies on it."""
    done = run("lsblk", "--json", "--bytes", "--output", COLUMNS, str(path))
    try:
        first: dict[str, Any] = json.loads(done.stdout)["blockdevices"][0]
    except (ValueError, LookupError):
        raise DeployError(f"lsblk does not know {path}; pull the card out, put it in and try again") from None
    return first


def described(path: Path, entry: dict[str, Any]) -> Target:
    """The target that an entry of `lsblk --json` describes."""
    return Target(
        path,
        int(entry.get("size") or 0),
        kind=entry.get("type") or "",
        model=(entry.get("model") or "").strip(),
        serial=(entry.get("serial") or "").strip(),
        # A built-in reader says "not removable" of its slot, and "hot-plugged" of the card in it
        removable=bool(entry.get("rm") or entry.get("hotplug")),
        read_only=bool(entry.get("ro")),
        mounts=tuple(_mounts(entry)),
    )


def _mounts(entry: dict[str, Any]) -> list[tuple[str, str]]:
    name = entry.get("path") or entry.get("name") or ""
    own = [(name, where) for where in entry.get("mountpoints") or () if where]
    return own + [mount for child in entry.get("children") or () for mount in _mounts(child)]


def refuse(target: Target, image_size: int) -> None:
    """Raise a DeployError with the first reason why `target` must not be written."""
    name = target.path
    places = [where for _, where in target.mounts]
    if target.kind == "part":
        raise DeployError(f"{name} is a partition; name the whole disk")
    if target.kind != "disk":
        raise DeployError(f"{name} is no disk ({target.kind or 'unknown'}); name the whole card")
    if "/" in places:
        raise DeployError(f"{name} is the disk that this computer runs from; {LIST}")
    if target.mounts:
        device, where = target.mounts[0]
        undo = f"sudo swapoff {device}" if where == "[SWAP]" else f"sudo umount {device}"
        raise DeployError(f"{name} is in use: {device} is mounted at {where}; {undo}")
    if not target.removable:
        raise DeployError(f"{name} is not removable, so it is no card; {LIST}")
    if target.read_only:
        raise DeployError(f"{name} is read-only; move the card's lock switch, or take another")
    if target.size > LARGEST:
        raise DeployError(f"{name} has {target.size / 1e9:.0f} GB, and 256 is the most; take a card")
    if target.size < image_size:
        needed = f"the image needs {image_size / 1e9:.2f}"
        raise DeployError(f"{name} has {target.size / 1e9:.2f} GB and {needed}; take a larger card")


def refuse_unwritable(target: Target) -> None:
    """Raise a DeployError when this person may not write it; looking is allowed to many more."""
    if not os.access(target.path, os.W_OK):
        raise DeployError(f"{target.path} may not be written by you; use sudo, or join the group disk")


def is_confirmed(target: Target, name: str, answer: str) -> bool:
    """Whether a person typed the name again; a file, which is no disk, needs no person."""
    return answer.strip() == name or (target.is_file and not answer)
