"""Draws the committed pictures: `python -m tests.golden.scenes`. Only needed when a picture is to change.

People of the demo in its lobby, without the camera's noise, so that the files stay small. Three shapes, so
that a detector that sees them in turn must lay out its input anew for each.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from device.camera.demo.renderer import SceneRenderer
from device.camera.demo.script import crowd

HERE = Path(__file__).parent
SCENES = {"wide": ((400, 176), 3), "tall": ((176, 320), 2), "square": ((224, 224), 1)}  # size, people


def read(name: str) -> np.ndarray:
    """A committed picture, uint8 (height, width, 3) BGR."""
    image = cv2.imread(str(HERE / f"{name}.png"))
    assert image is not None, f"{name}.png is missing"
    return image


def main() -> None:
    """Write all pictures beside this file."""
    for name, (size, people) in SCENES.items():
        image = np.empty((size[1], size[0], 3), np.uint8)
        SceneRenderer(size).draw(image, crowd(people, 0.0, size), {})
        cv2.imwrite(str(HERE / f"{name}.png"), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
