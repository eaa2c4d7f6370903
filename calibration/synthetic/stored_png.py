"""PNG files whose bytes depend on the pixels alone: stored, not compressed, whatever zlib there is."""

from __future__ import annotations

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STORED_LIMIT = 65535  # bytes of one stored block (RFC 1951, 3.2.4)


def encode(picture: np.ndarray) -> bytes:
    """The PNG file of a picture, uint8 RGB (height, width, 3)."""
    height, width = picture.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # every row begins with its filter: 0, none
    rows[:, 1:] = picture.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", _stored(rows.tobytes())), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _stored(data: bytes) -> bytes:
    """A zlib stream (RFC 1950) of stored blocks."""
    parts = [data[i : i + STORED_LIMIT] for i in range(0, len(data), STORED_LIMIT)]
    blocks = [
        struct.pack("<BHH", i == len(parts) - 1, len(part), len(part) ^ 0xFFFF) + part
        for i, part in enumerate(parts)
    ]
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
