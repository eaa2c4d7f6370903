"""`python -m calibration sensitivity --data FACES`: how light, focus, colour and the ISP move the age.

Each perturbation is applied to real crops at several levels; the table gives its effect on the error, the
mean age and the image measures, and how often the doctor's check (`device.faces.exposure_check`) warns.
`--bounds` writes the range that the doctor allows, from the representative faces and from this table.
"""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from device.age.network import AgeNet
from device.faces import exposure_check

FACES = Path(__file__).parents[1] / "faces"
OUT = Path(__file__).with_name("sensitivity.md")
PERCENTILES = (1, 99)  # of the representative faces: beyond them the int8 ranges are not tested
MAX_ADDED_ERROR = 1.0  # years of error that a perturbation may add before its level is outside the range

Perturbation = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


class Row(NamedTuple):
    """One level of one perturbation, over all faces."""

    name: str
    level: float
    mae: float
    bias: float  # mean error, years
    warned: float  # share of the faces of which the doctor would warn
    measures: exposure_check.Measures  # medians


def exposure(crop: np.ndarray, stops: float, rng: np.random.Generator) -> np.ndarray:
    """More or less light by `stops`, in linear light, clipped at white."""
    return _encoded(_linear(crop) * 2.0**stops)


def gamma(crop: np.ndarray, power: float, rng: np.random.Generator) -> np.ndarray:
    """A tone curve: values to the power of `power`."""
    return _bytes((crop / 255.0) ** power)


def warmth(crop: np.ndarray, stops: float, rng: np.random.Generator) -> np.ndarray:
    """White balance off by `stops` of red against blue; positive is warmer."""
    return _encoded(_linear(crop) * 2.0 ** np.array([stops / 2, 0.0, -stops / 2]))


def tint(crop: np.ndarray, stops: float, rng: np.random.Generator) -> np.ndarray:
    """White balance off by `stops` of green."""
    return _encoded(_linear(crop) * 2.0 ** np.array([0.0, stops, 0.0]))


