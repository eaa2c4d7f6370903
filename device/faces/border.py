"""A replicated border around an image, for faces that fill it: the detector looks for whole heads."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from device.faces.detector import Detection
from device.frame import Image


class Finder(Protocol):
    """What finds faces, as `device.faces.detector.FaceDetector` does."""

    def detect(self, image: Image) -> list[Detection]:
        """The faces in an image, uint8 BGR, best first, in its pixels."""


def with_border(image: Image, width: int) -> Image:
    """The image, uint8 (height, width, 3), with its edges replicated by `width` pixels on all four sides."""
    return np.asarray(cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_REPLICATE), np.uint8)


def detect_with_border(detector: Finder, image: Image, width: int) -> list[Detection]:
    """The faces found with a border of `width` pixels around the image; coordinates are the image's own."""
    return [
        Detection(found.box.shifted(-width, -width), found.score, found.keypoints - np.float32(width))
        for found in detector.detect(with_border(image, width))
    ]
