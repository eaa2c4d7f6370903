"""Which skips are allowed in CI, and why: `allowed_skips.toml`."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path

ALLOWED = tomllib.loads(Path(__file__).with_name("allowed_skips.toml").read_text())["skip"]


def is_allowed(reason: str) -> bool:
    """Whether a test may be skipped for this reason on this machine."""
    return any(
        entry["why"] in reason
        and not ("unless_installed" in entry and find_spec(entry["unless_installed"]) is not None)
        for entry in ALLOWED
    )


def unexpected(reports: list) -> list[str]:
    """A line for each skipped report (pytest's, of tests or whole files) that is not allowed."""
    lines = []
    for report in reports:
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not hasattr(report, "wasxfail") and not is_allowed(reason):
            lines.append(f"{report.nodeid}: {reason}")
    return lines
