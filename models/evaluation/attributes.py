"""What the attributes are worth: gender by group, drawn covers, real glasses, whether the spread is true."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from device.age.attributes import LIMITS
from device.age.network import ATTRIBUTES, AgeNet, flip_averaged
from models.data import augment
from models.data.datasets import Face

WORN = Path(__file__).with_name("worn.csv")  # real glasses on UTKFace's test chips, by looking at them
GLASSES = ("none", "clear", "dark")
FEMALE, MOUTH, LOG_SPREAD = (ATTRIBUTES.index(name) for name in ("female", "mouth_covered", "log_spread"))
DRAWN: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "bare": lambda rng, crop: crop,
    "mask": augment.mask,
    "clear": augment.clear_glasses,
    "dark": augment.glasses,
}
INTERVAL = np.log(5.0)  # Laplace's density has 80 % within its scale times this


def attributes_report(net: AgeNet, faces: list[Face], crops: list[np.ndarray]) -> dict:
    """Shares in percent; `crops` are the faces', uint8 RGB (64, 64, 3), read both ways round."""
    read = [flip_averaged(net, crop) for crop in crops]
    values = np.array([reading.attributes for reading in read])
    ages = np.array([face.age for face in faces])
    errors = np.abs(np.array([reading.age for reading in read]) - ages)
    return {
        "gender": gender(values[:, FEMALE], faces),
        "drawn": {name: drawn(net, crops, cover) for name, cover in DRAWN.items()},
        "worn": worn(values, faces),
        "spread": spread(np.exp(values[:, LOG_SPREAD]), errors, ages),
    }


def gender(logits: np.ndarray, faces: list[Face]) -> dict:
    """How many are right: of all, from 16 to 77, by decade, by race; and beyond the device's limits."""
    named = [i for i, face in enumerate(faces) if face.gender]
    female = np.array([faces[i].gender == "female" for i in named])
    said = logits[named]
    right = (said > 0) == female
    ages = np.array([faces[i].age for i in named])
    sure = np.abs(said) > LIMITS["gender"]
    groups: dict[str, np.ndarray] = {"all": np.ones(len(named), bool), "16-77": (ages >= 16) & (ages <= 77)}
    groups |= {f"{decade}s": ages // 10 * 10 == decade for decade in range(0, 100, 10)}
    races = np.array([faces[i].race or "" for i in named])
    groups |= {race: races == race for race in sorted(set(races) - {""})}
    rows = {
        name: {"right": percent(right[of]), "n": int(of.sum())} for name, of in groups.items() if of.any()
    }
    return rows | {"sure": {"right": percent(right[sure]), "unsure": percent(~sure)}}


def drawn(net: AgeNet, crops: list[np.ndarray], cover: Callable) -> dict[str, float]:
    """What is said of faces with something drawn before them, the same for the same faces."""
    rng = np.random.default_rng(0)
    values = np.array([net.read(cover(rng, crop.copy())).attributes for crop in crops])
    said = values[:, 1:4].argmax(1)
    return {name: percent(said == i) for i, name in enumerate(GLASSES)} | {
        "mouth": percent(values[:, MOUTH] > 0)
    }


def worn(values: np.ndarray, faces: list[Face]) -> dict:
    """Of those chips that were labelled by looking: how many are right, and what is said of whom."""
    with WORN.open(newline="") as file:
        labels = {Path(row["file"]).name: int(row["glasses"]) for row in csv.DictReader(file)}
    said = values[:, 1:4].argmax(1)
    pairs = [(labels.get(Path(face.path).name, -1), int(said[i])) for i, face in enumerate(faces)]
    pairs = [(true, found) for true, found in pairs if true >= 0]
    if not pairs:
        return {"n": 0}
    table = np.zeros((3, 3), int)
    np.add.at(table, tuple(np.array(pairs).T), 1)
    rows = {name: dict(zip(GLASSES, map(int, table[i]), strict=True)) for i, name in enumerate(GLASSES)}
    return {"n": len(pairs), "right": round(100 * float(np.trace(table)) / len(pairs), 1), "said_of": rows}


def spread(scale: np.ndarray, errors: np.ndarray, ages: np.ndarray) -> dict[str, float]:
    """The share of faces whose error is within the 80 % interval of their own spread, by decade."""
    within = errors <= INTERVAL * scale
    decades = {f"{d}s": ages // 10 * 10 == d for d in range(0, 100, 10)}
    return {"all": percent(within)} | {name: percent(within[of]) for name, of in decades.items() if of.any()}


def percent(share: np.ndarray) -> float:
    """Of True, with one decimal; 0 of nobody."""
    return 0.0 if not len(share) else round(100 * float(np.mean(share)), 1)


def lines(report: dict) -> list[str]:
    """The report for people."""
    who = report["gender"]
    shares = ", ".join(f"{name} {row['right']:.1f} %" for name, row in who.items() if "n" in row)
    text = [f"gender right: {shares}"]
    text.append(
        f"  beyond its limits {who['sure']['right']:.1f} %, with {who['sure']['unsure']:.1f} % unsure"
    )
    for name, said in report["drawn"].items():
        text.append(f"drawn {name}: {', '.join(f'{word} {share:.1f} %' for word, share in said.items())}")
    if report["worn"]["n"]:
        text.append(f"real glasses: {report['worn']['right']:.1f} % of {report['worn']['n']} right")
    text.append(f"errors within their own 80 % interval: {report['spread']['all']:.1f} %")
    return text
