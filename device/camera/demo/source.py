"""The demo: people before a camera, without a camera. The same frames on every run, and their truth known."""

from __future__ import annotations

import math

import cv2

from device.camera.demo.renderer import SceneRenderer
from device.camera.demo.script import PERIOD_S, Pose, Truth, crowd, poses, visible
from device.camera.orientation import orientation
from device.config.schema import Settings
from device.errors import ConfigError
from device.frame import Frame

CROWD = 32  # people at most
FLICKER_S = (12.0, 15.0)  # of each round: a lamp about to fail


class Demo:
    """A source that draws its frames, endlessly: `demo`, or `demo:N` for N people who stay.

    Reads `settings.camera.width`, `height` and `fps`. `live` is False: nothing is lost when it waits.
    """

    live = False

    def __init__(self, settings: Settings, people: str = "") -> None:
        if people and not (people.isdecimal() and 1 <= int(people) <= CROWD):
            raise ConfigError(f"--source demo:{people}: give a whole number of people from 1 to {CROWD}.")
        self.name = f"demo:{people}" if people else "demo"
        camera = settings.camera
        self.size = orientation(camera).size((camera.width, camera.height))  # a camera's; upright people
        self.small_size: tuple[int, int] | None = None
        self.fps = settings.camera.fps
        self._people = int(people or 0)
        self._scene = SceneRenderer(self.size)
        self._next = 0

    def read(self, frame: Frame, timeout: float) -> bool:
        """Draw the next frame; always True."""
        self.draw(self._next, frame)
        self._next += 1
        return True

    def draw(self, index: int, frame: Frame) -> None:
        """Draw the frame of any index into `frame`."""
        people, before = self._poses(index), self._poses(index - 1)
        places = {pose.person: pose.chip[0] for pose in before}
        speeds = {pose.person: pose.chip[0] - places.get(pose.person, pose.chip[0]) for pose in people}
        self._scene.draw(frame.image, people, speeds)
        self._scene.light(frame.image, index, gain(index / self.fps))
        frame.time = index / self.fps
        if frame.small is not None:
            cv2.resize(frame.image, frame.small.shape[1::-1], dst=frame.small, interpolation=cv2.INTER_AREA)

    def truth(self, index: int) -> list[Truth]:
        """Who is to be seen in the frame of this index: person, box of the face in pixels, age in years."""
        return visible(self._poses(index), self.size)

    def close(self) -> None:
        """Nothing to give back."""

    def _poses(self, index: int) -> list[Pose]:
        time = max(index, 0) / self.fps
        return crowd(self._people, time, self.size) if self._people else poses(time, self.size)


def gain(time: float) -> float:
    """The light at a moment, about 1: the mains' slow beat, a cloud in each round, a lamp that flickers."""
    moment = time % PERIOD_S
    level = 1 + 0.015 * math.sin(2 * math.pi * 1.7 * time)
    level -= 0.22 * math.exp(-(((moment - 26) / 2.5) ** 2))
    if FLICKER_S[0] < moment < FLICKER_S[1] and math.sin(37 * moment) + math.sin(23 * moment) > 0.6:
        level -= 0.28
    return level
