"""Occlusions: glasses, sunglasses, masks, hands and hats, drawn on a face in integer arithmetic."""

from __future__ import annotations

import numpy as np

from calibration.synthetic.face_model import SIDE, blur
from calibration.synthetic.random_ints import RandomInts

KINDS = ("none", "glasses", "sunglasses", "mask", "hand", "hat")
# landmarks of the face mesh: outer and inner corner of the eye on the left of the image, and on the right
EYES = ((33, 133), (263, 362))
BRIDGE, BROW, MOUTH = 6, 10, 13
OVAL = (
    10,
    338,
    297,
    332,
    284,
    251,
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
    21,
    54,
    103,
    67,
    109,
)
MASKED = (
    197,
    100,
    116,
    93,
    58,
    172,
    136,
    150,
    149,
    176,
    148,
    152,
    377,
    400,
    378,
    379,
    365,
    397,
    288,
    323,
    345,
    329,
)
MASK_COLOURS = ((158, 196, 214), (232, 234, 234), (36, 36, 40), (96, 120, 158), (176, 92, 102))
HAT_COLOURS = ((28, 30, 44), (150, 34, 40), (190, 180, 160), (60, 84, 62), (214, 214, 218))
_y, _x = np.mgrid[0:SIDE, 0:SIDE] * 16  # 1/16 pixels


def occlude(chip: np.ndarray, points: np.ndarray, kind: str, rng: RandomInts) -> np.ndarray:
    """The chip, uint8 RGB (128, 128, 3), with an occlusion; `points` are its landmarks in 1/256 pixels."""
    draw = {
        "none": _no_occlusion,
        "glasses": _glasses,
        "sunglasses": _sunglasses,
        "mask": _mask,
        "hand": _hand,
        "hat": _hat,
    }[kind]
    return draw(chip.astype(np.int64), points >> 4, rng).clip(0, 255).astype(np.uint8)


