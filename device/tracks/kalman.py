"""Where boxes go: constant-velocity Kalman filters for all tracks at once.

A box is its centre and its extent, each with a velocity. All noise is stated in units of
the face's own size, so near and far faces obey the same few numbers, and one covariance
serves both axes: the filters differ for centre and extent only.
"""

from __future__ import annotations

import math

import numpy as np

# Standard deviations in face sizes, of [centre, extent]
MEASURED = np.array([0.02, 0.03])  # of one detection, measured on clips with BlazeFace
GRAIN = 0.8  # pixels that a detection is off beside, which is what counts for small faces
SPEED = np.array([3.0, 0.5])  # of an unknown velocity, a second
SHOVE = np.array([2.5, 0.5])  # of the change of velocity in a second
LARGEST = np.array([1.0, 0.2])  # the place of a face unseen for long is known to this at least
COAST_S = 0.8  # a face unseen loses its velocity in this time
CEILING = np.array([LARGEST**2, [np.inf, np.inf], SPEED**2])[:, None]  # of the variances, as in `variance`
SMALLEST = 2.0  # pixels, of an extent


class Motion:
    """Filters in slots 0…capacity-1; the tracker keeps account of which are in use.

    `place` and `speed` are float64 (capacity, 2, 2): [centre, extent] × [x, y], pixels and pixels a second.
    `variance` is float64 (3, capacity, 2): of the place, of place with velocity, of the velocity; in squared
    face sizes, for [centre, extent]. `noise` (capacity, 2), likewise, is that of a measurement.
    """

    def __init__(self, capacity: int):
        self.place = np.ones((capacity, 2, 2))
        self.speed = np.zeros((capacity, 2, 2))
        self.variance = np.ones((3, capacity, 2))
        self.noise = np.ones((capacity, 2))

    def start(self, slot: int, place: np.ndarray) -> None:
        """Begin at a first measurement, (2, 2) as in `place`, with a velocity as yet unknown."""
        self.place[slot] = place
        self.speed[slot] = 0.0
        self.noise[slot] = MEASURED**2 + (GRAIN / place[1].mean()) ** 2
        self.variance[:, slot] = (self.noise[slot], (0.0, 0.0), SPEED**2)

    def predict(self, dt: float, unseen: np.ndarray) -> None:
        """Move every filter on by `dt` seconds; `unseen` bool (capacity,) marks those not seen of late."""
        if unseen.any():
            self.speed[unseen] *= math.exp(-dt / COAST_S)
        self.place += dt * self.speed
        extent = self.place[:, 1]
        np.maximum(extent, SMALLEST, out=extent)
        size = extent[:, :1] + extent[:, 1:]
        np.add(np.square(2 * GRAIN / size), MEASURED**2, out=self.noise)
        step = np.array([[1.0, 2 * dt, dt * dt], [0.0, 1.0, dt], [0.0, 0.0, 1.0]])
        shove = np.array([[[dt**3 / 3]], [[dt**2 / 2]], [[dt]]]) * SHOVE**2
        np.add((step @ self.variance.reshape(3, -1)).reshape(self.variance.shape), shove, out=self.variance)
        np.minimum(self.variance, CEILING, out=self.variance)
        at, cross, speed = self.variance
        np.minimum(cross, np.sqrt(at * speed), out=cross)

    def correct(self, slots: np.ndarray, measured: np.ndarray) -> None:
        """Take in one measurement for each of `slots`, `measured` (len(slots), 2, 2) as in `place`."""
        place = self.place[slots]
        at, cross, speed = self.variance[:, slots]
        total = at + self.noise[slots]
        gain, speed_gain = at / total, cross / total
        error = measured - place
        self.place[slots] = place + gain[..., None] * error
        self.speed[slots] += speed_gain[..., None] * error
        self.variance[:, slots] = (at - gain * at, cross - gain * cross, speed - speed_gain * cross)
