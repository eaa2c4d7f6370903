"""Scaling pictures down for the detector: three times as fast as averaging at once, and better for it."""

from __future__ import annotations

import cv2
import numpy as np

from device.frame import Image

HALVING_RATIO = 3  # times the wanted size: below, bilinear scaling does; it skips pixels from 2 on


class Downscaler:
    """Halves a picture, by averaging, until it is near the wanted size, then scales it bilinearly.

    OpenCV halves with vector instructions, but averages over any other factor without. BlazeFace was
    trained on bilinear pictures: on ten clips of people its scores are higher than with averaged ones, its
    eyes nearer to those of a close-up, and fewer of its detections are no faces. The two buffers are kept,
    as large as the largest picture so far needed.
    """

    def __init__(self) -> None:
        self._buffers: list[Image] = [np.empty(0, np.uint8), np.empty(0, np.uint8)]

    def scale(self, image: Image, out: Image) -> None:
        """Scale `image` into all of `out`, both uint8 (height, width, 3). Works for enlarging too."""
        height, width = out.shape[:2]
        while image.shape[1] >= HALVING_RATIO * width and image.shape[0] >= HALVING_RATIO * height:
            image = self._half(image)
        cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)

    def _half(self, image: Image) -> Image:
        self._buffers.reverse()  # the other buffer may hold `image`
        height, width = image.shape[0] // 2, image.shape[1] // 2
        if self._buffers[0].size < height * width * 3:
            self._buffers[0] = np.empty(height * width * 3, np.uint8)
        half = self._buffers[0][: height * width * 3].reshape(height, width, 3)
        cv2.resize(image, (width, height), dst=half, interpolation=cv2.INTER_AREA)
        return half
