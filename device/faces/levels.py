"""Light and colour of the whole picture, brought near to what the detector knows, where they are far from it.

Good pictures stay as they are, to the last bit. In a quarter of the light half of the faces of the clips were
lost, under green or violet lamps three in five (`bench --faces`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from device.frame import Image

DARK = 140  # grey level: where a hundredth of the pixels is brighter than less, the picture is dark
BRIGHT = 230  # what that hundredth is brought to
MOST_LIGHT = 16.0  # times; beyond that there is noise alone
GRAINY = 3.0  # times: of what is brightened by more, close-ups are smoothed
CAST = 0.3  # of a colour's mean over green's, the logarithm from which there is a cast; clean clips have 0.14
MOST_COLOUR = 3.0  # times, and its inverse


class Correction(NamedTuple):
    """What mends a picture's light and colours."""

    table: Image  # for `cv2.LUT`, (1, 256, 3): of blue, green and red
    grainy: bool  # so dark that its close-ups show the sensor's noise

    def apply(self, picture: Image) -> None:
        """Mend a picture, uint8 BGR, in place."""
        cv2.LUT(picture, self.table, dst=picture)


def correction(picture: Image) -> Correction | None:
    """What mends a small picture, uint8 BGR; None where nothing is to be mended."""
    brightest = int(np.searchsorted(_cumulative(picture), 0.99 * picture[..., 0].size))
    light = min(BRIGHT / max(brightest, 1), MOST_LIGHT) if brightest < DARK else 1.0
    means = [max(mean, 1.0) for mean in cv2.mean(picture)[:3]]
    cast = max(abs(math.log(means[0] / means[1])), abs(math.log(means[2] / means[1]))) > CAST
    if light == 1.0 and not cast:
        return None
    middle = sum(means) / 3
    colours = [min(max(middle / mean, 1 / MOST_COLOUR), MOST_COLOUR) if cast else 1.0 for mean in means]
    levels = np.arange(256)[:, None] * (light * np.array(colours))
    table: Image = np.minimum(np.rint(levels), 255).astype(np.uint8)[None]
    return Correction(table, light > GRAINY)


def _cumulative(picture: Image) -> NDArray[Any]:
    """How many pixels have at most each level of green."""
    counts: NDArray[Any] = cv2.calcHist([picture], [1], None, [256], [0, 256])
    return np.cumsum(counts)
