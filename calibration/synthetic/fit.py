"""Fits the face model to photographs: `python -m calibration fit FACES…` writes `face_model.npz`.

Faces are warped to their mean shape by a thin-plate spline through the landmarks (Bookstein, 1989); principal
components of texture and warp are taken over all faces, rare kinds weighing more; their mean is regressed on
the conditions, and a linear estimate of age is fitted by which samples are corrected.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

import cv2
import numpy as np

from calibration.synthetic.face_model import (
    CELL,
    COLOURS,
    NODES,
    SIDE,
    WEIGHTS,
    Conditions,
    features,
    root_age,
)
from calibration.synthetic.landmarks import Measured, Sample, measure, read_faces
from calibration.synthetic.random_ints import ONE

TEXTURE_COMPONENTS, SHAPE_COMPONENTS = 192, 32
COLOUR_WEIGHT = 2.0  # of a colour cell against a pixel of luma
STIFFNESS = 300.0  # regularisation of the spline: landmarks are followed to about half a pixel
MAX_YAW = 0.14  # of the face's width: faces whose nose is further from its middle are left out
FINE_BANDS, FINE_OCTAVES, FINE_ROWS = 8, 2, 16
FINE_GAIN = 0.6  # of the residual's deviation; the rest is misaligned edges, not texture
_FINE = 1 << 12


class Faces(NamedTuple):
    """Faces in the mean shape: luma (n, 128, 128), colour (n, 2, 32, 32), inverse warps (n, 2, 33, 33)."""

    luma: np.ndarray
    colour: np.ndarray
    warps: np.ndarray
    yaw: np.ndarray
    samples: list[Sample]


def fit(measured: Measured, samples: list[Sample]) -> dict[str, np.ndarray]:
    """The model's weights, as stored; `samples` are those of the measured faces, in their order."""
    mean_shape = symmetric_mean(measured.landmarks)
    faces = normalise(measured, samples, mean_shape)
    weights = sample_weights(faces.samples)
    texture = np.concatenate(
        [faces.luma.reshape(len(weights), -1), faces.colour.reshape(len(weights), -1)],
        axis=1,
        dtype=np.float32,
    )
    texture[:, SIDE * SIDE :] *= COLOUR_WEIGHT
    texture_mean, texture_axes = principal_axes(texture, weights, TEXTURE_COMPONENTS)
    shape = faces.warps.reshape(len(weights), -1)
    shape_mean, shape_axes = principal_axes(shape, weights, SHAPE_COMPONENTS)
    amounts = np.hstack([(texture - texture_mean) @ texture_axes.T, (shape - shape_mean) @ shape_axes.T])
    deviation = np.sqrt(np.average(amounts**2, axis=0, weights=weights))
    grain = fine_deviation(texture, texture_mean, texture_axes, amounts, faces.samples)
    texture_axes[:, SIDE * SIDE :] /= COLOUR_WEIGHT
    texture_mean[SIDE * SIDE :] /= COLOUR_WEIGHT
    texture_int, texture_gain = to_int8(texture_axes)
    shape_int, shape_gain = to_int8(shape_axes)
    return {
        "texture_mean": fixed_point(texture_mean, 16, np.int16),
        "texture": texture_int,
        "shape_mean": fixed_point(shape_mean, ONE, np.int16),
        "shape": shape_int,
        "gains": fixed_point(deviation * np.concatenate([texture_gain, shape_gain]), 1 << 20, np.int32),
        "grain": grain,
        "landmarks": fixed_point(mean_shape, ONE, np.int16),
        **fit_conditions(amounts / deviation, faces, weights),
    }


def symmetric_mean(landmarks: np.ndarray) -> np.ndarray:
    """The mean shape, (468, 2), made symmetric about the chip's middle."""
    mean = landmarks.mean(axis=0)
    mirrored = mean * (-1, 1) + (SIDE - 1, 0)
    partner = ((mean[:, None] - mirrored[None]) ** 2).sum(axis=-1).argmin(axis=1)
    return (mean + mirrored[partner]) / 2


