"""Head and shoulders drawn around a synthesised face: the people of the demo scene.

All shapes are in pixels of the face chip (128×128, eyes as in `device.faces.alignment`), on a sheet that is
larger than the chip. Colours are BGR, 0–255; coverage is 0–1.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

HEAD = (256, 264)  # width and height of a head's sheet
CHIP_AT = (64, 76)  # the chip's top left corner on it
BODY = (128, 232)  # of a body's sheet, which is drawn smaller
BODY_SCALE = 2.75  # chip pixels a body pixel
BODY_AT = (112, -112)  # the chip's top left corner, as on a body's sheet of full size
SHIFT = 3  # fractional bits of the drawing calls


class Outfit(NamedTuple):
    """What is drawn around a face: hair, its style, and clothes; colours are BGR."""

    hair: tuple[int, int, int]
    style: str  # "short", "long", "bun", "balding", "curly"
    cloth: tuple[int, int, int]
    trousers: tuple[int, int, int]
    collar: str  # "round", "vee", "shirt"


class Sheet:
    """An image with alpha (coverage) on which soft shapes are composited one over the other.

    Colours are premultiplied by alpha: the finished sheet goes over an image as image · (1 − alpha) + colour.
    """

    def __init__(self, size: tuple[int, int], origin: tuple[float, float], scale: float = 1.0) -> None:
        self.size, self.origin, self.scale = size, origin, scale
        self.colour = np.zeros((size[1], size[0], 3), np.float32)
        self.alpha = np.zeros((size[1], size[0]), np.float32)

    def shape(self, points, soft: float = 1.0) -> np.ndarray:
        """Coverage of a polygon given in chip pixels, float32, its edge blurred by `soft` pixels."""
        at = (np.asarray(points, np.float64) + self.origin) / self.scale
        mask = np.zeros(self.alpha.shape, np.uint8)
        fixed = np.round(at * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, SHIFT)
        return cv2.GaussianBlur(mask, (0, 0), max(soft / self.scale, 0.4)).astype(np.float32) / 255

    def composite(self, colour, mask: np.ndarray) -> None:
        """Composite a colour (three numbers, or an image) over the sheet with the coverage `mask`, 0–1."""
        colour = np.broadcast_to(np.asarray(colour, np.float32), self.colour.shape)
        self.colour += (colour - self.colour) * mask[..., None]
        self.alpha += (1 - self.alpha) * mask

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """The chip coordinates x and y of every pixel."""
        y, x = np.mgrid[0 : self.size[1], 0 : self.size[0]].astype(np.float32) * self.scale
        return x - self.origin[0], y - self.origin[1]

    def bgra(self) -> np.ndarray:
        """The finished sheet, uint8 (height, width, 4): colours premultiplied by alpha, and alpha."""
        return np.dstack([self.colour, self.alpha * 255]).clip(0, 255).round().astype(np.uint8)


def ellipse(cx: float, cy: float, rx: float, ry: float, count: int = 64) -> np.ndarray:
    """Points of an ellipse, (count, 2)."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([cx + rx * np.cos(t), cy + ry * np.sin(t)], axis=1)


def smooth(points, count: int = 16) -> np.ndarray:
    """A closed Catmull-Rom curve through `points`."""
    p = np.asarray(points, np.float64)
    before, after, beyond = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, count, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * p
        + (after - before) * t
        + (2 * before - 5 * p + 4 * after - beyond) * t**2
        + (3 * p - before - 3 * after + beyond) * t**3
    )
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def skin_of(chip: np.ndarray) -> np.ndarray:
    """The skin's colour: the median over cheeks and forehead of a BGR chip."""
    patches = [chip[14:24, 44:84], chip[58:78, 26:40], chip[58:78, 88:102]]
    return np.median(np.concatenate([p.reshape(-1, 3) for p in patches]), axis=0)


