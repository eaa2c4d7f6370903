"""The folder of a site's crops: created, described, read, and deleted for good."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from device.errors import ConfigError
from device.faces.alignment import SIDE

MIN_CROPS, MAX_CROPS = 100, 1000  # crops
MARKER_FILE = "capture.json"  # tells a folder of crops from any other, which is never read or deleted
NOTICE = """Calibration for this site. What will be kept, and where:
  - up to {count} pictures of faces, 64×64 pixels each, cut out of the camera's picture;
  - only in {folder}, readable by this user alone; nothing is sent anywhere;
  - no whole pictures, no names, no ages, no times.
They are deleted when `python -m calibration apply {folder}` has made the new network from them.
Everybody whose face is kept must have been told this, and have agreed."""


def name_of(index: int) -> str:
    """The file name of a crop."""
    return f"{index:04}.png"


def create(folder: Path) -> Path:
    """A new, empty folder that only this user can read. Raises ConfigError when it holds anything."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if any(folder.iterdir()):
            raise ConfigError(f"{folder}: not empty; name a new folder, so that nothing else is ever deleted")
        (folder / MARKER_FILE).write_text("{}\n")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be created or written ({error.strerror})") from error
    return folder


def describe(folder: Path, counts: dict[str, int]) -> None:
    """Write the crops' diversity into the marker file."""
    (folder / MARKER_FILE).write_text(json.dumps(counts) + "\n")


def read(folder: Path) -> np.ndarray:
    """The crops of a folder that `capture` made, uint8 RGB (n, 64, 64, 3).

    Raises ConfigError when it is no such folder, holds too few, or a file in it is no crop.
    """
    if not (folder / MARKER_FILE).is_file():
        raise ConfigError(f"{folder}: not made by `python -m calibration capture`; it has no {MARKER_FILE}")
    paths = _crops(folder)
    if len(paths) < MIN_CROPS:
        raise ConfigError(f"{folder}: {len(paths)} crops, at least {MIN_CROPS} are needed; capture again")
    crops = []
    for path in paths:
        picture = cv2.imread(str(path))
        if picture is None or picture.shape != (SIDE, SIDE, 3):
            raise ConfigError(f"{path}: not an image of {SIDE}×{SIDE} pixels; delete it, or capture again")
        crops.append(picture[..., ::-1])
    return np.stack(crops)


def delete(folder: Path) -> int:
    """Delete the crops, and the folder if nothing else is in it; returns how many crops there were."""
    paths = _crops(folder)
    for path in paths:
        path.unlink()
    (folder / MARKER_FILE).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
    return len(paths)


def _crops(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[0-9]*.png") if path.stem.isdecimal())
