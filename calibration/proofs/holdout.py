"""The check set: synthesised faces that no calibration has seen; deviation of int8 files from float ones.

The faces are generated with a seed of their own whenever they are needed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration.synthetic.build import make, plan
from calibration.synthetic.face_model import FaceModel
from device.age.network import AGE_OUTPUTS, AgeNet, by_stage, stagewise_age

SEED = 4096
REPEATS = 3  # faces of each age, group and gender: 240 in all


def check_faces() -> np.ndarray:
    """The check set, uint8 RGB (240, 64, 64, 3); the same on every machine."""
    model = FaceModel()
    return np.stack([make(model, face, SEED)[0] for face in plan(REPEATS, SEED)])


def float_ages(network, faces: np.ndarray) -> np.ndarray:
    """Ages in years by the float Keras network, of faces uint8 RGB (n, 64, 64, 3)."""
    outputs = [np.asarray(tensor) for tensor in network.predict(faces.astype(np.float32), verbose=0)]
    return np.array(
        [stagewise_age(by_stage([tensor[i] for tensor in outputs[:AGE_OUTPUTS]])) for i in range(len(faces))]
    )


def int8_ages(model: Path | bytes, package: str, faces: np.ndarray) -> np.ndarray:
    """Ages in years by an int8 file, or its bytes, as the device runs it."""
    net = AgeNet(model, package)
    return np.array([net.estimate(np.ascontiguousarray(face)) for face in faces])


def deviation(model: Path | bytes, package: str, faces: np.ndarray, reference: np.ndarray) -> float:
    """Mean absolute difference in years between an int8 network and `reference`, the float one's ages."""
    return float(np.abs(int8_ages(model, package, faces) - reference).mean())
