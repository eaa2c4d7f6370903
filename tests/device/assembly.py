"""The device put together as `run` does it, over a film, faces, a network and screens of a test's own.

`Kiosk` opens the real `Run` with the real capture, vision, loop, picture and outputs. What it stands in for
is what they touch: the camera, the two networks, the screens, the thermometer, the memory and, on request,
the clock. The names that it replaces stand in `Kiosk` and nowhere else.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np

from device.age.network import Reading
from device.app.application import Run
from device.bench.synthetic_detector import LAYOUT
from device.box import Box
from device.config import loader
from device.faces.detector import Detection
from device.outputs.open import _open as open_real_output

SIZE = (320, 240)
FPS = 30.0
GREY = 40  # of the film, which the network takes for everybody's age
AMBER = (84, 196, 255)  # of the dot before a notice, blue green red
ANNA, BERT, CARL, DORA = (Box(20.0 + 75 * place, 60.0, 50.0, 50.0) for place in range(4))
LIMIT = 60.0  # seconds after which a run is ended from outside; none comes near it
MEMORY_MIB = 4096


class Clock:
    """Stands in for a module's `time`; moves when somebody works, and never by itself."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Film:
    """A source of `length` grey frames, taken one by one, or `live`: then a camera, which can be reopened.

    `before(index)` is called before each frame and may change the world, wait, or raise. Reading a frame
    takes 1/30 s of `clock`.
    """

    small_size = None

    def __init__(self, length=30, live=False, clock=None):
        self.name = "film" if live else "images:film"
        self.size, self.fps = SIZE, FPS
        self.length, self.live, self.clock = length, live, clock
        self.index = 0
        self.timeouts, self.buffers = set(), set()
        self.opened, self.closed = 1, 0
        self.before = self.opening = lambda index: None

    def read(self, frame, timeout):
        self.timeouts.add(timeout)
        if self.index == self.length:
            self.live = False  # as the fake camera's: this end is the end of the run
            return False
        self.before(self.index)
        self.buffers.add(id(frame))
        frame.image.fill(GREY)
        frame.time = time.monotonic() if self.live else self.index / FPS
        self.index += 1
        if self.live:
            time.sleep(0.002)  # so that the other threads get their turn
        elif self.clock:
            self.clock.now += 1 / FPS
        return True

    def reopen(self):
        self.opening(self.opened)
        self.opened += 1

    def close(self):
        self.closed += 1


class Faces:
    """A detector that finds `boxes`; `ages` counts what was estimated after each of its looks."""

    seconds = close_up_seconds = 0.0

    def __init__(self, *boxes):
        self.boxes, self.score = list(boxes), 0.9
        self.looks, self.close_ups, self.ages, self.clock = 0, 0, [], Clock()

    def detect(self, image, picture_size=None):
        self.looks += 1
        self.ages.append(0)
        self.clock.now += self.seconds
        return [_face(box, self.score) for box in self.boxes]

    def close_up(self, image, box):
        self.close_ups += 1
        self.clock.now += self.close_up_seconds
        return _face(box, 0.9)


def _face(box, score):
    return Detection(box, score, LAYOUT * np.float32((box.w, box.h)) + np.float32((box.x, box.y)))


class Brightness:
    """An age network that says the crop's brightness."""

    package = "brightness"
    has_attributes = False
    seconds = 0.0

    def __init__(self, faces):
        self._faces, self.clock = faces, faces.clock

    def estimate(self, crop):
        self._faces.ages[-1] += 1
        self.clock.now += self.seconds
        return float(crop.mean())

    def read(self, crop):
        return Reading(self.estimate(crop))


