"""Plays a scene: pictures of each face, what a detector would say of them, and what the age net says."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from device.crop import Cropper
from device.detector import Detection
from device.geometry import Box
from device.quality import Quality, measure
from models.tracks.actors import EYE_PLACE, EYES, SIDE, Actor
from models.tracks.scenes import HEIGHT, WIDTH, Pose, Scene

EXPOSURE = 1 / 50  # seconds that a frame is exposed, for the blur of motion
ROUND = 0.42  # of the picture's side: radius of the cylinder that a turned face is painted on
# The detector's errors, in face sizes, from its third differences on clips of still people; and in pixels
HASTY, SLOW, GRAIN = 0.008, 0.012, 0.3
SLOW_S = 0.5  # seconds in which its slow errors change
HIDDEN = 0.45  # part of a face behind a nearer one from which on it is not found
MISS = 0.02  # chance to miss a face that is in plain view
FALSE = 0.02  # chance a frame that something else is taken for a face, for one to four frames
GRAINS = np.random.default_rng(7).standard_normal((2, 512, 512, 3)).astype(np.float32)  # sensor noise


class Estimator(Protocol):
    """Whatever tells an age from a crop, as `device.age.AgeNet` does."""

    def estimate(self, crop: np.ndarray) -> float:
        """Years, of a crop uint8 RGB (64, 64, 3)."""


class Sighting(NamedTuple):
    """A detection, and who it is: `person` counts the scene's walkers, -1 is nobody.

    `raw` is the age net's estimate in years and `mirrored` that of the mirrored crop; None of nobody.
    """

    detection: Detection
    person: int
    raw: float | None = None
    mirrored: float | None = None
    quality: Quality | None = None


class Moment(NamedTuple):
    """A frame: its time, what was seen, and the true box of everybody in view by walker."""

    t: float
    sightings: list[Sighting]
    truth: dict[int, Box]


class Film(NamedTuple):
    """A played scene; `ages` are the walkers' true ages."""

    scene: Scene
    ages: list[float]
    moments: list[Moment]


def play(scene: Scene, actors: list[Actor], net: Estimator) -> Film:
    """Everything that happens in the scene, frame by frame; the same on every call."""
    stage = Stage(scene, actors, net)
    frames = round(scene.seconds * scene.fps)
    return Film(scene, [actors[walker.actor].age for walker in scene.walkers],
                [stage.moment(i / scene.fps) for i in range(frames)])


