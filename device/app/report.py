"""What a run amounted to, as data: the object that `run --summary json` prints."""

from __future__ import annotations

from typing import Any, TypedDict


class RunReport(TypedDict):
    """Counts, times in milliseconds by stage and percentile, memory in MiB.

    `peak_memory_mib` is of what the budget counts: anonymous and shared memory, and dma-bufs.
    `peak_rss_mib` is the kernel's VmHWM, which counts pages of files as well, as many as happened to lie in
    RAM.
    """

    frames: int
    dropped: int
    frames_with_track: int
    tracks: list[dict[str, Any]]  # as `Summary.tracks` makes them
    tracks_total: int
    stages: dict[str, dict[str, float]]
    peak_memory_mib: float
    peak_rss_mib: float
    restarts: int
    start_to_first_frame_s: float | None
    source: str
    interpreter: str
