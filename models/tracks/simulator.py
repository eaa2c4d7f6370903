"""Plays a scene: pictures of each face, what a detector would say of them, and what the age net says.

What a look at the whole picture finds is drawn, with errors as measured on clips; close-ups are made by the
real detector, and used again, as for a face that is not settled. How far heads turn and nod and how
focus comes and goes is as on the clips, too.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from device.box import Box
from device.faces import close_up
from device.faces.alignment import Cropper
from device.faces.detector import Detection, FaceDetector
from device.faces.quality import Quality, measure
from device.pipeline.scheduler import DUE_UNCERTAIN
from models.tracks.actors import EYE_PLACE, EYES, SIDE, Actor
from models.tracks.scenes import HEIGHT, WIDTH, Pose, Scene, sway

EXPOSURE = 1 / 50  # seconds that a frame is exposed, for the blur of motion
ROUND = 0.42  # of the picture's side: radius of the cylinder that a turned face is painted on
# The detector's errors, in face sizes, from its third differences on clips of still people; and in pixels
HASTY, SLOW, GRAIN = 0.008, 0.012, 0.3
SLOW_S = 0.5  # seconds in which its slow errors change
# What keypoints are off by beside, against close-ups on clips, in pixels of the 128 that the detector sees:
# together as long as a face stands there, together for a moment, each for a moment; at most, in face sizes
PIXEL = WIDTH / 128
STANDING, PASSING, APART = 0.8, 0.8, 0.4
MOST = 0.06
PASSING_S = 0.15  # seconds that such a moment lasts
HIDDEN = 0.45  # part of a face behind a nearer one from which on it is not found
MISS = 0.02  # chance to miss a face that is in plain view
FALSE = 0.02  # chance a frame that something else is taken for a face, for one to four frames
GRAINS = np.random.default_rng(7).standard_normal((2, 512, 512, 3)).astype(np.float32)  # sensor noise


class Estimator(Protocol):
    """Whatever tells an age from a crop, as `device.age.network.AgeNet` does."""

    def estimate(self, crop: np.ndarray) -> float:
        """Years, of a crop uint8 RGB (64, 64, 3)."""


class CloseUp(NamedTuple):
    """What the device makes of a face: its age, in years, by the crop and by its mirror image."""

    single: float
    mirrored: float
    quality: Quality

    @property
    def raw(self) -> float:
        """The age both ways round, in years."""
        return (self.single + self.mirrored) / 2


class Sighting(NamedTuple):
    """A detection, and who it is: `person` counts the scene's walkers, -1 is nobody.

    `single` is the age net's estimate in years of the crop that the detection itself places, None of nobody;
    `close` is None where the close-up shows no face, and on frames on which there is none.
    """

    detection: Detection
    person: int
    single: float | None = None
    close: CloseUp | None = None


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


def play(scene: Scene, actors: list[Actor], net: Estimator, detector: FaceDetector) -> Film:
    """Everything that happens in the scene, frame by frame; the same on every call."""
    stage = Stage(scene, actors, net, detector)
    frames = round(scene.seconds * scene.fps)
    return Film(
        scene,
        [actors[walker.actor].age for walker in scene.walkers],
        [stage.moment(i / scene.fps) for i in range(frames)],
    )


class Stage:
    """The state that a scene carries from frame to frame: the errors of the detector and of the camera."""

    def __init__(self, scene: Scene, actors: list[Actor], net: Estimator, detector: FaceDetector):
        self._scene = scene
        self._cast = [actors[walker.actor] for walker in scene.walkers]
        self._net = net
        self._rng = rng = np.random.default_rng(scene.seed)
        self._close_ups = close_up.CloseUps(detector)
        self._last: dict[int, close_up.CloseUp] = {}  # of each walker, until missed
        self._close_every = max(1, round(DUE_UNCERTAIN * scene.fps))  # frames
        self._frames = 0
        self._cropper = Cropper()
        self._slow = rng.standard_normal((len(self._cast), 8, 2))  # 6 keypoints, box's centre, its extent
        self._passing = rng.standard_normal((len(self._cast), 7, 2))  # 6 keypoints, all together
        self._standing = rng.standard_normal((len(self._cast), 2))
        self._missing = [0] * len(self._cast)
        self._phantoms: list[tuple[int, Detection]] = []
        self._noise = (rng.uniform(1.5, 7) * GRAINS).astype(np.int16)
        self._defocus = sway(rng, 0.2, 1.0, float(rng.uniform(0.0, 1.2)))  # pixels
        self._gamma = float(rng.uniform(0.8, 1.3))

    def moment(self, t: float) -> Moment:
        """The next frame, at time `t`."""
        self._frames += 1
        poses = [walker.pose(t) for walker in self._scene.walkers]
        self._fade(self._slow, SLOW_S)
        self._fade(self._passing, PASSING_S)
        truth, sightings = {}, []
        for i, pose in enumerate(poses):
            if pose and (box := self._box(i, pose)):
                truth[i] = box
        for i in truth:
            pose = poses[i]
            if pose and self._found(i, pose, truth):
                sightings.append(self._sight(i, pose, truth[i], t))
        seen = {one.person for one in sightings}
        self._last = {i: last for i, last in self._last.items() if i in seen}
        return Moment(t, sightings + self._others(), truth)

    def _fade(self, errors: np.ndarray, memory: float) -> None:
        """Move errors of unit variance on to the next frame, in place; they last `memory` seconds."""
        keep = math.exp(-1 / (memory * self._scene.fps))
        errors *= keep
        errors += math.sqrt(1 - keep**2) * self._rng.standard_normal(errors.shape)

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

    def _sight(self, i: int, pose: Pose, box: Box, t: float) -> Sighting:
        actor = self._cast[i]
        scale = pose.eyes / EYES
        errors = self._errors(i, actor.box.w * scale, pose)
        matrix = np.column_stack([scale * _turn(pose.roll), (pose.x, pose.y)])
        points = _turned_points(_turned_points(actor.keypoints, pose.yaw, 0), pose.pitch, 1) - EYE_PLACE
        keypoints = points @ matrix[:, :2].T + matrix[:, 2] + errors[:6]
        w, h = box.w + errors[7, 0], box.h + errors[7, 0]
        centre = np.array(box.centre) + errors[6]
        score = 0.82 - 0.006 * abs(pose.yaw) - 0.3 * abs(pose.cover) - 1.5 / pose.eyes
        score = float(np.clip(score + 0.05 * self._rng.standard_normal(), 0.4, 0.97))
        found = Detection(
            Box(float(centre[0] - w / 2), float(centre[1] - h / 2), w, h), score, keypoints.astype(np.float32)
        )
        patch, origin = self._picture(i, pose, t)
        single = self._net.estimate(self._cropper.cut(patch, found.keypoints[:2] - origin))
        due = self._frames % self._close_every == 0
        return Sighting(found, i, single, self._close_up(i, patch, origin, found.box, t) if due else None)

    def _close_up(self, i: int, patch: np.ndarray, origin: np.ndarray, box: Box, t: float) -> CloseUp | None:
        """As `device.pipeline` does it, of a part of the picture; without a track with the box as found."""
        last = self._last.pop(i, None)
        if last is None or not last.holds(box, t):
            last = self._close_ups.make(patch, box.shifted(*-origin), t)
            if last is None:
                return None
            face = last.face._replace(keypoints=last.face.keypoints + origin)
            last = last._replace(face=face, box=box)
        self._last[i] = last
        crop = self._cropper.cut(patch, last.face.keypoints[:2] - origin)
        single, mirrored = self._net.estimate(crop), self._net.estimate(crop[:, ::-1])
        return CloseUp(single, mirrored, measure(crop, last.face))

    def _errors(self, i: int, size: float, pose: Pose) -> np.ndarray:
        """Of 6 keypoints, the box's centre and its extent, in pixels, float64 (8, 2)."""
        hasty = self._rng.standard_normal((8, 2)) * np.hypot(HASTY * size, GRAIN)
        worse = 1 + abs(pose.yaw) / 20 + 2 * abs(pose.cover)
        errors = hasty + SLOW * size * self._slow[i]
        standing, passing, apart = (min(off * PIXEL, MOST * size) for off in (STANDING, PASSING, APART))
        errors[:6] += standing * self._standing[i] + passing * self._passing[i, 6]
        errors[:6] += apart * self._passing[i, :6]
        return worse * errors

    def _others(self) -> list[Sighting]:
        """What is taken for a face, and stays where it is for a few frames."""
        rng = self._rng
        self._phantoms = [(left - 1, phantom) for left, phantom in self._phantoms if left > 1]
        if rng.random() < FALSE * 15 / self._scene.fps:
            side = float(rng.uniform(25, 120))
            points = rng.uniform(-0.4, 0.4, (6, 2)) * side
            centre = rng.uniform(0.1, 0.9, 2) * (WIDTH, HEIGHT)
            left, top = (centre - side / 2).tolist()
            box = Box(left, top, side, side)
            found = Detection(box, float(rng.uniform(0.4, 0.7)), (points + centre).astype(np.float32))
            self._phantoms.append((int(rng.integers(1, 5)), found))
        return [Sighting(phantom, -1) for _, phantom in self._phantoms]

    def _picture(self, i: int, pose: Pose, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The part of the frame around the face, uint8 BGR, and its left and top in the frame."""
        side = int(4.4 * pose.eyes) + 8
        origin = np.floor(np.array([pose.x, pose.y]) - (side / 2, side * 0.42))
        level = min(max(int(math.log2(EYES / pose.eyes)), 0), 3)
        picture = _turned(self._cast[i].pictures[level], pose.yaw, pose.pitch)
        if pose.cover:
            picture = _covered(picture, pose.cover, self._scene.seed)
        scale = pose.eyes / EYES * 2**level
        turn = scale * _turn(pose.roll)
        at = np.array([pose.x, pose.y]) - origin - turn @ (np.array(EYE_PLACE) / 2**level)
        matrix = np.column_stack([turn, at])
        patch = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        patch = self._camera(patch, self._motion(i, t), pose.light, self._defocus(t))
        return patch, origin.astype(np.float32)

    def _motion(self, i: int, t: float) -> np.ndarray:
        """Pixels that the face moves while the frame is exposed, (2,)."""
        walker = self._scene.walkers[i]
        return np.array([walker.x(t) - walker.x(t - EXPOSURE), walker.y(t) - walker.y(t - EXPOSURE)])

    def _camera(self, patch: np.ndarray, motion: np.ndarray, light: float, defocus: float) -> np.ndarray:
        """Blur by motion and defocus, exposure, and the sensor's noise."""
        length = float(np.hypot(*motion))
        if length > 1:
            patch = cv2.filter2D(patch, -1, _streak(motion), borderType=cv2.BORDER_REPLICATE)
        if defocus > 0.3:
            patch = cv2.GaussianBlur(patch, (0, 0), defocus)
        levels = 255 * np.clip(light * (np.arange(256) / 255) ** self._gamma, 0, 1)
        side = patch.shape[0]
        x, y = self._rng.integers(0, self._noise.shape[1] - side, 2)
        noise = self._noise[self._rng.integers(2), y : y + side, x : x + side]
        return cv2.add(cv2.LUT(patch, levels.astype(np.uint8)), noise, dtype=cv2.CV_8U)


def _turn(degrees: float) -> np.ndarray:
    """Rotation, clockwise in the picture, float64 (2, 2)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def _turned_points(points: np.ndarray, degrees: float, axis: int) -> np.ndarray:
    """Where points of an actor's picture go when the head turns (axis 0) or nods (1): as on a cylinder."""
    radius = ROUND * SIDE
    out = points.astype(float)
    angle = np.arcsin(np.clip((out[:, axis] - SIDE / 2) / radius, -1, 1)) + math.radians(degrees)
    out[:, axis] = SIDE / 2 + radius * np.sin(np.clip(angle, -math.pi / 2, math.pi / 2))
    return out


def _turned(picture: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    """The picture of an actor with the head turned and nodding, what lies outside the cylinder in place."""
    side = picture.shape[0]
    columns = np.broadcast_to(_source(side, yaw), (side, side))
    rows = np.broadcast_to(_source(side, pitch)[:, None], (side, side))
    return cv2.remap(picture, np.ascontiguousarray(columns), np.ascontiguousarray(rows), cv2.INTER_LINEAR)


def _source(side: int, degrees: float) -> np.ndarray:
    """From where in a picture, `side` pixels wide, each column comes when the cylinder turns, float32."""
    x = np.arange(side, dtype=np.float32) - (side - 1) / 2
    radius = ROUND * side
    angle = np.arcsin(np.clip(x / radius, -1, 1)) - math.radians(degrees)
    turned = radius * np.sin(np.clip(angle, -math.pi / 2, math.pi / 2))
    return (np.where(np.abs(x) < radius, turned, x) + (side - 1) / 2).astype(np.float32)


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
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()