class Screen:
    """An output that remembers who and what was shown when; `clock` moves by `seconds` for each picture."""

    seconds = 0.0

    def __init__(self, name="screen", optional=False):
        self.name, self.optional, self.clock = name, optional, Clock()
        self.times, self.persons, self.images, self.closed = [], [], [], 0
        self.at_picture = lambda number: None

    def wanted(self):
        return True

    def show(self, image, persons, t):
        self.at_picture(len(self.times))
        self.times.append(t)
        self.persons.append(persons)
        self.images.append(image.copy())
        self.clock.now += self.seconds

    def close(self):
        self.closed += 1

    @property
    def ids(self) -> list[list[int]]:
        """The persons' numbers in each picture."""
        return [[person.id for person in persons] for persons in self.persons]


class World:
    """The machine around: its temperature in °C (for so many `looks`, if given) and the memory used."""

    def __init__(self):
        self.celsius, self.looks, self.used_mib = 40.0, None, 0.0

    def thermometer(self):
        return SimpleNamespace(celsius=self._look, throttled=lambda: [])

    def _look(self):
        if self.looks is None:
            return self.celsius
        self.looks -= 1
        return self.celsius if self.looks >= 0 else 40.0


class Kiosk:
    """All of these, and `open()`, which makes the real `Run` of them. Closed by the fixture."""

    def __init__(self, monkeypatch, settings=None):
        self.settings = settings or quiet()
        self.clock, self.world = Clock(), World()
        self.film, self.faces, self.screens = Film(clock=self.clock), Faces(ANNA), [Screen()]
        self.net = Brightness(self.faces)
        self.stopping, self.closing = threading.Event(), ExitStack()
        self.say = self.end = None  # what the outputs were given
        self.run = None
        self._patch = monkeypatch.setattr
        self._guard = threading.Timer(LIMIT, self.stopping.set)

    def open(self, trace=None, fake_clock=True) -> Run:
        """The run, ready. With `fake_clock`, time passes only where the film and the fakes say so."""
        self._patch("device.camera.capture.open_source", self._open_source)
        self._patch("device.app.application.open_networks", lambda settings: (self.faces, self.net))
        self._patch("device.outputs.open._open", self._open_output)
        self._patch("device.app.application.Thermometer", self.world.thermometer)
        self._patch("device.app.application.Meter.mib", lambda meter: self.world.used_mib)
        if fake_clock:
            for module in ("app.health", "app.main_loop", "pipeline.pipeline", "outputs.dispatcher"):
                self._patch(f"device.{module}.time", self.clock)
        for fake in (self.faces, self.net, *self.screens):
            fake.clock = self.clock
        if self.screens:
            self.change(output={"use": tuple(screen.name for screen in self.screens)})
        self._guard.daemon = True
        self._guard.start()
        self.run = Run(self.settings, self.stopping, self.closing, trace)
        return self.run

    def change(self, **sections) -> None:
        """Other settings, unchecked, before it is opened: `change(camera={"width": 320})`."""
        self.settings = loader.changed(self.settings, **sections)

    def play(self, **options) -> Kiosk:
        """Open and run to the film's end; returns itself."""
        self.open(**options).loop.run()
        self.run.events.flush(LIMIT)
        return self

    def close(self) -> None:
        """Close all, as the command does at its end."""
        self._guard.cancel()
        self.stopping.set()
        self.closing.close()

    def _open_source(self, spec, settings, on_event):
        self.on_event = on_event
        return self.film

    def _open_output(self, request):
        self.say, self.end = request.report, request.end
        screen = next((screen for screen in self.screens if screen.name == request.spec), None)
        return screen or open_real_output(request)


def quiet():
    """The settings of these tests: the film, memory enough, and a look for faces on every frame."""
    return loader.changed(
        loader.defaults(),
        source={"use": "images:film"},
        limits={"memory_mib": MEMORY_MIB},
        schedule={"detect_every": 1},
    )


def amber(image) -> bool:
    """Whether a notice stands on the picture: by the dot before it."""
    return bool((np.abs(image.astype(int) - AMBER).max(axis=2) < 24).any())


def wait_until(true, what) -> None:
    """Wait, with a limit that a busy machine does not reach, until `true()`."""
    end = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.005)
