"""Pictures as other cameras show them in other lights: grey, dark, tinted, out of focus, compressed."""

from __future__ import annotations

import cv2
import numpy as np

from device.bench.disturbances import CASES
from device.box import Box

# how often each is drawn; the named ones are those of the benchmark
WAYS = {
    "grey": 0.16, "infrared": 0.14, "dark, 1/4": 0.05, "dark, 1/10": 0.05, "swapped": 0.06, "backlit": 0.08,
    "motion": 0.06, "light": 0.12, "noise": 0.06, "focus": 0.1, "jpeg": 0.06, "cast": 0.06,
}  # fmt: skip


def disturbed(rng: np.random.Generator, picture: np.ndarray, face: Box) -> np.ndarray:
    """As another camera in another light would show it, uint8 BGR: by one or two of the ways there are."""
    for _ in range(1 + (rng.random() < 0.4)):
        name = rng.choice(list(WAYS), p=list(WAYS.values()))
        change = {"light": _light, "noise": _noise, "focus": _focus, "jpeg": _jpeg, "cast": _cast}.get(name)
        picture = change(rng, picture) if change else CASES[name](picture, face, rng).image
    return np.ascontiguousarray(picture)


def _light(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Exposure, contrast and gamma."""
    ramp = np.arange(256, dtype=np.float32) / 255
    gain, gamma, contrast = np.exp(rng.normal(0, (0.35, 0.3, 0.25)))
    return cv2.LUT(
        picture, np.clip(255 * ((ramp**gamma * gain - 0.45) * contrast + 0.45), 0, 255).astype(np.uint8)
    )


def _noise(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    noise: np.ndarray = np.empty(picture.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(3, 14)))
    return cv2.add(picture, noise, dtype=cv2.CV_8U)


def _focus(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 2.2)))


def _jpeg(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    quality = int(rng.integers(8, 50))
    return cv2.imdecode(
        cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], cv2.IMREAD_COLOR
    )


def _cast(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    gains = rng.permutation([1.0, *rng.uniform(0.35, 1.0, 2)])
    return np.clip(picture * gains.astype(np.float32), 0, 255).astype(np.uint8)
