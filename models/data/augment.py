"""What happens to a training face: another placing, another camera, another light, something before it."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from device.faces.alignment import SIDE


def jitter(rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A random small affine map of the crop onto itself, (3, 3): shift, scale, rotation, shear, flip."""
    angle = math.radians(rng.normal(0, 7 * strength))
    scale = math.exp(rng.normal(0, 0.07 * strength))
    shear, aspect = rng.normal(0, 0.05 * strength), math.exp(rng.normal(0, 0.03 * strength))
    dx, dy = rng.normal(0, 0.03 * strength * SIDE, 2)
    middle = (SIDE - 1) / 2
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = linear @ np.array([[aspect, shear], [0, 1 / aspect]])
    if rng.random() < 0.5:
        linear = linear @ np.diag([-1.0, 1.0])
    move = np.eye(3)
    move[:2, :2] = linear
    move[:2, 2] = middle + np.array([dx, dy]) - linear @ (middle, middle)
    return move


def camera(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """The face as another camera in another light would give it: uint8 RGB in, uint8 RGB out."""
    if rng.random() < 0.16:
        face = faded(rng, face)
    elif rng.random() < 0.15:
        face = cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if (focus := rng.random()) < 0.25:
        face = blurred(rng, face)
    elif focus < 0.5:
        face = sharpened(rng, face)
    if rng.random() < 0.15:  # fewer pixels: a face far away
        small = int(rng.integers(20, 48))
        face = cv2.resize(cv2.resize(face, (small, small), interpolation=cv2.INTER_AREA), (SIDE, SIDE))
    face = lit(rng, shaded(rng, face) if rng.random() < 0.35 else face)
    if rng.random() < 0.35:
        face = grainy(rng, face)
    if rng.random() < 0.3:
        quality = int(rng.integers(25, 90))
        face = cv2.imdecode(cv2.imencode(".jpg", face, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], -1)
    return face


def lit(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Exposure, contrast, gamma and white balance through one table a channel."""
    ramp = np.arange(256, dtype=np.float32) / 255
    low = rng.random() < 0.08
    gain = rng.uniform(0.25, 0.5) if low else math.exp(rng.normal(0, 0.18))
    gamma, contrast, offset = (
        math.exp(rng.normal(0, 0.15)),
        math.exp(rng.normal(0, 0.12)),
        rng.normal(0, 0.03),
    )
    balance = np.exp(rng.normal(0, 0.08, 3))
    tables = [255 * (((ramp**gamma) * gain * b - 0.45) * contrast + 0.45 + offset) for b in balance]
    return cv2.LUT(face, np.clip(np.stack(tables, axis=-1), 0, 255).astype(np.uint8)[None])


def grainy(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """A sensor's noise, pixel by pixel in each colour, or the grain of film and of denoised low light.

    Grain is grey and often larger than a pixel. A network that has not seen it takes it for wrinkles: with a
    standard deviation of 4, ages under 20 came out two years higher.
    """
    grain = rng.random() < 0.6
    noise: np.ndarray = np.empty(face.shape[:2] if grain else face.shape, np.float32)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(noise, np.zeros(1), np.ones(1))
    if grain and rng.random() < 0.6:
        noise = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.4, 0.9)))
    noise *= float(rng.uniform(1.5, 9)) / noise.std()
    return cv2.add(face, cv2.merge([noise] * 3) if grain else noise, dtype=cv2.CV_8U)


def faded(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Soft, of low contrast, nearly without colour and tinted: an old print, haze, a sign's coloured light.

    All at once: one after the other is seldom, and together they make the young look years older. A deep
    tint alone, as prints have that faded to red, made those of 12 to 20 years nearly five years older.
    """
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[..., None]
    face = cv2.addWeighted(cv2.merge([grey] * 3), (colour := rng.uniform(0.6, 1)), face, 1 - colour, 0)
    face = cv2.GaussianBlur(face, (0, 0), float(rng.uniform(0.4, 1.2)))
    middle, contrast = rng.uniform(80, 180), rng.uniform(0.35, 1)
    deep = rng.random() < 0.4
    tint = np.array([1, *rng.uniform(0.4, 1, 2)]) if deep else rng.uniform([0.95, 0.9, 0.75], [1.05, 1, 1])
    tint = rng.permutation(tint) if deep and rng.random() < 0.3 else tint  # mostly towards red and sepia
    ramp = (np.arange(256)[:, None] - grey.mean()) * contrast + middle
    face = cv2.LUT(face, np.clip(ramp * tint, 0, 255).astype(np.uint8)[None])
    return grainy(rng, face) if rng.random() < 0.5 else face


def shaded(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Light from one side, half the time from above or below, as ceilings and screens give it.

    A network that has not seen it takes the shade on cheeks and chin for age: lit from above by 0.4, faces in
    their twenties came out six years older, lit from below five years younger.
    """
    angle = math.pi / 2 if rng.random() < 0.5 else rng.uniform(0, math.pi)
    strength = rng.uniform(0.15, 0.6) * rng.choice([-1, 1])
    across = np.linspace(-1, 1, SIDE, dtype=np.float32)
    ramp = math.cos(angle) * across[None, :] + math.sin(angle) * across[:, None]
    light = cv2.merge([1 + np.float32(strength) * ramp] * 3)
    return cv2.multiply(face, light, dtype=cv2.CV_8U)


def blurred(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Out of focus, or moving in some direction."""
    if rng.random() < 0.6:
        return cv2.GaussianBlur(face, (0, 0), float(rng.uniform(0.4, 1.6)))
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    direction = rng.uniform(0, math.pi)
    reach = (length - 1) / 2 * np.array([math.cos(direction), math.sin(direction)])
    start, end = (
        ((length - 1) / 2 - reach).round().astype(int),
        ((length - 1) / 2 + reach).round().astype(int),
    )
    cv2.line(kernel, start.tolist(), end.tolist(), (1.0,))
    return cv2.filter2D(face, -1, kernel / kernel.sum())


def sharpened(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Edges or whole features made harder, as a camera's processor and a harsh flash do.

    Ages from 12 to 50 came out 1.5 years higher for either before the network had seen it.
    """
    spread = rng.choice([rng.uniform(0.6, 1.5), rng.uniform(4, 8)])
    soft = cv2.GaussianBlur(face, (0, 0), float(spread))
    amount = float(rng.uniform(0.2, 1.0))
    return cv2.addWeighted(face, 1 + amount, soft, -amount, 0)


class Cover(NamedTuple):
    """What was drawn before a face; −1: not to be said."""

    glasses: int  # 0 none, 1 clear, 2 dark
    mouth: int  # 1 where mouth and nose are covered


UNCOVERED = Cover(0, 0)
KINDS = {"mask": 0.4, "dark": 0.2, "clear": 0.2, "hand": 0.1, "patch": 0.1}  # and how often each is drawn


def occluded(rng: np.random.Generator, face: np.ndarray) -> tuple[np.ndarray, Cover]:
    """The face with a mask, glasses, a hand or something else before it, and what that was.

    One in four masks is worn with glasses.
    """
    face, kind = face.copy(), rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind in ("hand", "patch"):
        return {"hand": hand, "patch": patch}[kind](rng, face), Cover(-1, -1)
    worn = 0
    if kind != "mask" or rng.random() < 0.25:
        worn = 1 if kind == "clear" or (kind == "mask" and rng.random() < 0.6) else 2
        face = clear_glasses(rng, face) if worn == 1 else glasses(rng, face)
    return (mask(rng, face) if kind == "mask" else face), Cover(worn, int(kind == "mask"))


def mask(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """A mask from the bridge of the nose to below the chin; drawn in place."""
    top, side = rng.uniform(0.44, 0.56), rng.uniform(0.08, 0.2)
    outline = np.array(
        [
            [side, top + 0.04],
            [0.5, top],
            [1 - side, top + 0.04],
            [0.9 - side / 2, 0.85],
            [0.5, 1.0],
            [0.1 + side / 2, 0.85],
        ]
    )
    colour = rng.choice([[235, 240, 245], [170, 205, 225], [35, 35, 40]]) + rng.integers(-15, 10, 3)
    return _filled(face, outline, colour)


def glasses(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Dark glasses over both eyes; drawn in place."""
    colour = rng.integers(5, 60, 3).tolist()
    size = (int(SIDE * rng.uniform(0.13, 0.18)), int(SIDE * rng.uniform(0.08, 0.13)))
    height = int(SIDE * rng.uniform(0.28, 0.33))
    for x in (0.3, 0.7):
        cv2.ellipse(face, (int(SIDE * x), height), size, 0, 0, 360, colour, -1, cv2.LINE_AA)
    cv2.line(face, (int(SIDE * 0.3), height - 2), (int(SIDE * 0.7), height - 2), colour, 2, cv2.LINE_AA)
    return face


def clear_glasses(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Rims around both eyes with a bridge and temples, now and then a reflection; drawn in place.

    Drawn at four times the size, since a rim is about a pixel wide; what is beside it stays as it is to the
    last digit, or the softening would give the glasses away.
    """
    scale = 4
    large = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    drawn, side = large.copy(), SIDE * scale
    colour = rng.choice([[20, 20, 24], [70, 45, 30], [120, 120, 125], [150, 115, 60]]) + rng.integers(
        -15, 16, 3
    )
    colour = np.clip(colour, 0, 255).tolist()
    thick = int(rng.integers(2, 8))
    half = np.array([rng.uniform(0.12, 0.17), rng.uniform(0.075, 0.125)]) * side
    apart, height = rng.uniform(0.18, 0.215) * side, rng.uniform(0.29, 0.335) * side
    power = rng.choice([2.0, 3.0, 5.0])  # of a superellipse: round, rounded, nearly rectangular
    turn = np.linspace(0, 2 * math.pi, 48)
    rim = np.sign(np.c_[np.cos(turn), np.sin(turn)]) * np.abs(np.c_[np.cos(turn), np.sin(turn)]) ** (
        2 / power
    )
    middles = [np.array([side / 2 + sign * apart, height]) for sign in (-1, 1)]
    for sign, middle in zip((-1, 1), middles, strict=True):
        outline = (middle + rim * half).astype(np.int32)
        if rng.random() < 0.3:
            glare = large.copy()
            cv2.fillPoly(glare, [outline], (235, 240, 245), cv2.LINE_AA)
            drawn = cv2.addWeighted(glare, strength := float(rng.uniform(0.05, 0.3)), drawn, 1 - strength, 0)
        cv2.polylines(drawn, [outline], True, colour, thick, cv2.LINE_AA)
        hinge = (middle + np.array([sign * half[0], -half[1] / 3])).astype(int)
        cv2.line(drawn, hinge.tolist(), [0 if sign < 0 else side, int(hinge[1])], colour, thick, cv2.LINE_AA)
    (left, top), (right, _) = middles[0] + half * (1, -0.25), middles[1] - half * (1, 0.25)
    cv2.line(drawn, (int(left), int(top)), (int(right), int(top)), colour, thick, cv2.LINE_AA)
    blended = cv2.addWeighted(drawn, solid := float(rng.uniform(0.6, 1)), large, 1 - solid, 0)
    face[:] = cv2.resize(blended, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return face


def hand(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """Fingers of the face's own colour from below or from a side; drawn in place."""
    colour = (np.median(face[30:50, 20:44].reshape(-1, 3), axis=0) * rng.uniform(0.8, 1.1)).clip(0, 255)
    x, lean = rng.uniform(0.1, 0.9), rng.uniform(-0.3, 0.3)
    for finger in range(int(rng.integers(2, 5))):
        start = (x + 0.11 * finger, 1.1)
        end = (start[0] + lean, rng.uniform(0.5, 0.7))
        (x0, y0), (x1, y1) = ((int(SIDE * x), int(SIDE * y)) for x, y in (start, end))
        shade = (colour * (1 - 0.06 * finger)).tolist()
        cv2.line(face, (x0, y0), (x1, y1), shade, int(SIDE * 0.1), cv2.LINE_AA)
    return face


def patch(rng: np.random.Generator, face: np.ndarray) -> np.ndarray:
    """A rectangle of one colour anywhere (random erasing); drawn in place."""
    w, h = (SIDE * rng.uniform(0.15, 0.4, 2)).astype(int)
    x, y = int(rng.integers(0, SIDE - w)), int(rng.integers(0, SIDE - h))
    face[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return face


def _filled(face: np.ndarray, outline: np.ndarray, colour: np.ndarray) -> np.ndarray:
    points = (outline * SIDE * 16).astype(np.int32)
    cv2.fillPoly(face, [points], np.clip(colour, 0, 255).tolist(), cv2.LINE_AA, shift=4)
    return face
