"""A statistical face: shape and texture of eye-aligned faces, conditioned on age, gender, group and pose.

A linear model of the family of Cootes, Edwards and Taylor's active appearance models (ECCV 1998): faces are
warped to one mean shape, principal components describe what is left (texture) and the warps (shape), and the
components' joint normal distribution has a mean that is linear in the conditions. `fit.py` fits it; this
evaluates it, in integer arithmetic only, so that the same seed gives the same bytes on every machine.

Fixed point: `_FINE` = 1.0 for components and weights, `ONE` = 1.0 for conditions and fractions of pixels.
"""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np

from calibration.synthetic.random_ints import ONE, RandomInts

SIDE = 128  # pixels of a face chip; the eyes where `device.faces.alignment` puts them
CELL = 4  # pixels between the nodes of the shape's grid, and a side of a colour cell
NODES = SIDE // CELL + 1
COLOURS = SIDE // CELL
WEIGHTS = Path(__file__).with_name("face_model.npz")
GROUPS = ("white", "black", "asian", "indian", "other")  # UTKFace's labels
AGE_KNOTS = (0, 2, 5, 9, 14, 20, 27, 35, 45, 55, 65, 76, 90)
COARSE_KNOTS = (0, 12, 30, 60, 90)
_FINE = 1 << 12


class Conditions(NamedTuple):
    """What a face is conditioned on: age in years, gender, UTKFace's group; yaw, standard deviation 256."""

    age: int
    male: bool
    group: str
    yaw: int = 0


