"""Cost of tracker and smoother in a frame: many faces, detected on every frame, none of them settled."""

from __future__ import annotations

import time

import numpy as np

from device.age.network import Reading
from device.bench.synthetic_detector import LAYOUT, grid
from device.config.schema import Settings
from device.faces.detector import Detection
from device.faces.quality import Quality
from device.pipeline.person_state import person_states
from device.pipeline.scheduler import DUE_UNCERTAIN
from device.tracks.tracker import Tracker

FACES = 16
FPS = 30.0
FRAMES, WARM_UP = 600, 60
JITTER = 1.0  # pixels, standard deviation of the detections
PERCENTILE = 20  # of the frames' times: what else runs on the machine makes the others slower


def cost_ms(settings: Settings, seed: int = 1) -> float:
    """Milliseconds a frame for `FACES` faces, each estimated as often as the scheduler does at most."""
    rng = np.random.default_rng(seed)
    tracker = Tracker(settings, person_states(settings))
    boxes = grid(FACES, (640, 480))
    quality = Quality(30.0, -1.0, 0.0, 0.0, 0.9, 0.5, 0.2, np.zeros(48, np.float32))
    every = round(DUE_UNCERTAIN * FPS)
    seconds = []
    for frame in range(FRAMES):
        found = [_jittered(box, rng) for box in boxes]
        start = time.perf_counter()
        tracks = tracker.update(found, 1 / FPS, lambda track: 1.0)
        for track in tracks[frame % every :: every]:
            track.companion.update(Reading(30.0), quality, frame / FPS)
        seconds.append(time.perf_counter() - start)
    # each frame estimates a third of the faces, so the frames are alike
    return 1e3 * float(np.percentile(seconds[WARM_UP:], PERCENTILE))


def _jittered(box, rng: np.random.Generator) -> Detection:
    dx, dy = rng.normal(0, JITTER, 2).tolist()
    box = box.shifted(dx, dy)
    return Detection(
        box, 0.9, LAYOUT * np.array((box.w, box.h), np.float32) + np.array((box.x, box.y), np.float32)
    )
