"""Whether the clock was set from the network; nothing of ours compares dates, but logs have them."""

from __future__ import annotations

from pathlib import Path

TIMESYNCD = Path("/run/systemd/timesync")  # of systemd-timesyncd, which Raspberry Pi OS has


def synchronised(folder: Path = TIMESYNCD) -> bool | None:
    """True once it was set since the machine started; None where somebody else keeps the time."""
    return (folder / "synchronized").exists() if folder.is_dir() else None
