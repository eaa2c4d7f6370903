"""Plays a clip to an alternative and prints the latency of its frames; needs only OpenCV."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

Face = tuple[int, int, int, int, float]  # left, top, right, bottom in pixels; age in years


def watch(clip: str, frames: int, faces_of: Callable[[np.ndarray], list[Face]]) -> None:
    """Read, estimate and draw `frames` frames (uint8 BGR), then print the figures as a line of JSON."""
    cv2.setNumThreads(1)
    times = []
    pictures = endless(clip)
    for _ in range(frames):
        started = time.perf_counter()
        picture = next(pictures)
        for left, top, right, bottom, age in faces_of(picture):
            cv2.rectangle(picture, (left, top), (right, bottom), (255, 0, 0), 2)
            cv2.putText(picture, f"{age:.0f}", (left, top), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
        times.append((time.perf_counter() - started) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"p50_ms": statistics.median(times), "peak_rss_mib": peak}))


def endless(clip: str) -> Iterator[np.ndarray]:
    """The clip's frames, uint8 BGR, in an endless loop. Raises OSError where there is none."""
    while True:
        reader = cv2.VideoCapture(clip)
        found, picture = reader.read()
        if not found:
            raise OSError(f"{clip}: missing, or not a recording that OpenCV can read")
        while found:
            yield picture
            found, picture = reader.read()
        reader.release()
