"""A picture of one size laid into a buffer of another."""

from __future__ import annotations

import cv2

from device.frame import Image


def fitted(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """(width, height) shrunk, with its shape kept, to fit into the other two; never enlarged."""
    scale = min(1.0, most_width / width, most_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def letterbox(picture: Image, out: Image) -> None:
    """Fit `picture` (HxWx3 uint8) into the middle of `out`, shrunk if need be, black around it."""
    height, width = out.shape[:2]
    w, h = fitted(picture.shape[1], picture.shape[0], width, height)
    x, y = (width - w) // 2, (height - h) // 2
    if (w, h) != (width, height):
        out.fill(0)
    cv2.resize(picture, (w, h), dst=out[y : y + h, x : x + w], interpolation=cv2.INTER_AREA)
