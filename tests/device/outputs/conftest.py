import threading
import time

import numpy as np
import pytest

from device.box import Box
from device.config.loader import changed, defaults
from device.outputs.web.output import Web
from device.person import Person

SIZE = (320, 240)


@pytest.fixture
def settings():
    return defaults()


@pytest.fixture
def people():
    return [
        Person(1, Box(100.4, 60, 80, 80), 0.9, 33.0, 34.2, (31.4, 37.0), "25–34", "settled"),
        Person(2, Box(10, 60, 40, 40), 0.9, None, None, None, None, "finding"),
    ]


class Loop:
    """Offers frames to an output as the main loop does, on a thread, until the block ends."""

    def __init__(self, output, people):
        self.output, self.people, self.shown = output, people, 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        image = np.full((SIZE[1], SIZE[0], 3), (40, 120, 200), np.uint8)
        start = time.monotonic()
        while not self._stopping.wait(0.01):
            if self.output.wanted():
                self.output.show(image, self.people, time.monotonic() - start)
                self.shown += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join(2)


@pytest.fixture
def serve(settings, free_port, people):
    """Starts a page and a loop that feeds it: `serve(token=...)` -> (Web, Loop)."""
    running = []

    def start(looping=True, address=None, show="age", health=None, **options):
        chosen = changed(settings, web=options, overlay={"show": show})
        web = Web(address or str(free_port), SIZE, chosen, lambda _text: None, health)
        loop = Loop(web, people)
        if looping:
            loop.__enter__()
        running.append((web, loop, looping))
        return web, loop

    yield start
    for web, loop, looping in running:
        if looping:
            loop.__exit__()
        web.close()