class Stage:
    """The state that a scene carries from frame to frame: the errors of the detector and of the camera."""

    def __init__(self, scene: Scene, actors: list[Actor], net: Estimator):
        self._scene = scene
        self._cast = [actors[walker.actor] for walker in scene.walkers]
        self._net = net
        self._rng = rng = np.random.default_rng(scene.seed)
        self._cropper = Cropper()
        self._slow = rng.standard_normal((len(self._cast), 8, 2))  # 6 keypoints, box's centre, its extent
        self._missing = [0] * len(self._cast)
        self._phantoms: list[tuple[int, Detection]] = []
        self._noise = (rng.uniform(1.5, 7) * GRAINS).astype(np.int16)
        self._defocus = float(rng.uniform(0.0, 1.2))  # pixels
        self._gamma = float(rng.uniform(0.8, 1.3))

    def moment(self, t: float) -> Moment:
        """The next frame, at time `t`."""
        poses = [walker.pose(t) for walker in self._scene.walkers]
        keep = math.exp(-1 / (SLOW_S * self._scene.fps))
        self._slow = keep * self._slow + math.sqrt(1 - keep**2) * self._rng.standard_normal(self._slow.shape)
        truth = {i: box for i, pose in enumerate(poses) if pose and (box := self._box(i, pose))}
        sightings = [self._sight(i, poses[i], t) for i in truth if self._found(i, poses[i], truth)]
        return Moment(t, sightings + self._others(), truth)

    def _box(self, i: int, pose: Pose) -> Box | None:
        """Where the detector sees the face when it makes no error; None outside the picture."""
        box, scale = self._cast[i].box, pose.eyes / EYES
        turn = _turn(pose.roll)
        x, y = (turn @ (np.array(box.centre) - EYE_PLACE)) * scale + (pose.x, pose.y)
        w, h = box.w * scale, box.h * scale
        inside = 0 <= x < WIDTH and 0 <= y < HEIGHT
        return Box(float(x - w / 2), float(y - h / 2), w, h) if inside else None

    def _found(self, i: int, pose: Pose, truth: dict[int, Box]) -> bool:
        """Whether the detector finds the face: it misses hidden ones, and others at times for a while."""
        nearer = [truth[other].intersection(truth[i]) for other in truth if other < i]
        if nearer and max(nearer) > HIDDEN * truth[i].area:
            return False
        if self._missing[i] > 0:
            self._missing[i] -= 1
            return False
        chance = MISS + 0.15 * max(0.0, abs(pose.yaw) - 20) / 10 + 0.4 * abs(pose.cover)
        if self._rng.random() < chance * 10 / self._scene.fps:
            self._missing[i] = int(self._rng.geometric(0.5)) - 1
            return False
        return True

    def _sight(self, i: int, pose: Pose, t: float) -> Sighting:
        actor = self._cast[i]
        scale = pose.eyes / EYES
        errors = self._errors(i, actor.box.w * scale, pose)
        matrix = np.column_stack([scale * _turn(pose.roll), (pose.x, pose.y)])
        points = _yawed(actor.keypoints, pose.yaw) - EYE_PLACE
        keypoints = points @ matrix[:, :2].T + matrix[:, 2] + errors[:6]
        box = self._box(i, pose)
        w, h = box.w + errors[7, 0], box.h + errors[7, 0]
        centre = np.array(box.centre) + errors[6]
        score = 0.82 - 0.006 * abs(pose.yaw) - 0.3 * abs(pose.cover) - 1.5 / pose.eyes
        score = float(np.clip(score + 0.05 * self._rng.standard_normal(), 0.4, 0.97))
        found = Detection(Box(float(centre[0] - w / 2), float(centre[1] - h / 2), w, h), score,
                          keypoints.astype(np.float32))
        patch, origin = self._picture(i, pose, t)
        crop = self._cropper.cut(patch, found.keypoints[:2] - origin)
        raw, mirrored = self._net.estimate(crop), self._net.estimate(np.ascontiguousarray(crop[:, ::-1]))
        return Sighting(found, i, raw, mirrored, measure(crop, found))

    def _errors(self, i: int, size: float, pose: Pose) -> np.ndarray:
        """Of 6 keypoints, the box's centre and its extent, in pixels, float64 (8, 2)."""
        hasty = self._rng.standard_normal((8, 2)) * np.hypot(HASTY * size, GRAIN)
        worse = 1 + abs(pose.yaw) / 20 + 2 * abs(pose.cover)
        return worse * (hasty + SLOW * size * self._slow[i])

    def _others(self) -> list[Sighting]:
        """What is taken for a face, and stays where it is for a few frames."""
        rng = self._rng
        self._phantoms = [(left - 1, phantom) for left, phantom in self._phantoms if left > 1]
        if rng.random() < FALSE * 15 / self._scene.fps:
            side = float(rng.uniform(25, 120))
            points = rng.uniform(-0.4, 0.4, (6, 2)) * side
            centre = rng.uniform(0.1, 0.9, 2) * (WIDTH, HEIGHT)
            box = Box(*(centre - side / 2).tolist(), side, side)
            found = Detection(box, float(rng.uniform(0.4, 0.7)), (points + centre).astype(np.float32))
            self._phantoms.append((int(rng.integers(1, 5)), found))
        return [Sighting(phantom, -1) for _, phantom in self._phantoms]

    def _picture(self, i: int, pose: Pose, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The part of the frame around the face, uint8 BGR, and its left and top in the frame."""
        side = int(4.4 * pose.eyes) + 8
        origin = np.floor(np.array([pose.x, pose.y]) - (side / 2, side * 0.42))
        level = min(max(int(math.log2(EYES / pose.eyes)), 0), 3)
        picture = _turned(self._cast[i].pictures[level], pose.yaw)
        if pose.cover:
            picture = _covered(picture, pose.cover, self._scene.seed)
        scale = pose.eyes / EYES * 2**level
        turn = scale * _turn(pose.roll)
        at = np.array([pose.x, pose.y]) - origin - turn @ (np.array(EYE_PLACE) / 2**level)
        matrix = np.column_stack([turn, at])
        patch = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        return self._camera(patch, self._motion(i, t), pose.light), origin.astype(np.float32)

    def _motion(self, i: int, t: float) -> np.ndarray:
        """Pixels that the face moves while the frame is exposed, (2,)."""
        walker = self._scene.walkers[i]
        return np.array([walker.x(t) - walker.x(t - EXPOSURE), walker.y(t) - walker.y(t - EXPOSURE)])

    def _camera(self, patch: np.ndarray, motion: np.ndarray, light: float) -> np.ndarray:
        """Blur by motion and defocus, exposure, and the sensor's noise."""
        length = float(np.hypot(*motion))
        if length > 1:
            patch = cv2.filter2D(patch, -1, _streak(motion), borderType=cv2.BORDER_REPLICATE)
        if self._defocus > 0.3:
            patch = cv2.GaussianBlur(patch, (0, 0), self._defocus)
        levels = 255 * np.clip(light * (np.arange(256) / 255) ** self._gamma, 0, 1)
        side = patch.shape[0]
        x, y = self._rng.integers(0, self._noise.shape[1] - side, 2)
        noise = self._noise[self._rng.integers(2), y : y + side, x : x + side]
        return np.clip(cv2.LUT(patch, levels.astype(np.uint8)) + noise, 0, 255).astype(np.uint8)


def _turn(degrees: float) -> np.ndarray:
    """Rotation, clockwise in the picture, float64 (2, 2)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def _yawed(points: np.ndarray, yaw: float) -> np.ndarray:
    """Where points of an actor's picture go when the head turns: as if painted on a cylinder."""
    radius = ROUND * SIDE
    out = points.astype(float)
    angle = np.arcsin(np.clip((out[:, 0] - SIDE / 2) / radius, -1, 1))
    out[:, 0] = SIDE / 2 + radius * np.sin(np.clip(angle + math.radians(yaw), -math.pi / 2, math.pi / 2))
    return out


def _turned(picture: np.ndarray, yaw: float) -> np.ndarray:
    """The picture of an actor with the head turned, what lies outside the cylinder left in place."""
    if abs(yaw) < 0.5:
        return picture
    side = picture.shape[0]
    x = np.arange(side, dtype=np.float32) - (side - 1) / 2
    radius = ROUND * side
    inside = np.abs(x) < radius
    angle = np.arcsin(np.clip(x / radius, -1, 1)) - math.radians(yaw)
    source = np.where(inside, radius * np.sin(np.clip(angle, -math.pi / 2, math.pi / 2)), x) + (side - 1) / 2
    columns = np.broadcast_to(source.astype(np.float32), (side, side))
    rows = np.broadcast_to(np.arange(side, dtype=np.float32)[:, None], (side, side))
    return cv2.remap(picture, np.ascontiguousarray(columns), np.ascontiguousarray(rows), cv2.INTER_LINEAR)


def _covered(picture: np.ndarray, part: float, seed: int) -> np.ndarray:
    """A plain thing before the face: `part` of it from below, or, when negative, from the left."""
    rng = np.random.default_rng(seed)
    out = picture.copy()
    colour = [int(v) for v in rng.choice([(90, 120, 180), (30, 30, 35), (140, 130, 120), (60, 80, 130)])]
    low, high = 0.12 * out.shape[0], 0.9 * out.shape[0]
    edge = int(high - part * (high - low)) if part > 0 else int(low - part * (high - low))
    if part > 0:
        out[edge:] = colour
    else:
        out[:, :edge] = colour
    return out


def _streak(motion: np.ndarray) -> np.ndarray:
    """The kernel of a blur along `motion` (pixels), float32."""
    half = math.ceil(np.abs(motion).max() / 2)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    dx, dy = motion / 2
    ends = [(round((half - s * dx) * 16), round((half - s * dy) * 16)) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA if kernel.dtype == np.uint8 else cv2.LINE_8, 4)
    return kernel / kernel.sum()
