"""Which version of the program this is, and which commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import device

ROOT = Path(device.__file__).resolve().parent.parent
GIT_S = 5.0


def version(root: Path = ROOT) -> str:
    """Such as "kiosk-age 0.1.0 (0fe4315625)"; of a commit that cannot be told, nothing is said."""
    known = commit(root)
    return f"kiosk-age {device.__version__}" + (f" ({known})" if known else "")


def commit(root: Path = ROOT) -> str:
    """What stands in the file `COMMIT` of a bundle, else what git says of a checkout, else nothing."""
    try:
        return (root / "COMMIT").read_text(encoding="utf-8").strip()[:60]
    except OSError:
        pass
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=GIT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()
