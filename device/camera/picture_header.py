"""What a picture file says of itself before it is decoded: format, size, orientation, and if it is whole.

OpenCV's decoders allocate what the header promises, so the header is read here first. Five formats are known
in full; of others only the name is, so that a message can say what to do with them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

ORIENTATION = 0x0112  # the tag of EXIF and TIFF: how the picture must be turned to stand upright, 1 to 8
EXIF = b"Exif\0\0"
TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
TIFF_SIZES = {1: 1, 3: 2, 4: 4}  # bytes of a value, by the type's number: byte, short, long
STARTS = {  # of files that are something else
    b"GIF8": "a GIF",
    b"%PDF": "a PDF",
    b"<!DO": "a web page (HTML)",
    b"<htm": "a web page (HTML)",
    b"<?xm": "XML",
    b"<svg": "an SVG",
    b"PK\3\4": "a ZIP archive",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"\xff\x4f\xff\x51": "a JPEG 2000",
    b"8BPS": "a Photoshop document",
    b"RIFF": "a sound or a film (RIFF)",
    b"\x1aE\xdf\xa3": "a film (Matroska or WebM)",
}
BRANDS = {b"avif": "an AVIF", b"avis": "an AVIF", b"crx ": "a Canon raw picture"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


class Header(NamedTuple):
    """Of one picture file. `orientation` is EXIF's: 1 upright, 3 upside down, 6 and 8 on the side, the others
    mirrored; `whole` is False when the file ends before the picture does."""

    format: str
    width: int
    height: int
    orientation: int
    whole: bool


def read_header(data: bytes) -> Header | None:
    """The header of a PNG, JPEG, WebP, BMP or TIFF; None when it is none of them or has no size."""
    for start, parse in PARSERS.items():
        if data.startswith(start):
            try:
                header = parse(data)
            except (struct.error, IndexError, ValueError):
                return None  # it ends within its own header
            return header if header and header.width > 0 and header.height > 0 else None
    return None


def format_name(data: bytes) -> str:
    """What a file seems to be by its first bytes: "a HEIC", or "" when nothing is known."""
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return BRANDS.get(brand) or ("a HEIC" if brand in HEIC_BRANDS else "a film (MP4)")
    return next((name for start, name in STARTS.items() if data.lower().startswith(start.lower())), "")


def _png(data: bytes) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    orientation, place, whole = 1, 8, False
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"eXIf":
            orientation = _exif_orientation(data[place + 8 : place + 8 + length])
        place += 12 + length
        if kind == b"IEND":
            whole = place <= len(data)
            break
    return Header("PNG", width, height, orientation, whole)


def _jpeg(data: bytes) -> Header | None:
    width = height = 0
    orientation, place = 1, 2
    while place + 4 <= len(data):
        if data[place] != 0xFF or data[place + 1] == 0xFF:
            place += 1  # padding
            continue
        marker = data[place + 1]
        if marker == 0xDA:  # the picture's data begin
            return Header("JPEG", width, height, orientation, data.find(b"\xff\xd9", place) >= 0)
        (length,) = struct.unpack_from(">H", data, place + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
        elif marker == 0xE1 and data.startswith(EXIF, place + 4):
            orientation = _exif_orientation(data[place + 10 : place + 2 + length])
        place += 2 + length
    return Header("JPEG", width, height, orientation, False)


def _webp(data: bytes) -> Header | None:
    if data[8:12] != b"WEBP":
        return None
    width = height = 0
    orientation = 1
    for kind, start, length in _riff_chunks(data):
        if kind == b"VP8X":
            width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (start + 4, start + 7))
        elif kind == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, start + 6))
        elif kind == b"VP8L" and not width:
            (bits,) = struct.unpack_from("<I", data, start + 1)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"EXIF":
            orientation = _exif_orientation(data[start : start + length].removeprefix(EXIF))
    (promised,) = struct.unpack_from("<I", data, 4)
    return Header("WebP", width, height, orientation, 8 + promised <= len(data))


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        yield kind, place + 8, length
        place += 8 + length + length % 2


def _bmp(data: bytes) -> Header | None:
    promised, first, kind = struct.unpack_from("<IxxxxII", data, 2)
    if kind < 12 or first > len(data):
        return None
    width, height = struct.unpack_from("<HH" if kind == 12 else "<ii", data, 18)
    return Header("BMP", width, abs(height), 1, promised <= len(data))


def _tiff(data: bytes) -> Header:
    tags = _tiff_tags(data)
    starts = tags.get(273) or tags.get(324) or []  # of the strips or the tiles
    lengths = tags.get(279) or tags.get(325) or []
    end = max((start + length for start, length in zip(starts, lengths, strict=False)), default=len(data) + 1)
    orientation = tags.get(ORIENTATION, [1])[0]
    width, height = (tags.get(tag, [0])[0] for tag in (256, 257))
    return Header("TIFF", width, height, orientation if 1 <= orientation <= 8 else 1, end <= len(data))


def _tiff_tags(data: bytes) -> dict[int, list[int]]:
    """The whole numbers of a TIFF's first directory, by tag."""
    order = TIFF_ORDERS[data[:4]]
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    tags = {}
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, entry)
        size = TIFF_SIZES.get(kind)
        if size is None or values * size > len(data):
            continue
        place = entry + 8
        if values * size > 4:
            (place,) = struct.unpack_from(f"{order}I", data, place)
        letter = {1: "B", 2: "H", 4: "I"}[size]
        tags[tag] = list(struct.unpack_from(f"{order}{values}{letter}", data, place))
    return tags


def _exif_orientation(exif: bytes) -> int:
    """1 to 8; 1 when the block says nothing that can be read."""
    if exif[:4] not in TIFF_ORDERS:
        return 1
    try:
        orientation = _tiff_tags(exif).get(ORIENTATION, [1])
    except struct.error:
        return 1
    return orientation[0] if orientation and 1 <= orientation[0] <= 8 else 1


PARSERS: dict[bytes, Callable[[bytes], Header | None]] = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"\xff\xd8\xff": _jpeg,
    b"RIFF": _webp,
    b"BM": _bmp,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
}