def normalise(measured: Measured, samples: list[Sample], mean_shape: np.ndarray) -> Faces:
    """Every frontal face in the mean shape, and the warp from its own shape to the mean."""
    points = measured.landmarks
    left, right, nose = points[:, 234, 0], points[:, 454, 0], points[:, 1, 0]
    yaw = (nose - (left + right) / 2) / (right - left)
    frontal = np.flatnonzero((np.abs(yaw) < MAX_YAW) & (right - left > 60) & (right - left < 140))
    spline = thin_plate(mean_shape, np.linspace(0, SIDE, NODES))
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    nodes_y, nodes_x = np.mgrid[0:NODES, 0:NODES].astype(np.float32)
    luma = np.empty((len(frontal), SIDE, SIDE), np.uint8)
    colour = np.empty((len(frontal), 2, COLOURS, COLOURS), np.uint8)
    warps = np.empty((len(frontal), 2, NODES, NODES), np.float32)
    for row, index in enumerate(frontal):
        warp = (spline @ (points[index] - mean_shape)).reshape(NODES, NODES, 2).astype(np.float32)
        dense = cv2.remap(warp, x / CELL, y / CELL, cv2.INTER_LINEAR)
        chip = cv2.remap(
            measured.chips[index],
            x + dense[..., 0],
            y + dense[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        planes = cv2.cvtColor(chip, cv2.COLOR_BGR2YCrCb)
        luma[row] = planes[..., 0]
        cells = cv2.resize(planes[..., 1:], (COLOURS, COLOURS), interpolation=cv2.INTER_AREA)
        colour[row] = np.moveaxis(cells, -1, 0)
        warps[row] = np.moveaxis(invert(warp, nodes_x, nodes_y), -1, 0)
    return Faces(luma, colour, warps, yaw[frontal], [samples[i] for i in frontal])


def thin_plate(centres: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """The linear map from displacements of `centres` (n, 2) to those of the grid's nodes, (nodes², n).

    A frame of fixed points outside the chip keeps the corners in place.
    """
    ring = np.linspace(-40, SIDE + 40, 9)
    frame = [(x, y) for x in ring for y in ring if x in ring[[0, -1]] or y in ring[[0, -1]]]
    points = np.vstack([centres, frame])
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)

    def kernel(a, b):
        square = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
        return square * np.log(np.maximum(square, 1e-9))

    affine = np.hstack([np.ones((len(points), 1)), points])
    system = np.block(
        [[kernel(points, points) + STIFFNESS * np.eye(len(points)), affine], [affine.T, np.zeros((3, 3))]]
    )
    reach = np.hstack([kernel(grid, points), np.ones((len(grid), 1)), grid])
    return (reach @ np.linalg.inv(system))[:, : len(centres)]


def invert(warp: np.ndarray, nodes_x: np.ndarray, nodes_y: np.ndarray) -> np.ndarray:
    """The inverse e of a warp, e(q) = −warp(q + e(q)), on the same nodes."""
    inverted = np.zeros_like(warp)
    for _ in range(8):
        inverted = -cv2.remap(
            warp,
            nodes_x + inverted[..., 0] / CELL,
            nodes_y + inverted[..., 1] / CELL,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return inverted


def sample_weights(samples: list[Sample]) -> np.ndarray:
    """Weights of mean 1, in proportion to 1/√n for each face of a kind that has n, at least 8, of them."""
    kinds = [(min(s.age // 6, 14), s.male, s.group) for s in samples]
    count = {kind: kinds.count(kind) for kind in set(kinds)}
    weights = np.array([max(count[kind], 8) ** -0.5 for kind in kinds])
    return weights / weights.mean()


def principal_axes(rows: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and leading principal axes (count, n), by randomised projection (Halko et al., 2011)."""
    mean = np.average(rows, axis=0, weights=weights).astype(np.float32)
    centred = (rows - mean) * np.sqrt(weights)[:, None].astype(np.float32)
    basis = np.random.default_rng(0).standard_normal((rows.shape[1], count + 20)).astype(np.float32)
    for _ in range(3):
        basis = np.linalg.qr(centred.T @ np.linalg.qr(centred @ basis)[0])[0]
    axes = np.linalg.svd(centred @ basis, full_matrices=False)[2][:count]
    return mean, axes @ basis.T


def fit_conditions(scores: np.ndarray, faces: Faces, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Conditional mean and covariance of the standardised components, and the linear estimate of age."""
    yaw = np.round(faces.yaw / faces.yaw.std() * ONE).astype(int)
    known = (
        np.stack(
            [
                features(Conditions(s.age, s.male, s.group, int(turn)))
                for s, turn in zip(faces.samples, yaw, strict=True)
            ]
        )
        / ONE
    )
    known[:, -2] = [0.5 if s.sharp else -0.5 for s in faces.samples]
    mean = ridge(known, scores, weights, 3.0)
    covariance = np.cov((scores - known @ mean).T, aweights=weights)
    covariance[np.diag_indices_from(covariance)] += 1e-6
    roots = np.array([root_age(s.age) for s in faces.samples]) / _FINE
    estimate = ridge(np.hstack([scores, np.ones((len(scores), 1))]), roots, weights, 30.0)
    step = covariance @ estimate[:-1]
    return {
        "mean": fixed_point(mean, _FINE, np.int32),
        "factor": fixed_point(np.linalg.cholesky(covariance), _FINE, np.int32),
        "age_weights": fixed_point(estimate[:-1], _FINE, np.int32),
        "age_offset": fixed_point(estimate[-1], _FINE, np.int32),
        "age_step": fixed_point(step / (estimate[:-1] @ step), _FINE, np.int32),
    }


def ridge(inputs: np.ndarray, outputs: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    """Weighted least squares with a penalty on the square of the coefficients."""
    weighted = inputs * weights[:, None]
    return np.linalg.solve(weighted.T @ inputs + penalty * np.eye(inputs.shape[1]), weighted.T @ outputs)


def fine_deviation(
    texture: np.ndarray, mean: np.ndarray, axes: np.ndarray, amounts: np.ndarray, samples: list[Sample]
) -> np.ndarray:
    """Standard deviation of the residual texture: (bands, octaves, 16, 16), 1/16 levels, int16.

    Measured on sharp photographs; octave 0 is what one smoothing removes, octave 1 the next at half size.
    """
    grain = np.zeros((FINE_BANDS, FINE_OCTAVES, FINE_ROWS, FINE_ROWS))
    ages = np.array([s.age for s in samples])
    sharp = np.array([s.sharp for s in samples])
    kernel = np.outer((1, 2, 1), (1, 2, 1)).astype(np.float32) / 16
    for band in range(FINE_BANDS):
        middle = (band + 0.5) * 80 / FINE_BANDS
        chosen = np.argsort(np.abs(ages - middle) + 1000 * ~sharp, kind="stable")[:300]
        left = texture[chosen] - mean - amounts[chosen, : len(axes)] @ axes
        squares = np.zeros((FINE_OCTAVES, SIDE, SIDE), np.float32)
        for residual in left[:, : SIDE * SIDE].reshape(-1, SIDE, SIDE):
            for octave in range(FINE_OCTAVES):
                smoothed = cv2.filter2D(residual, -1, kernel)
                fine = cv2.resize(residual - smoothed, (SIDE, SIDE))
                squares[octave] += fine**2 / len(chosen)
                residual = cv2.resize(smoothed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for octave, square in enumerate(squares):
            cells = cv2.resize(square, (FINE_ROWS, FINE_ROWS), interpolation=cv2.INTER_AREA)
            grain[band, octave] = np.sqrt(cells)
    return fixed_point(FINE_GAIN * grain, 16, np.int16)


def to_int8(axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each axis in int8, and its scale."""
    scale = np.abs(axes).max(axis=1) / 127
    return np.round(axes / scale[:, None]).astype(np.int8), scale


def fixed_point(values, one: int, kind) -> np.ndarray:
    """Fixed-point integers: `one` stands for 1.0."""

    return np.round(np.asarray(values, np.float64) * one).astype(kind)


def add_options(parser: ArgumentParser) -> None:
    """The options of `fit`."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="FACES",
        help="UTKFace zip or folder, the larger pictures first; only train/ is used",
    )


def main(args: Namespace) -> int:
    """Fit the model to the pictures and write its file."""
    pictures, samples = read_faces(args.sources)
    measured = measure(pictures)
    save(fit(measured, [samples[i] for i in measured.kept]))
    print(
        f"{WEIGHTS}: fitted to {len(measured.kept)} of {len(pictures)} faces; "
        "now make the set anew: python -m calibration build"
    )
    return 0


def save(weights: dict[str, np.ndarray]) -> None:
    """Write the model's file."""
    np.savez_compressed(WEIGHTS, **weights)
