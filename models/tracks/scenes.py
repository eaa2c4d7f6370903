"""Scenes: who is where, at which pose, in which light, how occluded, at any time. Everything is seeded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

WIDTH, HEIGHT = 640, 480  # pixels of every scene
Trajectory = Callable[[float], float]


class Pose(NamedTuple):
    """A face at a time: middle of the eyes and their distance in pixels, angles in degrees.

    `yaw` turns the face to the image's right, `pitch` downwards. `light` is the gain of the image,
    `occlusion` the occluded part of the face, from the bottom (positive) or from a side (negative).
    """

    x: float
    y: float
    eyes: float
    yaw: float
    pitch: float
    roll: float
    light: float
    occlusion: float


class Walker(NamedTuple):
    """Somebody in a scene: which actor, when they are there, and their trajectories over time."""

    actor: int
    start: float  # seconds
    end: float
    x: Trajectory
    y: Trajectory
    eyes: Trajectory
    yaw: Trajectory
    pitch: Trajectory
    roll: Trajectory
    light: Trajectory
    occlusions: tuple[tuple[float, float, float], ...] = ()  # from, to, part of the face

    def pose(self, t: float) -> Pose | None:
        """The face at time `t`, None when it is not there."""
        if not self.start <= t < self.end:
            return None
        occlusion = next((part for begin, end, part in self.occlusions if begin <= t < end), 0.0)
        turned = self.yaw(t), self.pitch(t), self.roll(t)
        return Pose(self.x(t), self.y(t), self.eyes(t), *turned, self.light(t), occlusion)


class Scene(NamedTuple):
    """A scene of `kind`, `seconds` long at `fps`, with its people from the nearest to the farthest."""

    kind: str
    seed: int
    fps: float
    seconds: float
    walkers: list[Walker]


def sway(rng: np.random.Generator, size: float, period: float, middle: float = 0.0) -> Trajectory:
    """A smooth trajectory about `middle`: four sines of about `period` seconds, standard deviation `size`."""
    speeds = 2 * math.pi / (period * rng.uniform(0.5, 2.0, 4))
    phases = rng.uniform(0, 2 * math.pi, 4)
    waves = list(zip(speeds.tolist(), phases.tolist(), strict=True))
    return lambda t: middle + size * math.sqrt(0.5) * sum(math.sin(w * t + p) for w, p in waves)


def eye_distance(rng: np.random.Generator) -> float:
    """As at a kiosk: 14 to 60 pixels, mostly about 30."""
    return float(np.clip(30 * math.exp(0.4 * rng.standard_normal()), 14, 60))


def standing(
    rng: np.random.Generator,
    actor: int,
    start: float,
    end: float,
    lively: float,
    at: tuple[float, float] | None = None,
    eyes: float | None = None,
) -> Walker:
    """Somebody who stands, more or less `lively` (0 to 1): sways, turns and nods, in changing light."""
    eyes = eyes or eye_distance(rng)
    x, y = at or (rng.uniform(0.25, 0.75) * WIDTH, rng.uniform(0.3, 0.6) * HEIGHT)
    occlusions = []
    if lively > 0.3:
        for _ in range(rng.integers(0, 3)):
            begin = rng.uniform(start + 1, max(end - 1, start + 1.1))
            seconds, part = rng.uniform(0.2, 1.2), float(rng.choice([0.35, 0.5, -0.3, -0.45]))
            occlusions.append((begin, begin + seconds, part))
    flicker = sway(rng, 0.015 + 0.04 * lively, 0.25)
    shade = sway(rng, 0.02 + 0.12 * lively, 4.0, float(rng.uniform(0.65, 1.25)))
    return Walker(
        actor,
        start,
        end,
        x=sway(rng, eyes * (0.15 + 1.5 * lively), 4.0, x),
        y=sway(rng, eyes * (0.08 + 0.4 * lively), 3.0, y),
        eyes=sway(rng, eyes * (0.02 + 0.15 * lively), 6.0, eyes),
        yaw=sway(rng, 5 + 12 * lively, 3.0, float(rng.normal(0, 5))),
        pitch=sway(rng, 4 + 6 * lively, 2.0, float(rng.normal(0, 5))),
        roll=sway(rng, 2 + 6 * lively, 3.0, float(rng.normal(0, 2))),
        light=lambda t: shade(t) + flicker(t),
        occlusions=tuple(occlusions),
    )


def walking(
    rng: np.random.Generator, actor: int, seconds: float, eyes: float, y: float, to_right: bool
) -> Walker:
    """Somebody who walks across the picture, sometimes stopping or turning back on the way."""
    speed = rng.uniform(0.8, 2.5) * WIDTH / seconds
    start = float(rng.uniform(-0.5, 0.15) * WIDTH)
    stop, pause = rng.uniform(0.3, 0.7) * seconds, rng.choice([0.0, 0.0, 1.0, 2.0])
    back = rng.random() < 0.2
    bob = sway(rng, 0.06 * eyes, 0.6, y)

    def x(t: float) -> float:
        way = min(t, stop) + max(t - stop - pause, 0.0) * (-1 if back else 1)
        return start + speed * way if to_right else WIDTH - start - speed * way

    turn = 14 if to_right else -14
    return Walker(
        actor,
        0.0,
        seconds,
        x,
        bob,
        eyes=sway(rng, 0.03 * eyes, 4.0, eyes),
        yaw=sway(rng, 6, 3.0, turn),
        pitch=sway(rng, 4, 1.0, float(rng.normal(0, 5))),
        roll=sway(rng, 2, 2.0),
        light=sway(rng, 0.05, 2.0, float(rng.uniform(0.7, 1.2))),
    )


def approaching(rng: np.random.Generator, actor: int, seconds: float) -> Walker:
    """Somebody who comes from far away and stops before the camera."""
    far, near, arrival = rng.uniform(8, 12), eye_distance(rng), rng.uniform(0.4, 0.8) * seconds
    begin, end = rng.uniform(0.3, 0.7, 2) * WIDTH

    def progress(t: float) -> float:
        return min(t / arrival, 1.0)

    def eyes(t: float) -> float:  # constant speed towards the camera
        return 1 / ((1 - progress(t)) / far + progress(t) / near)

    walker = standing(rng, actor, 0.0, seconds, 0.2, eyes=near)
    sideways, bob = sway(rng, 2.0, 2.0), sway(rng, 1.0, 0.6)
    return walker._replace(
        x=lambda t: begin + (end - begin) * progress(t) + sideways(t) * eyes(t) / near,
        y=lambda t: 0.45 * HEIGHT + bob(t) * eyes(t) / near,
        eyes=eyes,
    )


def still(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """One person who looks at the kiosk."""
    return [standing(rng, actors[0], 0.0, seconds, lively=0.0)]


def lively(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """One person who moves, turns, and holds things before the face."""
    return [standing(rng, actors[0], 0.0, seconds, lively=float(rng.uniform(0.4, 1.0)))]


def approach(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """One person who comes near."""
    return [approaching(rng, actors[0], seconds)]


def crossing(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """Two to four people who walk past each other, the nearer occluding the farther."""
    count = int(rng.integers(2, 5))
    sizes = sorted((eye_distance(rng) for _ in range(count)), reverse=True)
    y = rng.uniform(0.35, 0.55) * HEIGHT
    return [
        walking(rng, actors[i], seconds, size, y + float(rng.normal(0, 0.5 * size)), i % 2 == 0)
        for i, size in enumerate(sizes)
    ]


def replaced(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """One person whose place another takes while nobody is seen, and so on."""
    walkers = [standing(rng, actors[0], 0.0, rng.uniform(3.0, 4.5), float(rng.uniform(0, 0.4)))]
    for actor in actors[1:4]:
        last = walkers[-1]
        eyes, t = last.eyes(last.end), last.end
        back = t + rng.uniform(0.2, 1.5)
        x = np.clip(last.x(t) + rng.normal(0, 0.4) * eyes, 0.1 * WIDTH, 0.9 * WIDTH)
        y = np.clip(last.y(t) + rng.normal(0, 0.3) * eyes, 0.2 * HEIGHT, 0.8 * HEIGHT)
        eyes = float(np.clip(eyes * rng.uniform(0.85, 1.18), 14, 60))
        new = standing(
            rng,
            actor,
            back,
            back + rng.uniform(3.0, 4.5),
            float(rng.uniform(0, 0.4)),
            (float(x), float(y)),
            eyes,
        )
        walkers.append(new._replace(light=last.light))
    return walkers


def crowd(rng: np.random.Generator, actors: list[int], seconds: float) -> list[Walker]:
    """Six people who stand about, come and go."""
    walkers = []
    for column, actor in enumerate(actors[:6]):
        at = ((0.1 + 0.16 * column) * WIDTH, rng.uniform(0.3, 0.6) * HEIGHT)
        start = float(rng.choice([0.0, rng.uniform(0, 0.4) * seconds]))
        end = float(rng.choice([seconds, rng.uniform(0.6, 1.0) * seconds]))
        eyes = float(rng.uniform(12, 26))
        walkers.append(standing(rng, actor, start, end, float(rng.uniform(0, 0.5)), at, eyes))
    return walkers


FPS = 15.0
ALONE_S = (5.0, 5.0, 10.0, 10.0, 20.0)
# kind → function that makes its walkers, number of actors, scenes out of a hundred, lengths in seconds
KINDS: dict[str, tuple[Callable, int, int, tuple[float, ...]]] = {
    "still": (still, 1, 33, ALONE_S),
    "lively": (lively, 1, 20, ALONE_S),
    "approach": (approach, 1, 8, ALONE_S),
    "crossing": (crossing, 4, 12, (10.0,)),
    "replaced": (replaced, 4, 22, (18.0,)),
    "crowd": (crowd, 6, 5, (10.0,)),
}


def script(count: int, actors: int, seed: int) -> list[Scene]:
    """About `count` scenes of all kinds for so many actors, each of whom plays as often as any other."""
    rng = np.random.default_rng(seed)
    queue: list[int] = []
    scenes = []
    for kind, (make, needed, share, lengths) in KINDS.items():
        for _ in range(max(1, round(count * share / 100))):
            while len(queue) < needed:
                queue += rng.permutation(actors).tolist()
            chosen, queue = queue[:needed], queue[needed:]
            own = int(rng.integers(2**31))
            seconds = float(rng.choice(lengths))
            walkers = make(np.random.default_rng(own), chosen, seconds)
            scenes.append(Scene(kind, own, FPS, seconds, walkers))
    return scenes
