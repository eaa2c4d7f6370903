"""Times as the messages have them."""

from __future__ import annotations

import time


def utc(seconds: float) -> str:
    """2026-11-22T03:20:20.123Z, from seconds since 1970."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