def blur(crop: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Out of focus: Gaussian of `sigma` crop pixels."""
    return cv2.GaussianBlur(crop, (0, 0), sigma)


def motion(crop: np.ndarray, length: float, rng: np.random.Generator) -> np.ndarray:
    """Motion blur: `length` crop pixels sideways."""
    return cv2.blur(crop, (int(length), 1))


def noise(crop: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise: Gaussian of `sigma` grey levels, in each channel."""
    return (crop + rng.normal(0, sigma, crop.shape)).clip(0, 255).astype(np.uint8)


def grain(crop: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Film grain, and the residual of denoising in low light: grey noise of `sigma` grey levels."""
    return (crop + rng.normal(0, sigma, crop.shape[:2])[..., None]).clip(0, 255).astype(np.uint8)


def shade(crop: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Light from above: `strength` (0–1) brighter at the top and darker at the bottom; below 0 from below."""
    light = 1 + strength * np.linspace(1, -1, len(crop))
    return (crop * light[:, None, None]).clip(0, 255).astype(np.uint8)


def sharpening(crop: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """An ISP's sharpening: unsharp masking, `amount` times the difference to a blurred copy."""
    return cv2.addWeighted(crop, 1 + amount, cv2.GaussianBlur(crop, (0, 0), 1.0), -amount, 0)


def denoising(crop: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """An ISP's noise reduction: a bilateral filter of `sigma` grey levels."""
    return cv2.bilateralFilter(crop, 5, sigma, 1.5)


def saturation(crop: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Saturation times `factor`; 0 is grey."""
    grey = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(crop, factor, grey, 1 - factor, 0)


def pi_isp(crop: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A model of the Pi's ISP with its default tuning; `strength` 1 is the usual.

    Noise reduction, an S-shaped tone curve, more saturation, sharpening, colour at half size as in YUV420.
    """
    crop = denoising(crop, 12 * strength, rng)
    x = crop / 255.0
    crop = _bytes(x + strength * 0.5 * x * (1 - x) * (2 * x - 0.8))
    crop = saturation(crop, 1 + 0.2 * strength, rng)
    crop = sharpening(crop, 0.6 * strength, rng)
    planes = cv2.cvtColor(crop, cv2.COLOR_RGB2YUV_I420)
    return cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)


PERTURBATIONS: dict[str, tuple[Perturbation, tuple[float, ...], str]] = {
    "exposure": (exposure, (-5, -4, -3, -2, -1, 1, 1.5, 2), "stops"),
    "gamma": (gamma, (0.5, 0.7, 1.4, 2.0), "power"),
    "warmth": (warmth, (-2, -1, -0.5, 0.5, 1, 2), "stops red over blue"),
    "tint": (tint, (-0.6, -0.3, 0.3, 0.6), "stops of green"),
    "blur": (blur, (0.5, 1, 1.5, 2, 3), "σ, crop pixels"),
    "motion": (motion, (3, 5, 7, 9), "crop pixels"),
    "noise": (noise, (4, 8, 16, 32), "σ, grey levels"),
    "grain": (grain, (4, 8), "σ, grey levels"),
    "shade": (shade, (-0.4, -0.2, 0.2, 0.4), "brighter at the top"),
    "sharpening": (sharpening, (0.5, 1, 2), "amount"),
    "denoising": (denoising, (15, 30, 60), "σ, grey levels"),
    "saturation": (saturation, (0, 0.5, 1.5, 2), "factor"),
    "pi_isp": (pi_isp, (0.5, 1, 2), "of the usual"),
}


def table(net: AgeNet, crops: list[np.ndarray], ages: np.ndarray, allowed: dict) -> list[Row]:
    """Every level of every perturbation on these crops; the first row is without any."""
    rows = [_row("none", 0, crops, net, ages, allowed)]
    for name, (perturb, levels, _) in PERTURBATIONS.items():
        for level in levels:
            rng = np.random.default_rng(0)
            changed = [np.ascontiguousarray(perturb(crop, level, rng)) for crop in crops]
            rows.append(_row(name, level, changed, net, ages, allowed))
    return rows


def bounds(rows: list[Row]) -> dict[str, list[float]]:
    """The range of each measure that the doctor allows.

    That of the representative faces, narrowed to where no perturbation of light or focus adds more than
    `MAX_ADDED_ERROR` years of error: halfway between the medians of the last harmless level and the first
    harmful one.
    """
    faces = [
        np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
        for path in sorted(FACES.glob("*.png"))
    ]
    measured = np.array([exposure_check.measure(face) for face in faces])
    found = {}
    for column, name in enumerate(exposure_check.Measures._fields):
        low, high = np.percentile(measured[:, column], PERCENTILES)
        harmless: list[float] = []
        harmful: list[float] = []
        for row in rows:
            if row.name in PERTURBATIONS_OF[name]:
                (harmful if row.mae > rows[0].mae + MAX_ADDED_ERROR else harmless).append(
                    row.measures[column]
                )
        harmless.append(rows[0].measures[column])
        below = [value for value in harmful if value < min(harmless)]
        above = [value for value in harmful if value > max(harmless)]
        low = max(low, (max(below) + min(harmless)) / 2) if below else low
        high = min(high, (min(above) + max(harmless)) / 2) if above else high
        found[name] = [round(float(low), 2), round(float(high), 2)]
    return found


# the perturbations that each measure has to detect
PERTURBATIONS_OF = {
    "brightness": ("exposure",),
    "sharpness": ("blur", "motion", "noise"),
    "red": ("warmth", "tint"),
    "blue": ("warmth", "tint"),
}


def markdown(rows: list[Row]) -> str:
    """The table as Markdown."""
    head = (
        "perturbation",
        "level",
        "MAE",
        "mean age moves",
        *exposure_check.Measures._fields,
        "doctor warns",
    )
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        unit = f" {PERTURBATIONS[row.name][2]}" if row.name in PERTURBATIONS else ""
        values = " | ".join(f"{value:.2f}" for value in row.measures)
        lines.append(
            f"| {row.name} | {row.level:g}{unit} | {row.mae:.2f} | "
            f"{row.bias - rows[0].bias:+.2f} | {values} | {100 * row.warned:.0f} % |"
        )
    return "\n".join(lines)


def add_options(parser: ArgumentParser) -> None:
    """The options of `sensitivity`."""
    parser.add_argument("--data", required=True, help="zip or folder of faces with ages")
    parser.add_argument("--model", default="age", help="age, age-wide or a .tflite file (age)")
    parser.add_argument("--faces", type=int, default=500, metavar="N", help="how many of them (500)")
    parser.add_argument("--bounds", action="store_true", help="compute the doctor's range anew, on train/")


def random_faces(source: str, part: str, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Crops, uint8 RGB (64, 64, 3), of `count` random faces of a part of a set, and their ages in years."""
    from models.data.datasets import load
    from models.evaluation.evaluate import stored

    found = load(source).part(part)
    chosen = np.random.default_rng(0).permutation(len(found.faces))[:count]
    found.faces = [found.faces[i] for i in chosen]
    pairs = [(stored(picture), face.age) for face, picture in found.pictures()]
    return [crop for crop, _ in pairs], np.array([age for _, age in pairs])


def main(args: Namespace) -> int:
    """Write the table on test/ as Markdown, or the doctor's bounds from the table on train/."""
    crops, ages = random_faces(args.data, "train" if args.bounds else "test", args.faces)
    net = AgeNet(args.model)
    assert net.path is not None  # as it is of bytes only
    if args.bounds:
        anything = dict.fromkeys(exposure_check.Measures._fields, (-np.inf, np.inf))
        found = bounds(table(net, crops, ages, anything))
        exposure_check.RANGE.write_text(json.dumps(found) + "\n")
        print(f"{exposure_check.RANGE}: {found}")
    else:
        rows = markdown(table(net, crops, ages, exposure_check.calibrated_range()))
        text = TEXT.format(
            faces=len(crops),
            model=args.model,
            table=rows,
            digest=hashlib.sha256(net.path.read_bytes()).hexdigest()[:12],
        )
        OUT.write_text(text)
        print(text)
    return 0


TEXT = """# How light, focus, colour and the ISP move the age

Made by `python -m calibration sensitivity --data utkface64.zip` with the network `{model}`
(SHA-256 {digest}…) on {faces} faces of UTKFace's `test/`. MAE in years; how far the mean age
moves; the medians of the image measures; the share of faces of which `make doctor` would warn. Levels are
in pixels of the 64-pixel crop. `pi_isp` models noise reduction, tone curve, colours, sharpening and YUV420
of the Pi's ISP at its default tuning: no board was at hand to measure a real one.

{table}
"""


def _row(name: str, level: float, crops: list, net: AgeNet, ages: np.ndarray, allowed: dict) -> Row:
    estimates = np.array([net.estimate(crop) for crop in crops])
    measures = [exposure_check.measure(crop) for crop in crops]
    warned = np.mean([bool(exposure_check.complaints(found, allowed)) for found in measures])
    errors = estimates - ages
    medians = exposure_check.Measures(*np.median(np.array(measures), axis=0))
    return Row(name, level, float(np.abs(errors).mean()), float(errors.mean()), float(warned), medians)


def _linear(crop: np.ndarray) -> np.ndarray:
    """Linear light, 0 to 1, from sRGB bytes."""
    x = crop / 255.0
    return np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)


def _encoded(light: np.ndarray) -> np.ndarray:
    """sRGB bytes from linear light, clipped to 0…1."""
    light = light.clip(0, 1)
    return _bytes(np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light))


def _bytes(x: np.ndarray) -> np.ndarray:
    return (x.clip(0, 1) * 255 + 0.5).astype(np.uint8)
