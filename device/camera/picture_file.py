"""Reads a picture file of any name, size and make, upright, or says in a sentence why not and what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from device.camera.picture_header import Header, format_name, read_header
from device.errors import CameraError
from device.frame import Image
from device.media import StrPath, shown

FORMATS = "JPEG, PNG, WebP, BMP and TIFF"
MOST_PIXELS = 64_000_000  # 183 MiB decoded, 8000x8000: twice what a Pi's camera or a good telephone gives
MOST_BYTES = 4 * MOST_PIXELS  # of the file: a bitmap without compression
MOST_SIDE = 1 << 20  # OpenCV's own limit
REDUCED = {  # of JPEGs, which can be decoded smaller
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
TURNS = {  # what makes a picture upright, by EXIF's orientation: (mirrored left to right first, then turned)
    2: (True, None),
    3: (False, cv2.ROTATE_180),
    4: (True, cv2.ROTATE_180),
    5: (True, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (False, cv2.ROTATE_90_CLOCKWISE),
    7: (True, cv2.ROTATE_90_CLOCKWISE),
    8: (False, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


class PictureError(CameraError):
    """A file cannot be read as a picture; the message names it, the reason and the remedy."""


def read_picture(path: StrPath, most_pixels: int = MOST_PIXELS) -> Image:
    """The picture, upright: HxWx3 uint8 BGR. JPEGs of more than `most_pixels` come smaller by 2, 4 or 8.

    Raises PictureError when the file is missing, no picture, cut short, or would be larger than that decoded.
    """
    data = _read(path)
    header = _checked_header(path, data, most_pixels)
    reduced = reduction(header, most_pixels)
    flags = REDUCED[reduced]
    if header.format != "TIFF":  # whose decoder turns the picture whatever it is told
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # its own limits
        image = None
    if image is None:
        raise PictureError(f"{shown(path)}: this {header.format} is damaged; save or copy it anew.")
    picture = cast(Image, image)
    return picture if header.format == "TIFF" else upright(picture, header.orientation)


def picture_size(path: StrPath) -> tuple[int, int]:
    """(width, height) of the picture as it would be read, from its header alone; PictureError as above."""
    header = _checked_header(path, _read(path), MOST_PIXELS)
    size = header.width, header.height
    return size[::-1] if header.orientation >= 5 else size


def upright(image: Image, orientation: int) -> Image:
    """The picture as it must be seen, by EXIF's orientation, 1 to 8."""
    mirrored, turn = TURNS.get(orientation, (False, None))
    if mirrored:
        image = cast(Image, cv2.flip(image, 1))
    return image if turn is None else cast(Image, cv2.rotate(image, turn))


def reduction(header: Header, most_pixels: int) -> int:
    """By how much the sides must be reduced in decoding: 1, 2, 4 or 8, and more than 1 for JPEGs only."""
    if header.format != "JPEG":
        return 1
    pixels = header.width * header.height
    return next((factor for factor in REDUCED if pixels <= most_pixels * factor**2), 8)


def _read(path: StrPath) -> bytes:
    """The file's bytes, at most MOST_BYTES; never from a device or a pipe, which might not end."""
    name = shown(path)
    if Path(path).is_dir():
        raise PictureError(f"{name}: is a folder; give the pictures in it, such as {name}/*.jpg.")
    if not Path(path).exists():
        pattern = " No file fits this pattern." if any(sign in name for sign in "*?[") else ""
        raise PictureError(f"{name}: is missing.{pattern} Look at the name and the folder.")
    if not Path(path).is_file():
        raise PictureError(f"{name}: is no ordinary file; copy the picture to one.")
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise PictureError(f"{name}: is larger than {MOST_BYTES >> 20} MiB; save it smaller.")
        return Path(path).read_bytes()
    except OSError as error:
        raise PictureError(f"{name}: cannot be read: {error.strerror}.") from None


def _checked_header(path: StrPath, data: bytes, most_pixels: int) -> Header:
    name = shown(path)
    if not data:
        raise PictureError(f"{name}: is empty (0 bytes); copy it anew.")
    header = read_header(data)
    if header is None:
        kind = format_name(data[:64].lstrip())
        if kind:
            raise PictureError(f"{name}: is {kind}, which cannot be read; save it as a JPEG or PNG.")
        raise PictureError(f"{name}: is not a picture that can be read; give {FORMATS}.")
    if not header.whole:
        raise PictureError(f"{name}: is cut short (a {header.format} that ends too early); copy it anew.")
    factor = reduction(header, most_pixels)
    if header.width * header.height > most_pixels * factor**2 or max(header[1:3]) > MOST_SIDE:
        raise PictureError(
            f"{name}: {header.width}x{header.height} pixels are too many; at most"
            f" {most_pixels / 1e6:.3g} million are decoded, and {MOST_SIDE} a side; save it smaller."
        )
    return header
