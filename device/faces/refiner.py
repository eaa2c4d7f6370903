"""The refiner: a tiny int8 network that places the keypoints of a face whose box is known (see models/)."""

from __future__ import annotations

SIDE = 48  # pixels, the network's input
WINDOW = 1.6  # of the face's width: what it is shown
