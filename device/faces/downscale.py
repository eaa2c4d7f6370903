"""Scaling pictures down for the detector: three times as fast as averaging at once, and better for it."""

from __future__ import annotations

import cv2
import numpy as np

NEAR = 3  # times the wanted size: from there on bilinear scaling does


class Shrinker:
    """Halves a picture, by averaging, until it is near the wanted size, then scales it bilinearly.

    OpenCV halves with vector instructions, but averages over any other factor without. BlazeFace was
    trained on bilinear pictures: on ten clips of people its scores are higher than with averaged ones, its
    eyes nearer to those of a close-up, and fewer of its detections are no faces. The buffers between are
    kept, as large as the largest picture so far needed.
    """

    def __init__(self) -> None:
        self._between = [np.empty(0, np.uint8), np.empty(0, np.uint8)]

    def scale(self, image: np.ndarray, out: np.ndarray) -> None:
        """Scale `image` into all of `out`, both uint8 (height, width, 3). Works for enlarging too."""
        height, width = out.shape[:2]
        while image.shape[1] >= NEAR * width and image.shape[0] >= NEAR * height:
            image = self._half(image)
        cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)

    def _half(self, image: np.ndarray) -> np.ndarray:
        self._between.reverse()  # the other buffer may hold `image`
        height, width = image.shape[0] // 2, image.shape[1] // 2
        if self._between[0].size < height * width * 3:
            self._between[0] = np.empty(height * width * 3, np.uint8)
        half = self._between[0][: height * width * 3].reshape(height, width, 3)
        return cv2.resize(image, (width, height), dst=half, interpolation=cv2.INTER_AREA)
