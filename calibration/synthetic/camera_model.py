"""A camera model in integer arithmetic: exposure, colour, alignment error, blur, noise, JPEG."""

from __future__ import annotations

import numpy as np

from calibration.synthetic.face_model import SIDE, blur, sample
from calibration.synthetic.random_ints import ONE, RandomInts

LIGHTS = ("even", "dim", "bright", "side", "tinted")
SHARPNESS = ("sharp", "soft", "moving", "coded")
# red, green, blue: a bulb, a shaded street, old fluorescent tubes, a purple sign
TINTS = ((330, 250, 160), (205, 256, 330), (235, 290, 225), (300, 235, 290))
CROP = 64  # pixels, the network's input

# JPEG's example tables (ITU-T T.81, annex K)
_LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
_CHROMA = np.full((8, 8), 99)
_CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
# the discrete cosine transform of 8 values, 4096 = 1.0
_COSINES = np.array(
    [
        [1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448],
        [2009, 1703, 1138, 400, -400, -1138, -1703, -2009],
        [1892, 784, -784, -1892, -1892, -784, 784, 1892],
        [1703, -400, -2009, -1138, 1138, 2009, 400, -1703],
        [1448, -1448, -1448, 1448, 1448, -1448, -1448, 1448],
        [1138, -2009, 400, 1703, -1703, -400, 2009, -1138],
        [784, -1892, 1892, -784, -784, 1892, -1892, 784],
        [400, -1138, 1703, -2009, 2009, -1703, 1138, -400],
    ]
)


def simulate(chip: np.ndarray, light: str, sharpness: str, rng: RandomInts) -> np.ndarray:
    """The crop that a camera gives of a face: uint8 RGB (64, 64, 3) of a chip (128, 128, 3)."""
    noise = rng.between(6, 12) if light == "dim" else rng.between(1, 4)
    crop = expose(chip.astype(np.int64), light, rng)
    crop = halve(misalign(crop, rng))
    crop = focus(crop, sharpness, rng)
    crop = crop + (rng.normal(crop.size).reshape(crop.shape) * noise >> 8)
    quality = rng.between(18, 40) if sharpness == "coded" else rng.between(70, 95)
    return jpeg(crop.clip(0, 255), quality)


def expose(chip: np.ndarray, light: str, rng: RandomInts) -> np.ndarray:
    """Light on the face, as gains (`ONE` = 1.0) over the image and by channel."""
    gain = {"dim": (85, 150), "bright": (330, 430)}.get(light, (230, 285))
    gains = np.full((SIDE, SIDE, 3), rng.between(*gain))
    if light == "side":
        angle = rng.choice(((1, 0), (-1, 0), (1, 1), (-1, 1), (0, 1), (1, -1)))
        y, x = np.mgrid[0:SIDE, 0:SIDE] - SIDE // 2
        slope = rng.between(170, 300)
        gains = gains + ((x * angle[0] + y * angle[1]) * slope // SIDE)[..., None]
    if light == "tinted":
        gains = gains * np.array(rng.choice(TINTS)) >> 8
    lit = chip * gains.clip(30, 700) >> 8
    # highlights roll off into white, as with a camera's tone curve
    over = (lit - 208).clip(0)
    return lit - over + over * 47 // (over + 47)


def misalign(chip: np.ndarray, rng: RandomInts) -> np.ndarray:
    """Shift, rotate and scale by the detector's error: standard deviations 3 pixels, 3°, 5 %."""
    shift = rng.normal(2) * 3
    turn, scale = rng.normal(1)[0] * 215 >> 8, 4096 + (rng.normal(1)[0] * 205 >> 8)
    y, x = np.mgrid[0:SIDE, 0:SIDE] * ONE - SIDE * ONE // 2
    centre = SIDE * ONE // 2
    across = (x * scale - y * turn >> 12) + centre + shift[0]
    down = (x * turn + y * scale >> 12) + centre + shift[1]
    return np.stack([sample(chip[..., c], across, down) for c in range(3)], axis=-1)


def halve(picture: np.ndarray) -> np.ndarray:
    """Downsampled by 2: the mean of each 2×2 pixels."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    return (picture.reshape(rows, 2, columns, 2, -1).sum(axis=(1, 3)) + 2) >> 2


def focus(crop: np.ndarray, sharpness: str, rng: RandomInts) -> np.ndarray:
    """Sharpened by the camera, out of focus ("soft"), moving, or upsampled from few pixels ("coded")."""
    if sharpness == "sharp":
        crop = crop + ((crop - blur(crop)) * rng.between(0, 2 * ONE) >> 8)
    elif sharpness == "soft":
        for _ in range(rng.between(2, 6)):
            crop = blur(crop)
    elif sharpness == "moving":
        axis, length = rng.between(0, 1), rng.between(3, 6)
        padded = np.concatenate([crop.take([0] * length, axis), crop, crop.take([-1] * length, axis)], axis)
        total = sum(padded.take(range(i, i + CROP), axis) for i in range(length, 2 * length))
        crop = total // length
    elif sharpness == "coded":
        small = halve(crop)
        y, x = np.mgrid[0:CROP, 0:CROP] * (ONE // 2) - ONE // 4
        crop = np.stack([sample(small[..., c], x, y) for c in range(3)], axis=-1)
    return crop


def jpeg(crop: np.ndarray, quality: int) -> np.ndarray:
    """The crop after JPEG of this quality (1–100, as in libjpeg; colour at half size), uint8 RGB."""
    red, green, blue = np.moveaxis(crop, -1, 0)
    luma = (red * 306 + green * 601 + blue * 117 + 512) >> 10
    chroma = [128 + ((blue - luma) * 578 >> 10), 128 + ((red - luma) * 730 >> 10)]
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    tables = [((table * scale + 50) // 100).clip(1, 255) for table in (_LUMA, _CHROMA)]
    luma = _code(luma, tables[0])
    small = [_code(halve(plane[..., None])[..., 0], tables[1]) for plane in chroma]
    blue_off, red_off = (plane.repeat(2, 0).repeat(2, 1) - 128 for plane in small)
    channels = (
        luma + (red_off * 1436 >> 10),
        luma - (red_off * 731 + blue_off * 352 >> 10),
        luma + (blue_off * 1815 >> 10),
    )
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def _code(plane: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Each 8×8 block through the discrete cosine transform, quantized by the table, and back."""

    rows, columns = plane.shape
    blocks = plane.reshape(rows // 8, 8, columns // 8, 8).swapaxes(1, 2) - 128
    coefficients = (_COSINES @ blocks @ _COSINES.T + (1 << 23)) >> 24
    coefficients = (coefficients + table // 2) // table * table
    blocks = ((_COSINES.T @ coefficients @ _COSINES + (1 << 23)) >> 24) + 128
    return blocks.swapaxes(1, 2).reshape(rows, columns)
