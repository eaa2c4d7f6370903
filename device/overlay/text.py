"""Sets lines of text from a glyph atlas drawn beforehand, with anti-aliasing.

OpenCV's own letters are engraver's strokes, and a font engine would cost the device
megabytes. `glyphs.pgm.gz` holds the letters of a real typeface, 32 pixels of cap
height tall; a line is put together at that size and scaled down as a whole by
area averaging, which keeps the spacing between letters exact to fractions of a pixel.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import AssetError

ASSETS = Path(__file__).parent
ROWS = ("strong", "plain", "japanese")  # of the atlas, from the top
Mask = NDArray[np.uint8]  # (height, width): 0 clear, 255 ink


class Typesetter:
    """Turns texts into coverage masks; holds the atlas (0.5 MiB, Japanese 0.3 more) and nothing else."""

    def __init__(self, japanese: bool = False) -> None:
        """With `japanese`, "plain" has those letters, too. Raises AssetError when letters are missing."""
        self._styles: dict[str, dict[str, Mask]] = {}
        self._rows = ROWS if japanese else ROWS[:-1]
        try:
            self._read()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
            raise AssetError(
                f"{ASSETS / 'glyphs.json'}, glyphs.pgm.gz: the labels' letters are missing or damaged "
                f"({type(error).__name__}: {error}); install the program again"
            ) from None

    def _read(self) -> None:
        index = json.loads((ASSETS / "glyphs.json").read_text(encoding="utf-8"))
        sheet = _grey_picture(ASSETS / "glyphs.pgm.gz")
        self._cap, self._pad = int(index["cap"]), int(index["pad"])
        for number, style in enumerate(self._rows):
            glyphs = index["styles"][style]
            row = sheet[number * 3 * self._cap : (number + 1) * 3 * self._cap]
            self._styles[style] = self._cells(row, glyphs["characters"], glyphs["advances"])
        self._styles["plain"] |= self._styles.pop("japanese", {})

    def _cells(self, row: Mask, characters: str, advances: str) -> dict[str, Mask]:
        """Each character's cell: its advance and the padding on both sides wide, three caps tall."""
        widths = [int(advance) + 2 * self._pad for advance in advances.split()]
        ends = np.cumsum(widths)
        row = row[:, : ends[-1]].copy()  # lets the sheet go
        return {
            character: row[:, end - width : end]
            for character, end, width in zip(characters, ends, widths, strict=True)
        }

    def line(self, text: str, cap: int, style: str = "plain") -> Mask:
        """The text as a uint8 mask (0 = clear, 255 = ink), 3 * cap pixels tall, base line at 2 * cap.

        `cap` is the height of capitals and digits in pixels. A character that the style
        lacks becomes a question mark in "plain" and is left out in "strong".
        """
        cells = self._styles[style]
        line = [cells[character] for character in _known(text, cells)]
        width = sum(cell.shape[1] - 2 * self._pad for cell in line) + 2 * self._pad
        canvas = np.zeros((3 * self._cap, width), np.uint8)
        pen = 0
        for cell in line:
            place = canvas[:, pen : pen + cell.shape[1]]
            np.maximum(place, cell, out=place)
            pen += cell.shape[1] - 2 * self._pad
        size = max(1, round(width * cap / self._cap)), 3 * cap
        line_at_size = np.empty((size[1], size[0]), np.uint8)
        way = cv2.INTER_AREA if cap < self._cap else cv2.INTER_CUBIC
        cv2.resize(canvas, size, dst=line_at_size, interpolation=way)
        return line_at_size if cap <= self._cap else _crisp(line_at_size, cap / self._cap)


def _crisp(mask: Mask, enlarged: float) -> Mask:
    """Letters enlarged so much, with edges as steep as those of letters drawn at this size."""
    crisp = np.empty_like(mask)
    cv2.addWeighted(mask, enlarged, mask, 0.0, 127.5 * (1 - enlarged), dst=crisp)
    return crisp


def _grey_picture(path: Path) -> Mask:
    """A gzipped PGM, (height, width) uint8; OpenCV's readers would cost another megabyte."""
    header, _, pixels = zlib.decompress(path.read_bytes(), wbits=31).partition(b"\n")
    _, width, height, _ = header.split()
    return np.frombuffer(pixels, np.uint8).reshape(int(height), int(width))


def _known(text: str, cells: dict[str, Mask]) -> str:
    return "".join(character if character in cells else "?" * ("?" in cells) for character in text)