class FaceModel:
    """The fitted model: `latent` samples a person, `chip` renders them."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        with np.load(path) as data:
            part = {name: data[name].astype(np.int64) for name in data.files}
        self._mean, self._factor = part["mean"], part["factor"]  # of the components, from the conditions
        self._age_weights, self._age_offset = part["age_weights"], int(part["age_offset"])
        self._age_step = part["age_step"]  # most probable change of the components for one unit of root age
        self._texture_mean, self._texture = part["texture_mean"], part["texture"]
        self._shape_mean, self._shape = part["shape_mean"], part["shape"]
        self._gains = part["gains"]  # from standard deviations to the stored components
        self._fine_deviation = part["grain"]  # of the fine texture, by age band, octave, row and column
        self.landmarks = part["landmarks"]  # (468, 2) of the mean shape, 1/256 pixels

    def latent(self, wanted: Conditions, rng: RandomInts, variety: int = ONE) -> np.ndarray:
        """The components of a random person; `variety` scales their standard deviation (`ONE`: as fitted).

        The sample is shifted to where the linear estimate of age gives the wanted age.
        """
        noise = rng.normal(len(self._factor)) * variety >> 8
        components = (features(wanted) @ self._mean + self._factor @ noise) >> 8
        seen = (components @ self._age_weights >> 12) + self._age_offset
        return components + (self._age_step * (root_age(wanted.age) - seen) >> 12)

    def chip(self, latent: np.ndarray, age: int, rng: RandomInts) -> np.ndarray:
        """The rendered face, uint8 RGB (128, 128, 3)."""
        count = len(self._texture)
        amounts = (latent * self._gains >> 20)[:count]
        texture = self._texture_mean + (amounts @ self._texture >> 8)  # 1/16 levels
        luma = texture[: SIDE * SIDE].reshape(SIDE, SIDE) + self._fine_texture(age, rng)
        colour = texture[SIDE * SIDE :].reshape(2, COLOURS, COLOURS)
        x, y = self._sources(latent)
        corner = (ONE - CELL * ONE) // 2  # the centres of colour cells lie between pixels
        planes = [sample(plane, (x + corner) // CELL, (y + corner) // CELL) for plane in colour]
        return to_rgb(np.stack([sample(luma, x, y), *planes], axis=-1))

    def points(self, latent: np.ndarray) -> np.ndarray:
        """The 468 landmarks of this face, (468, 2) in 1/256 pixels: those of the mean shape, warped."""
        field = self._field(latent)
        found = self.landmarks
        for _ in range(6):
            moved = [sample(plane, found[:, 0] // CELL, found[:, 1] // CELL) for plane in field]
            found = self.landmarks - np.stack(moved, axis=1)
        return found

    def _sources(self, latent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each pixel of the chip its position in the mean shape, x and y in 1/256 pixels."""
        y, x = np.mgrid[0:SIDE, 0:SIDE] * ONE
        dx, dy = (sample(plane, x // CELL, y // CELL) for plane in self._field(latent))
        return x + dx, y + dy

    def _field(self, latent: np.ndarray) -> np.ndarray:
        """The warp on the grid's nodes, (2, NODES, NODES) in 1/256 pixels."""
        amounts = (latent * self._gains >> 20)[len(self._texture) :]
        return (self._shape_mean + (amounts @ self._shape >> 4)).reshape(2, NODES, NODES)

    def _fine_texture(self, age: int, rng: RandomInts) -> np.ndarray:
        """Pores, wrinkles and hair that the components leave out: noise in two octaves, in 1/16 levels."""
        bands, octaves, rows = self._fine_deviation.shape[:3]
        band = min(age * bands // 80, bands - 1)
        total = np.zeros((SIDE, SIDE), np.int64)
        y, x = np.mgrid[0:SIDE, 0:SIDE] * ONE
        scale = SIDE // rows
        for octave in range(octaves):
            side = SIDE >> octave
            noise = rng.normal(side * side).reshape(side, side)
            noise = noise - blur(noise)
            if octave:
                noise = sample(noise, x >> octave, y >> octave)
            corner = (ONE - scale * ONE) // 2
            plane = self._fine_deviation[band, octave]
            total += noise * sample(plane, (x + corner) // scale, (y + corner) // scale) >> 8
        return total


def features(wanted: Conditions) -> np.ndarray:
    """The conditions as the model's 63 regressors, int64, `ONE` = 1.0."""
    fine, coarse = _hats(wanted.age, AGE_KNOTS), _hats(wanted.age, COARSE_KNOTS)
    sign = 1 if wanted.male else -1
    group = np.array([ONE * (name == wanted.group) for name in GROUPS])
    return np.concatenate(
        [fine, fine * sign, group, group * sign, np.outer(coarse, group).ravel() >> 8, [ONE // 2, wanted.yaw]]
    )


def root_age(age: int) -> int:
    """√(age + 2), in which the signs of age are about linear; `_FINE` = 1.0."""
    return isqrt((min(age, 95) + 2) * _FINE * _FINE)


def sample(plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bilinear samples of a plane at x and y in 1/256 pixels; outside it the border is replicated."""
    rows, columns = plane.shape
    x = x.clip(0, (columns - 1) * ONE - 1)
    y = y.clip(0, (rows - 1) * ONE - 1)
    left, top = x >> 8, y >> 8
    across, down = x & 255, y & 255  # weights of the pixel to the right, and of the row below
    upper = plane[top, left] * (ONE - across) + plane[top, left + 1] * across
    lower = plane[top + 1, left] * (ONE - across) + plane[top + 1, left + 1] * across
    return (upper * (ONE - down) + lower * down) >> 16


def blur(plane: np.ndarray) -> np.ndarray:
    """Binomial smoothing (1 2 1)/4 along the first two axes, with replicated borders."""
    for axis in (0, 1):
        before = np.concatenate([plane.take([0], axis), plane.take(range(plane.shape[axis] - 1), axis)], axis)
        after = np.concatenate([plane.take(range(1, plane.shape[axis]), axis), plane.take([-1], axis)], axis)
        plane = (before + 2 * plane + after + 2) >> 2
    return plane


def to_rgb(picture: np.ndarray) -> np.ndarray:
    """From Y, Cr, Cb (ITU-R BT.601, full range) in 1/16 levels to uint8 RGB."""
    luma, red, blue = np.moveaxis(picture, -1, 0)
    red, blue = red - 128 * 16, blue - 128 * 16
    channels = (luma + (red * 1436 >> 10), luma - (red * 731 + blue * 352 >> 10), luma + (blue * 1815 >> 10))
    return ((np.stack(channels, axis=-1) + 8) >> 4).clip(0, 255).astype(np.uint8)


def _hats(age: int, knots: tuple[int, ...]) -> np.ndarray:
    """The weights of linear interpolation between knots, `ONE` = 1.0."""
    age = min(max(age, knots[0]), knots[-1])
    weights = np.zeros(len(knots), np.int64)
    k = max(i for i in range(len(knots) - 1) if knots[i] <= age)
    part = (age - knots[k]) * ONE // (knots[k + 1] - knots[k])
    weights[k], weights[k + 1] = ONE - part, part
    return weights
