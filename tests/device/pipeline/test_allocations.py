"""Months of frames must not add up: after a warm-up, a frame frees whatever it allocates."""

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import device
from device.age.network import Reading
from device.app.summary import Summary
from device.audience.audience import Audience
from device.bench.synthetic_detector import Crowd
from device.budget.timing import Timings
from device.config import loader
from device.events.json_lines import Events
from device.frame import Frame
from device.outputs.dispatcher import Dispatcher
from device.pipeline.pipeline import Vision

pytestmark = pytest.mark.native  # a thousand traced frames

DEVICE = Path(device.__file__).parent
ROOMS = ("age", "audience", "budget", "faces", "inference", "overlay", "pipeline", "tracks")
WAY = (*(f"{room}/*" for room in ROOMS), "app/summary.py", "events/json_lines.py", "outputs/dispatcher.py")
SIZE = (640, 480)
FPS = 30.0
WARM_UP, FRAMES = 600, 600
NOISE = 2048  # bytes: caches of the interpreter of the language that fill by and by


def held():
    """Bytes that the lines of a frame's way hold; threads of other tests may still be at work elsewhere."""
    ways = [tracemalloc.Filter(True, str(DEVICE / way)) for way in WAY]
    return sum(one.size for one in tracemalloc.take_snapshot().filter_traces(ways).statistics("filename"))


class Networks:
    """In the place of both, for their time."""

    def detect(self, image, picture_size=None):
        return []

    def close_up(self, image, box):
        return None

    has_attributes = False

    def read(self, crop):
        return Reading(30.0)


def test_frames_leave_nothing_behind():
    # without the status line: its rate is of the real time, and each new one a new label, up to a few
    settings = loader.changed(loader.defaults(), overlay={"status": False})
    networks, stages, summary = Networks(), Timings(), Summary()
    vision = Vision(settings, SIZE, FPS, stages, Crowd(networks, 4, SIZE), networks)
    picture = Dispatcher(settings, SIZE, [], stages)
    frame = Frame(SIZE)
    events, audience = Events("/dev/null"), Audience(settings, clock=lambda: frame.time)
    noise = np.random.default_rng(1).integers(0, 255, 97, np.uint8)

    def film(start, frames):
        for index in range(start, start + frames):
            frame.image.fill(noise[index % len(noise)])
            persons = vision.process(frame)
            frame.time = index / FPS
            picture.draw(frame.image, True, persons, frame.time)
            summary.record(index, frame.time, persons)
            events.record(index, frame.time, persons)
            audience.record(index, frame.time, persons)
            events.flush(20.0)  # what waits to be written is not what is left behind

    film(0, WARM_UP)
    gc.collect()
    tracemalloc.start()
    film(WARM_UP, 30)  # what tracemalloc itself holds for each place
    gc.collect()
    before = held()
    film(WARM_UP + 30, FRAMES)
    gc.collect()
    after = held()
    tracemalloc.stop()
    assert after - before < NOISE
