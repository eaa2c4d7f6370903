"""Where boxes go: constant-velocity Kalman filters for all tracks at once.

The state of a box is its centre and its extent, each with a velocity. All noise is stated in units of the
face's own size, so near and far faces obey the same few numbers, and one covariance serves both axes: the
filters differ for centre and extent only. Where the numbers come from is in this room's README.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Standard deviations in face sizes, of [centre, extent]
MEASUREMENT_STD = np.array([0.02, 0.03])  # of one detection
PIXEL_NOISE = 0.8  # pixels, a detection's further error: quantisation, which counts for small faces
INITIAL_VELOCITY_STD = np.array([3.0, 0.5])  # a second, of a new track; no velocity is ever less certain
PROCESS_NOISE = np.array([2.5, 0.5])  # of the change of velocity in a second: white acceleration
MAX_POSITION_STD = np.array([1.0, 0.2])  # of a face unseen for long
VELOCITY_DECAY_S = 0.8  # the velocity of a face unseen falls to 1/e in this time
MAX_VARIANCE = np.array([MAX_POSITION_STD**2, [np.inf, np.inf], INITIAL_VELOCITY_STD**2])[:, None]
MIN_EXTENT = 2.0  # pixels


class KalmanFilters:
    """Filters in slots 0…capacity-1; the tracker keeps account of which are in use.

    `position` and `velocity` are float64 (capacity, 2, 2): [centre, extent] × [x, y], in pixels and pixels a
    second. `variance` is float64 (3, capacity, 2): of the position, of position with velocity, of the
    velocity; in squared face sizes, for [centre, extent]. `measurement_noise` (capacity, 2), likewise, is a
    detection's.
    """

    def __init__(self, capacity: int):
        self.position: Floats = np.ones((capacity, 2, 2))
        self.velocity: Floats = np.zeros((capacity, 2, 2))
        self.variance: Floats = np.ones((3, capacity, 2))
        self.measurement_noise: Floats = np.ones((capacity, 2))

    def init(self, slot: int, position: Floats) -> None:
        """Begin at a first measurement, (2, 2) as in `position`, with a velocity as yet unknown."""
        self.position[slot] = position
        self.velocity[slot] = 0.0
        self.measurement_noise[slot] = MEASUREMENT_STD**2 + (PIXEL_NOISE / position[1].mean()) ** 2
        self.variance[:, slot] = (self.measurement_noise[slot], (0.0, 0.0), INITIAL_VELOCITY_STD**2)

    def predict(self, dt: float, unseen: NDArray[np.bool_]) -> None:
        """Move every filter on by `dt` seconds; `unseen` bool (capacity,) marks those without a detection."""
        if unseen.any():
            self.velocity[unseen] *= math.exp(-dt / VELOCITY_DECAY_S)
        self.position += dt * self.velocity
        extent = self.position[:, 1]
        np.maximum(extent, MIN_EXTENT, out=extent)
        size = extent[:, :1] + extent[:, 1:]
        np.add(np.square(2 * PIXEL_NOISE / size), MEASUREMENT_STD**2, out=self.measurement_noise)
        step = np.array([[1.0, 2 * dt, dt * dt], [0.0, 1.0, dt], [0.0, 0.0, 1.0]])
        process = np.array([[[dt**3 / 3]], [[dt**2 / 2]], [[dt]]]) * PROCESS_NOISE**2
        np.add((step @ self.variance.reshape(3, -1)).reshape(self.variance.shape), process, out=self.variance)
        np.minimum(self.variance, MAX_VARIANCE, out=self.variance)
        position, cross, velocity = self.variance
        np.minimum(cross, np.sqrt(position * velocity), out=cross)

    def update(self, slots: NDArray[np.intp], measured: Floats) -> None:
        """Take in one measurement for each of `slots`, `measured` (len(slots), 2, 2) as in `position`."""
        predicted = self.position[slots]
        position, cross, velocity = self.variance[:, slots]
        total = position + self.measurement_noise[slots]
        gain, velocity_gain = position / total, cross / total
        innovation = measured - predicted
        self.position[slots] = predicted + gain[..., None] * innovation
        self.velocity[slots] += velocity_gain[..., None] * innovation
        self.variance[:, slots] = (
            position - gain * position,
            cross - gain * cross,
            velocity - velocity_gain * cross,
        )
