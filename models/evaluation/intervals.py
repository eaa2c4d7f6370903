"""Whether the interval that the device tells holds the truth, at every age, covered or not."""

from __future__ import annotations

import numpy as np

from device.age.belt import Belt
from device.age.network import AgeNet, flip_averaged
from models.data.datasets import Face
from models.evaluation.attributes import DRAWN, percent

COVERS = {name: DRAWN[name] for name in ("bare", "mask", "dark")}


def intervals_report(net: AgeNet, belt: Belt, faces: list[Face], crops: list[np.ndarray]) -> dict[str, dict]:
    """For each of `COVERS`: the share of intervals that hold the true age, %, of all and by decade.

    And `width`: half of the interval's, years, the median. `crops`: uint8 RGB (64, 64, 3), read both ways
    round.
    """
    rng, ages = np.random.default_rng(0), np.array([face.age for face in faces])
    report = {}
    for name, cover in COVERS.items():
        read = [flip_averaged(net, cover(rng, crop.copy())) for crop in crops]
        low, high = np.array([belt.interval(said.age, said.error) for said in read]).T
        held = (low <= ages) & (ages <= high)
        decades = {f"{d}s": held[ages // 10 * 10 == d] for d in range(0, 100, 10)}
        report[name] = {
            "all": percent(held),
            **{decade: percent(of) for decade, of in decades.items() if len(of)},
            "width": round(float(np.median(high - low)) / 2, 1),
        }
    return report


def lines(report: dict[str, dict]) -> list[str]:
    """The report for people."""
    return [
        f"80 % interval, {name}: holds "
        + ", ".join(f"{who} {share:.1f} %" for who, share in row.items() if who != "width")
        + f"; half of it {row['width']:.1f} years"
        for name, row in report.items()
    ]