def strands(sheet: Sheet, colour, seed: int, curl: bool) -> np.ndarray:
    """Hair: the colour with streaks that run outward from the crown, and soft light from above."""
    x, y = sheet.grid()
    dx, dy = x - 64, y + 30
    angle = np.arctan2(dx, dy + 40)
    grain = np.random.default_rng(seed).standard_normal((256, 256)).astype(np.float32)
    noise = cv2.GaussianBlur(grain, (0, 0), sigmaX=2.0 if curl else 1.2, sigmaY=2.0 if curl else 14)
    noise = noise / noise.std()
    radius = np.hypot(dx, dy)
    u = (angle / np.pi * 128 + 128) * (1 if curl else 2.0) + (6 * np.sin(radius / 5) if curl else 0)
    streak = cv2.remap(
        noise,
        np.mod(u, 255).astype(np.float32),
        np.mod(radius * 1.2, 255).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    light = 1 + 0.35 * np.exp(-(((x - 48) / 34) ** 2 + ((y + 22) / 18) ** 2)) - 0.25 * np.clip(y / 120, 0, 1)
    base = np.asarray(colour, np.float32)
    return (base * (light * (1 + 0.13 * streak))[..., None] + 6 * streak[..., None]).clip(0, 255)


def head(chip: np.ndarray, oval: np.ndarray, outfit: Outfit, seed: int) -> np.ndarray:
    """The head of a person from the front, uint8 BGRA (264, 256, 4).

    `chip` is the face, uint8 BGR (128, 128, 3); `oval` its outline, (n, 2) in its pixels.
    """
    sheet = Sheet(HEAD, CHIP_AT)
    skin = skin_of(chip)
    hair = strands(sheet, outfit.hair, seed, outfit.style == "curly")
    left, right = oval[:, 0].min(), oval[:, 0].max()
    chin = oval[:, 1].max()
    _back_hair(sheet, hair, outfit, left, right)
    _neck(sheet, skin, chin)
    for side, x in ((-1, left), (1, right)):
        sheet.composite(skin * 0.86, sheet.shape(ellipse(x + 1.5 * side, 50, 6.5, 14), 1.0))
        sheet.composite(skin * 0.66, sheet.shape(ellipse(x + 1.5 * side, 51, 3, 8), 1.5))
    middle, half = (left + right) / 2, (right - left) / 2
    skull = ellipse(middle, 28, half + 3, 62)
    sheet.composite(skin * 0.97, sheet.shape(skull, 1.5))
    face = np.zeros_like(sheet.colour)
    x, y = CHIP_AT
    face[y : y + 128, x : x + 128] = chip
    sheet.composite(face, _face_mask(sheet, oval))
    _front_hair(sheet, hair, outfit, middle, half)
    return sheet.bgra()


def back_of_head(chip: np.ndarray, oval: np.ndarray, outfit: Outfit, seed: int) -> np.ndarray:
    """The same head seen from behind."""
    sheet = Sheet(HEAD, CHIP_AT)
    skin = skin_of(chip)
    left, right = oval[:, 0].min(), oval[:, 0].max()
    middle, half = (left + right) / 2, (right - left) / 2
    _neck(sheet, skin * 0.9, oval[:, 1].max() - 16)
    nape = [(22, 138), (64, 130), (106, 138), (112, 160), (88, 186), (64, 208), (40, 186), (16, 160)]
    sheet.composite(np.asarray(outfit.cloth) * 0.98, sheet.shape(smooth(nape), 2))
    for side, x in ((-1, left), (1, right)):
        sheet.composite(skin * 0.8, sheet.shape(ellipse(x + 2 * side, 52, 5, 13), 1.0))
    hair = strands(sheet, outfit.hair, seed + 1, outfit.style == "curly")
    if outfit.style == "balding":
        sheet.composite(skin * 0.92, sheet.shape(ellipse(middle, 28, half + 3, 62), 1.5))
        sheet.composite(hair, sheet.shape(ellipse(middle, 62, half + 4, 30), 5) * 0.9)
        return sheet.bgra()
    low = 96 if outfit.style in ("short", "curly") else 150
    outline = [
        (middle, -44),
        (middle + half * 0.8, -24),
        (middle + half + 8, 20),
        (middle + half + 4, 70),
        (middle + half * 0.6, low),
        (middle - half * 0.6, low),
        (middle - half - 4, 70),
        (middle - half - 8, 20),
        (middle - half * 0.8, -24),
    ]
    sheet.composite(hair * 0.92, sheet.shape(smooth(outline), 2.0))
    if outfit.style == "bun":
        sheet.composite(hair * 1.05, sheet.shape(ellipse(middle, 8, 26, 24), 2))
    return sheet.bgra()


def _face_mask(sheet: Sheet, oval: np.ndarray) -> np.ndarray:
    """Coverage of the face itself, fading out just inside its outline and at the chip's edges."""
    centre = oval.mean(axis=0)
    mask = sheet.shape(centre + (oval - centre) * 0.955, 3.0)
    x, y = sheet.grid()
    edge = np.clip(np.minimum(np.minimum(x, 127 - x), np.minimum(y, 127 - y)) / 5, 0, 1)
    return mask * edge


def _neck(sheet: Sheet, skin: np.ndarray, chin: float) -> None:
    x, y = sheet.grid()
    outline = [
        (32, 66),
        (96, 66),
        (94, chin + 12),
        (98, chin + 30),
        (86, chin + 46),
        (64, chin + 52),
        (42, chin + 46),
        (30, chin + 30),
        (34, chin + 12),
    ]
    shade = 0.60 + 0.28 * np.clip((y - chin) / 40, 0, 1) - 0.12 * (np.abs(x - 64) / 36).clip(0, 1) ** 2
    sheet.composite(skin * shade[..., None], sheet.shape(smooth(outline), 2.0))


def _back_hair(sheet: Sheet, hair: np.ndarray, outfit: Outfit, left: float, right: float) -> None:
    if outfit.style == "long":
        outline = [
            (64, -46),
            (right + 2, -22),
            (right + 16, 40),
            (right + 20, 120),
            (right + 10, 176),
            (64, 180),
            (left - 10, 176),
            (left - 20, 120),
            (left - 16, 40),
            (left - 2, -22),
        ]
        sheet.composite(hair * 0.72, sheet.shape(smooth(outline), 2.0))
    elif outfit.style == "bun":
        sheet.composite(hair * 0.85, sheet.shape(ellipse(64, -44, 25, 22), 2.0))


def _front_hair(sheet: Sheet, hair: np.ndarray, outfit: Outfit, middle: float, half: float) -> None:
    """The hair that frames the face: all of the skull but the face below the hairline."""
    _, y = sheet.grid()
    top, line = {
        "short": (-42, 3),
        "long": (-46, 2),
        "bun": (-42, -2),
        "balding": (-36, -30),
        "curly": (-50, 4),
    }[outfit.style]
    if outfit.style == "balding":
        for side in (-1, 1):
            outline = [
                (middle + side * (half - 4), 6),
                (middle + side * (half + 5), 16),
                (middle + side * (half + 6), 50),
                (middle + side * (half - 1), 58),
                (middle + side * (half - 3), 34),
            ]
            sheet.composite(hair, sheet.shape(smooth(outline), 2.5) * 0.85)
        return
    wide = half + (12 if outfit.style == "curly" else 8)
    low, end = {"short": (44, half - 1), "curly": (40, half + 3), "bun": (34, half), "long": (164, wide)}[
        outfit.style
    ]
    outer = [
        (middle, top),
        (middle + wide * 0.64, top + 13),
        (middle + wide - 1, 4),
        (middle + wide - 2, low * 0.5),
        (middle + end, low),
        (middle - end, low),
        (middle - wide + 2, low * 0.5),
        (middle - wide + 1, 4),
        (middle - wide * 0.64, top + 13),
    ]
    parting = -14 if outfit.style in ("short", "long") else 0
    inner = [
        (middle + parting, line - 3),
        (middle + half * 0.62, line + 8),
        (middle + half - 6, 30),
        (middle + half - 3, 62),
        (middle + half - 4, low + 40),
        (middle - half + 4, low + 40),
        (middle - half + 3, 62),
        (middle - half + 6, 30),
        (middle - half * 0.66, line + 10),
    ]
    mask = sheet.shape(smooth(outer), 1.6) * (1 - sheet.shape(smooth(inner), 2.6))
    sheet.composite(hair, mask)
    shadow = sheet.shape(smooth(inner), 1.5) * (1 - sheet.shape(smooth(np.add(inner, (0, 7))), 5)) * (y < 40)
    sheet.colour *= (1 - 0.28 * shadow)[..., None]


def body(skin: np.ndarray, outfit: Outfit) -> np.ndarray:
    """Shoulders, arms and trunk to the knees, uint8 BGRA (232, 128, 4), `BODY_SCALE` chip pixels a pixel."""
    sheet = Sheet(BODY, BODY_AT, BODY_SCALE)
    x, y = sheet.grid()
    side = np.abs(x - 64)
    shade = (1.06 - 0.34 * (side / 150) ** 2 + 0.05 * np.sin(x / 17 + y / 60))[..., None]
    legs = [(-38, 470), (166, 470), (160, 740), (-32, 740)]
    sheet.composite(np.asarray(outfit.trousers) * shade, sheet.shape(legs, 4))
    seam = [(60, 600), (68, 600), (68, 745), (60, 745)]
    sheet.composite(np.asarray(outfit.trousers) * 0.55, sheet.shape(seam, 8))
    trunk = [
        (64, 140),
        (100, 148),
        (146, 164),
        (178, 196),
        (190, 280),
        (200, 420),
        (194, 520),
        (166, 528),
        (160, 480),
        (-32, 480),
        (-38, 528),
        (-66, 520),
        (-72, 420),
        (-62, 280),
        (-50, 196),
        (-18, 164),
        (28, 148),
    ]
    sheet.composite(np.asarray(outfit.cloth) * shade, sheet.shape(smooth(trunk), 3))
    for sign in (-1, 1):
        crease = [(64 + sign * x0, y0) for x0, y0 in ((82, 248), (90, 250), (102, 460), (92, 462))]
        sheet.composite(np.asarray(outfit.cloth) * 0.55, sheet.shape(crease, 8) * 0.7)
    _collar(sheet, skin, outfit)
    return sheet.bgra()


def _collar(sheet: Sheet, skin: np.ndarray, outfit: Outfit) -> None:
    depth = {"round": 172, "vee": 192, "shirt": 186}[outfit.collar]
    if outfit.collar == "round":
        opening = smooth([(26, 136), (102, 136), (96, 156), (64, depth), (32, 156)])
    else:
        opening = np.array([(26, 134), (102, 134), (64, depth)])
    if outfit.collar == "shirt":
        flaps = [(18, 146), (30, 134), (64, 178), (98, 134), (110, 146), (94, 174), (64, 190), (34, 174)]
        sheet.composite((236, 234, 230), sheet.shape(flaps, 2))
    sheet.composite(skin * 0.84, sheet.shape(opening, 3))
