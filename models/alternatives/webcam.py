"""The published SSR-Net webcam loop on a clip: LBP cascade, Keras float: `… CLIP FRAMES WEIGHTS CASCADE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import cv2
import numpy as np

from models.alternatives.player import Face, watch
from models.network.pretrained import min_max, pretrained_ssrnet
from models.network.ssrnet import SIDE, regress

MARGIN = 0.4  # of the found face's size, on each side


def main(clip: str, frames: str, weights: str, cascade: str) -> None:
    """Watch the clip; a line of JSON."""
    import keras

    net = pretrained_ssrnet(Path(weights))
    model = keras.Model(net.input, regress(net.outputs))
    finder = cv2.CascadeClassifier(cascade)
    if finder.empty():
        raise OSError(f"{cascade}: missing, or not a cascade; Debian's package opencv-data has some")

    def faces_of(picture: np.ndarray) -> list[Face]:
        boxes = finder.detectMultiScale(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 1.1)
        if not len(boxes):
            return []
        crops = np.stack([_crop(picture, *box) for box in boxes])
        ages = model.predict(min_max(crops), verbose=0)
        return [(x, y, x + w, y + h, float(age)) for (x, y, w, h), age in zip(boxes, ages, strict=True)]

    watch(clip, int(frames), faces_of)


def _crop(picture: np.ndarray, x: int, y: int, w: int, h: int) -> np.ndarray:
    top, left = max(0, int(y - MARGIN * h)), max(0, int(x - MARGIN * w))
    part = picture[top : int(y + (1 + MARGIN) * h), left : int(x + (1 + MARGIN) * w)]
    return cv2.cvtColor(cv2.resize(part, (SIDE, SIDE)), cv2.COLOR_BGR2RGB)


if __name__ == "__main__":
    main(*sys.argv[1:])
