"""From what was seen to a verdict: well, poor or failed, with the figure, its limit and the remedy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from device.box import Box
from device.field_test.measures import MEASURES, still_boxes
from device.field_test.sights import Sight
from device.field_test.steps import ANY, Check, Range, Step

Grade = Literal["well", "poor", "failed"]

GRADES: tuple[Grade, ...] = ("well", "poor", "failed")
ROOM = 1.5  # a zone to be left out is larger than the face in it
ROUNDING = 1e-9


class Finding(NamedTuple):
    """One figure judged. `remedy` is empty where all is well; `value` is None where nothing was seen."""

    measure: str
    what: str
    value: float | None
    figure: str
    limit: str
    grade: Grade
    remedy: str = ""


class Sample(NamedTuple):
    """The machine at one moment."""

    memory_mib: float
    celsius: float | None = None
    throttled: tuple[str, ...] = ()


def judge_step(step: Step, sights: Sequence[Sight]) -> list[Finding]:
    """A finding for each check of the step. Where nobody was found, what follows from a face is left out."""
    zones = "; ".join(_zone(box) for box in still_boxes(sights))
    findings: list[Finding] = []
    for check in step.checks:
        value = MEASURES[check.measure](sights)
        if value is None and findings and findings[0].grade != "well":
            continue
        finding = judge(check, value)
        findings.append(finding._replace(remedy=finding.remedy.replace("{zones}", zones)))
    return findings


def judge(check: Check, value: float | None) -> Finding:
    """The figure of one check; one that could not be measured failed."""
    grade: Grade = "failed"
    if value is not None:
        grade = "well" if _within(value, check.well) else "poor" if _within(value, check.poor) else "failed"
    remedy = ""
    if grade != "well":
        too_high = value is not None and value > check.well[1]
        remedy = check.above if too_high else check.below
    return Finding(check.measure, check.what, value, shown(check, value), limit(check), grade, remedy)


def judge_machine(
    checks: Sequence[Check],
    samples: Sequence[Sample],
    rate: float | None,
    p95_ms: float | None,
    restarts: int,
) -> list[Finding]:
    """What the machine did meanwhile; a temperature that nothing tells is left out.

    `rate` is in frames a second.
    """
    warm = [sample.celsius for sample in samples if sample.celsius is not None]
    held = [sample for sample in samples if sample.throttled]
    values: dict[str, float | None] = {
        "rate": rate,
        "p95": p95_ms,
        "memory": max((sample.memory_mib for sample in samples), default=None),
        "temperature": max(warm, default=None),
        "throttled": len(held) / len(samples) if samples else None,
        "restarts": float(restarts),
    }
    found = [
        judge(check, values[check.measure])
        for check in checks
        if check.measure != "temperature" or values["temperature"] is not None
    ]
    why = "; ".join(dict.fromkeys(reason for sample in held for reason in sample.throttled))
    return [
        one._replace(remedy=f"{why}: {one.remedy}") if one.measure == "throttled" and why else one
        for one in found
    ]


def worst(findings: Sequence[Finding]) -> Grade:
    """The grade of a step: that of its worst finding; failed where there is none."""
    return max((one.grade for one in findings), key=GRADES.index, default="failed")


def shown(check: Check, value: float | None) -> str:
    """A figure for people, with its unit."""
    if value is None:
        return "none"
    if check.unit == "%":
        return f"{100 * value:.0f} %"
    return f"{value:.{check.places}f} {check.unit}".rstrip()


def limit(check: Check) -> str:
    """What is well, in words."""
    low, high = check.well
    if low == high:
        return shown(check, low)
    if high == ANY or (check.unit == "%" and high == 1.0 and low > 0):
        return f"at least {shown(check, low)}"
    if math.isinf(low) or low == 0.0:
        return f"at most {shown(check, high)}"
    return f"{low:.{check.places}f} to {shown(check, high)}"


def _within(value: float, allowed: Range) -> bool:
    return allowed[0] - ROUNDING <= value <= allowed[1] + ROUNDING


def _zone(box: Box) -> str:
    """A still face's place as `tracker.ignore` takes it."""
    x, y, w, h = box.scaled(ROOM).clipped(1.0, 1.0)
    return f"{x:.2f} {y:.2f} {x + w:.2f} {y + h:.2f}"
