"""Draws the overlay's letters from a font into `glyphs.pgm.gz`: run on a workstation, never on the device.

    python device/overlay/make_glyphs.py Inter-SemiBold.otf Inter-Medium.otf NotoSansCJK-Bold.ttc

The font files are in Debian's packages fonts-inter and fonts-noto-cjk; the program needs Pillow with Raqm.
Of the Japanese letters only those are drawn that `languages.toml` uses.
Glyphs stand in one 8-bit picture, a row a style. Each row is three cap heights tall
with the base line at the second, so that a line of text scaled to a whole number of
pixels of cap height begins and ends its capitals on pixel borders, and looks crisp.
`glyphs.json` lists each style's characters and their advances in pixels.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

CAP = 32  # cap height in pixels; the base line is at row 2 * CAP of each row
PAD = 3  # pixels to the left and to the right of a glyph's advance, for what overhangs
ASCII = "".join(map(chr, range(32, 127)))
ACCENTS = "ÄÖÜäöüßÀÂÇÈÉÊËÎÏÔÙÛŒàâçèéêëîïôùûœÁÍÑÓÚáíñóú¡¿«»"  # German, French, Spanish
STYLES = {"strong": "0123456789+±–<>", "plain": ASCII + "±–·…°’" + ACCENTS}
FEATURES = {"strong": ["tnum", "case"], "plain": ["tnum"]}  # digits of one width; dashes as high as digits


def main(fonts: list[str]) -> None:
    """Write glyphs.pgm.gz and glyphs.json beside this file, one row for each of the three fonts."""
    import numpy
    from PIL import Image

    rows: list[Any] = []
    index: dict[str, Any] = {"cap": CAP, "pad": PAD, "styles": {}}
    styles = STYLES | {"japanese": _japanese()}
    for (style, characters), font in zip(styles.items(), fonts, strict=True):
        row, advances = _row(_font_of_cap_height(font), characters, FEATURES.get(style, []))
        rows.append(row)
        index["styles"][style] = {"characters": characters, "advances": " ".join(map(str, advances))}
    sheet = Image.new("L", (max(row.width for row in rows), 3 * CAP * len(rows)))
    for number, row in enumerate(rows):
        sheet.paste(row, (0, 3 * CAP * number))
    greys = (numpy.asarray(sheet).astype(int) + 8) // 17 * 17  # sixteen are as good to the eye, half the file
    here = Path(__file__).parent
    picture = f"P5 {sheet.width} {sheet.height} 255\n".encode("ascii") + greys.astype("uint8").tobytes()
    (here / "glyphs.pgm.gz").write_bytes(gzip.compress(picture, mtime=0))
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (here / "glyphs.json").write_text(text + "\n", encoding="utf-8")


def _japanese() -> str:
    """The letters of the texts that no other row has, in their order in Unicode."""
    text = (Path(__file__).parent / "languages.toml").read_text(encoding="utf-8")
    return "".join(sorted(set(text) - set(STYLES["plain"]) - {"\n"}))


def _font_of_cap_height(path: str) -> Any:
    """The font, the first one of a collection, at the size that makes its capitals CAP pixels tall."""
    from PIL import ImageFont

    sample = 1000
    cap = -ImageFont.truetype(path, sample).getbbox("H", anchor="ls")[1]
    return ImageFont.truetype(path, sample * CAP / cap)


def _row(font: Any, characters: str, features: list[str]) -> tuple[Any, list[int]]:
    """The glyphs side by side, each in a cell of its advance and twice the padding; and the advances."""
    from PIL import Image, ImageDraw

    advances = [round(font.getlength(character, features=features)) for character in characters]
    row = Image.new("L", (sum(advances) + 2 * PAD * len(advances), 3 * CAP))
    draw, x = ImageDraw.Draw(row), 0
    for character, advance in zip(characters, advances, strict=True):
        draw.text((x + PAD, 2 * CAP), character, fill=255, font=font, anchor="ls", features=features)
        x += advance + 2 * PAD
    return row, advances


if __name__ == "__main__":
    main(sys.argv[1:])
