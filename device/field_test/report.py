"""What a field test ends with: one page to be printed and the same as JSON, beside the last of the site."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from device.errors import ConfigError
from device.field_test.conductor import Done
from device.field_test.judge import Finding, worst
from device.files import replacing

Document = dict[str, Any]

LARGEST = 2**20  # bytes of a document that is read again
WORDS = {"well": "✓ well", "poor": "△ poor", "failed": "✗ failed"}  # told apart without colours, too
STYLE = """
body {font: 15px/1.45 system-ui, sans-serif; color: #12151a; background: #fff; margin: 0 auto;
      max-width: 60em; padding: 1em}
h1 {margin: 0} h2 {margin: 1.4em 0 .3em; break-after: avoid}
table {border-collapse: collapse; width: 100%} tr {break-inside: avoid}
th, td {text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #c8ccd2}
.well {color: #14632f} .poor {color: #7a4a00} .failed {color: #a3121c}
.grade {font-weight: 700; white-space: nowrap}
.step th {background: #eef0f3} .wide {overflow-x: auto} .facts td {overflow-wrap: anywhere}
img {max-width: 100%}
@media print {body {max-width: none; padding: 0; font-size: 11px}}
"""


def document(
    site: str, time: str, facts: dict[str, str], done: Sequence[Done], missing: Sequence[str],
    machine: Sequence[Finding],
) -> Document:  # fmt: skip
    """The report as JSON has it: no picture, no age, nothing of anybody.

    `facts` are what the site's device, release and networks are, in words by their name; `missing` names the
    steps that were not gone through.
    """
    steps = [
        {"name": step.name, "sentence": step.sentence, "grade": worst(found), "findings": _plain(found)}
        for step, found in done
    ]
    return {
        "v": 1,
        "site": site,
        "time": time,
        "facts": facts,
        "grade": "failed" if missing else worst([one for _, found in done for one in found] + list(machine)),
        "steps": steps,
        "missing": list(missing),
        "machine": {"grade": worst(machine), "findings": _plain(machine)},
    }


def page(report: Document, last: Document | None = None, picture: bytes | None = None) -> str:
    """The report as an HTML page that needs nothing but itself; `picture` is a JPEG."""
    facts = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in report["facts"].items())
    before = _figures(last)
    groups = [(step["name"], step["sentence"], step) for step in report["steps"]]
    groups.append(("machine", "The machine meanwhile.", report["machine"]))
    rows = "".join(_group(name, sentence, group, before) for name, sentence, group in groups)
    column = f"<th>last, {escape(str(last['time']))}</th>" if last else ""
    shown = base64.b64encode(picture).decode("ascii") if picture else ""
    image = f'<h2>Picture</h2><img alt="the camera\'s picture" src="data:image/jpeg;base64,{shown}">'
    missing = ", ".join(report["missing"])
    rest = f'<p class="failed">Not gone through: {escape(missing)}.</p>' if missing else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Field test: {escape(report['site'])}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>Field test: {escape(report['site'])}</h1>"
        f"<p>{escape(report['time'])}, all in all {_grade(report['grade'])}</p>{rest}\n"
        f"<h2>To be mended</h2>{_mend(groups)}\n"
        f'<h2>Figures</h2><div class="wide"><table><tr><th>what</th><th>figure</th><th>well</th>'
        f"<th>verdict</th>{column}</tr>\n{rows}</table></div>\n"
        f"<h2>Device</h2><table class=facts>{facts}</table>{image if picture else ''}</body></html>\n"
    )


def save(
    folder: Path, report: Document, last: Document | None = None, picture: bytes | None = None
) -> tuple[Path, Path]:
    """Write page and JSON, `field-test-SITE-TIME`, into `folder`; returns both. Raises OSError."""
    digits = re.sub(r"\D", "", report["time"])[:14]
    stem = f"field-test-{_slug(report['site'])}-{digits}"
    paths = folder / f"{stem}.html", folder / f"{stem}.json"
    texts = page(report, last, picture), json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    for path, text in zip(paths, texts, strict=True):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    return paths


def last_of(folder: Path, site: str) -> Document | None:
    """The newest report of the site in `folder`; files that are none are passed over."""
    known = [_read(path) for path in folder.glob("field-test-*.json")]
    fitting = [one for one in known if one is not None and one["site"] == site]
    return max(fitting, key=lambda one: str(one["time"]), default=None)


def prepared(folder: Path) -> None:
    """Make the folder, and see that it can be written to, before time is spent. Raises ConfigError."""
    probe = folder / ".field-test.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"--out {folder}: nothing can be written there ({why}); name a folder.") from None


def _plain(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    rounded = [one._replace(value=None if one.value is None else round(one.value, 4)) for one in findings]
    return [one._asdict() for one in rounded]


def _read(path: Path) -> Document | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        said = json.loads(path.read_text(encoding="utf-8"))
        _figures(said)
        return said if isinstance(said["site"], str) and said["time"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _figures(report: Document | None) -> dict[tuple[str, str], tuple[str, str]]:
    """Figure and grade by step and measure."""
    if report is None:
        return {}
    groups = [*((step["name"], step) for step in report["steps"]), ("machine", report["machine"])]
    return {
        (str(name), str(one["measure"])): (str(one["figure"]), str(one["grade"]))
        for name, group in groups
        for one in group["findings"]
    }


def _group(name: str, sentence: str, group: Document, before: dict[tuple[str, str], tuple[str, str]]) -> str:
    columns = 5 if before else 4
    head = f'<tr class="step"><th colspan="{columns}">{escape(name)}: {escape(sentence)}</th></tr>\n'
    rows = []
    for one in group["findings"]:
        last = ""
        if before:
            figure, grade = before.get((name, one["measure"]), ("", ""))
            last = f"<td>{escape(figure)} {_grade(grade)}</td>"
        rows.append(
            f"<tr><td>{escape(one['what'])}</td><td>{escape(one['figure'])}</td>"
            f"<td>{escape(one['limit'])}</td><td>{_grade(one['grade'])}</td>{last}</tr>\n"
        )
    return head + "".join(rows)


def _mend(groups: Sequence[tuple[str, str, Document]]) -> str:
    """What is not well with its remedy, the failed ones first; each remedy once."""
    wanting: dict[str, list[str]] = {}
    for grade in ("failed", "poor"):
        for name, _, group in groups:
            for one in group["findings"]:
                if one["grade"] == grade:
                    said = f"{_grade(grade)} {escape(name)}: {escape(one['figure'])} {escape(one['what'])}"
                    wanting.setdefault(one["remedy"], []).append(said)
    if not wanting:
        return "<p>Nothing.</p>"
    items = (f"<li>{'; '.join(said)}<br>→ {escape(remedy)}</li>" for remedy, said in wanting.items())
    return f"<ul>{''.join(items)}</ul>"


def _grade(grade: str) -> str:
    return f'<span class="grade {escape(grade)}">{WORDS[grade]}</span>' if grade in WORDS else ""


def _slug(site: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", site.lower()).strip("-")[:60] or "site"
