"""The block map beside an image: which of its blocks hold data, so that only those are written."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from deploy.card.tools import CardFailure, find, last_words, run
from deploy.errors import DeployError


def beside(image: Path) -> Path | None:
    """The map of NAME.img or NAME.img.xz: NAME.bmap or the whole name and .bmap; None without bmaptool."""
    stem = image.name.removesuffix(".xz").removesuffix(".img")
    names = (f"{stem}.bmap", f"{stem}.img.bmap", f"{image.name}.bmap")
    found = next((image.with_name(name) for name in names if image.with_name(name).is_file()), None)
    return found if find("bmaptool") else None


def ranges(path: Path, image_size: int) -> list[tuple[int, int]]:
    """Begin and length in bytes of each mapped run. Raises DeployError when the map is of another image."""
    try:
        root = ElementTree.parse(path).getroot()
        size, block = (int((root.findtext(name) or "").strip()) for name in ("ImageSize", "BlockSize"))
        runs = [(element.text or "").strip().partition("-") for element in root.iter("Range")]
        spans = [(int(first), int(last or first)) for first, _, last in runs]
    except (ElementTree.ParseError, ValueError):
        raise DeployError(f"{path.name} is no block map; remove it, or download it again") from None
    if size != image_size:
        raise DeployError(f"{path.name} is of another image ({size} bytes, not {image_size}); remove it")
    return [(first * block, min((last + 1) * block, size) - first * block) for first, last in spans]


def copy(path: Path, image: Path, device: Path) -> None:
    """Write the mapped blocks of the unpacked `image`; bmaptool checks their sums. Raises CardFailure."""
    done = run("bmaptool", "--quiet", "copy", "--bmap", str(path), str(image), str(device), limit_s=3600)
    if done.returncode:
        raise CardFailure(
            f"bmaptool stopped ({last_words(done)}); the card is unfinished: start again, "
            "with another card or reader if it happens twice"
        )