def replace_background(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    """The chip with another background in two of three cases: two colours and the edge between them."""
    if rng.between(0, 2) == 0:
        return chip
    outline = points[list(OVAL)] >> 4
    centre = outline.mean(axis=0).astype(np.int64)
    head = _polygon(centre + ((outline - centre) * (290, 312) >> 8))
    first, second = (rng.between(15, 240) + rng.normal(3) // 8 for _ in range(2))
    tilt, at = rng.between(-8, 8), rng.between(200, 1800)
    edge = (_y + (_x * tilt >> 3) > at)[..., None]
    background = np.where(edge, first, (first + 2 * second) // 3)
    return _paint(chip.astype(np.int64), ~head, background).clip(0, 255).astype(np.uint8)


def _no_occlusion(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    return chip


def _glasses(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    colour = rng.choice(((24, 22, 24), (70, 46, 30), (120, 116, 112), (40, 44, 70)))
    thick = rng.between(20, 44)  # 1/16 pixels
    frame = np.zeros((SIDE, SIDE), bool)
    for lens in _lenses(points, rng):
        frame |= _superellipse(*lens) & ~_superellipse(lens[0], lens[1], lens[2] - thick, lens[3] - thick)
    glare = np.sum([_superellipse(*lens) for lens in _lenses(points, rng)], axis=0) * rng.between(0, 30)
    return _paint(chip + glare[..., None], frame | _bars(points, thick), colour)


def _sunglasses(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    colour = np.array(rng.choice(((18, 18, 20), (50, 34, 24), (22, 40, 34), (30, 32, 60))))
    gradient = rng.between(0, 60)  # lenses get lighter downwards
    for lens in _lenses(points, rng):
        lighter = ((_y - lens[1] + lens[3]) * gradient // (2 * lens[3])).clip(0, 90)
        chip = _paint(chip, _superellipse(*lens), colour + lighter[..., None])
    return _paint(chip, _bars(points, 36), colour)


def _mask(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    colour = np.array(rng.choice(MASK_COLOURS))
    outline = points[list(MASKED)]
    folds = np.where((_y // 16 + rng.between(0, 9)) % 13 < 2, -22, 0)
    middle = outline[:, 0].mean().astype(np.int64)
    round_off = -((_x - middle) ** 2 // (16 * 16 * 60))
    return _paint(chip, _polygon(outline), colour + (folds + round_off)[..., None])


def _hand(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    skin = np.median(chip[60:76, 30:98].reshape(-1, 3), axis=0).astype(np.int64)
    skin = skin * rng.between(220, 270) >> 8
    side = rng.choice((-1, 1))
    x, y = points[MOUTH] + (side * rng.between(0, 24) * 16, rng.between(-20, 16) * 16)
    for finger in range(4):
        top = (x + side * (finger - 1) * 190, y - 260 + abs(finger - 1) * 70)
        root = (top[0] + side * 330, top[1] + 1100)
        chip = _paint(chip, _capsule(top, root, 108), skin * 200 >> 8)
        chip = _paint(chip, _capsule(top, root, 84), skin + 6 * (finger % 2))
    return chip


def _hat(chip: np.ndarray, points: np.ndarray, rng: RandomInts) -> np.ndarray:
    colour = np.array(rng.choice(HAT_COLOURS))
    edge = points[BROW, 1] + rng.between(4, 14) * 16
    rim = edge + (_x - SIDE * 8) ** 2 // (16 * 16 * 14)
    shadow = (_y >= rim) & (_y < rim + 7 * 16)
    chip = _paint(chip, shadow, chip * 165 >> 8)
    knit = np.where((_x // 16 + _y // 48) % 4 < 2, 10, -8)
    return _paint(chip, _y < rim, colour + knit[..., None])


def _lenses(points: np.ndarray, rng: RandomInts) -> list[tuple[int, int, int, int]]:
    """Centre and half axes of both lenses, 1/16 pixels, both of the same size."""
    height = rng.between(11, 15) * 16
    centres = [(points[outer] + points[inner]) // 2 for outer, inner in EYES]
    width = int(centres[1][0] - centres[0][0]) * 42 // 100
    return [(int(x), int(y) + 24, width, height) for x, y in centres]


def _bars(points: np.ndarray, thick: int) -> np.ndarray:
    """The bridge over the nose and the temples to both edges."""
    (left, right), y = [(points[a] + points[b]) // 2 for a, b in EYES], points[BRIDGE, 1]
    between = (_x > left[0]) & (_x < right[0]) & (abs(_x - (left[0] + right[0]) // 2) < 140)
    reach = (right[0] - left[0]) * 42 // 100
    outside = (_x < left[0] - reach) | (_x > right[0] + reach)
    return (between & (abs(_y - y) < thick)) | (outside & (abs(_y - y + 40) < thick))


def _superellipse(x: int, y: int, half_width: int, half_height: int) -> np.ndarray:
    """A superellipse: |dx/a|⁴ + |dy/b|⁴ < 1."""
    across, down = (_x - x) * 1024 // max(half_width, 1), (_y - y) * 1024 // max(half_height, 1)
    return across.clip(-2048, 2048) ** 4 + down.clip(-2048, 2048) ** 4 < 1 << 40


def _capsule(start: tuple[int, int], end: tuple[int, int], radius: int) -> np.ndarray:
    """All pixels within `radius` of the segment from start to end."""

    dx, dy = int(end[0] - start[0]), int(end[1] - start[1])
    square = max(dx * dx + dy * dy, 1)
    along = ((_x - start[0]) * dx + (_y - start[1]) * dy).clip(0, square)
    near_x, near_y = start[0] + along * dx // square, start[1] + along * dy // square
    return (_x - near_x) ** 2 + (_y - near_y) ** 2 < radius * radius


def _polygon(outline: np.ndarray) -> np.ndarray:
    """The inside of a polygon by the even-odd rule."""
    inside = np.zeros((SIDE, SIDE), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        spans = (y0 > _y) != (y1 > _y)
        left_of = (_x - x0) * (y1 - y0) < (x1 - x0) * (_y - y0)
        inside ^= spans & (left_of == (y1 > y0))
    return inside


def _paint(chip: np.ndarray, mask: np.ndarray, colour) -> np.ndarray:
    """Blend a colour over the chip where the mask is set, its edge one pixel soft."""
    alpha = blur(mask.astype(np.int64) * 256)[..., None]
    return chip + ((np.asarray(colour) - chip) * alpha >> 8)
