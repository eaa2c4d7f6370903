"""Simulates a scene: an image of each face, its detections, and the age network's estimates.

Detections of the whole frame are sampled, with errors as measured on clips; close-ups are made by the real
detector, and kept as for a face that is not settled. Head movements and focus are as on the clips, too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from device.age.network import AgeEstimator, Reading, mean_reading
from device.box import Box
from device.faces import close_up
from device.faces.alignment import Cropper
from device.faces.detector import Detection, FaceDetector
from device.faces.quality import Quality, measure
from device.pipeline.scheduler import DUE_UNCERTAIN
from models.tracks.actors import EYE_CENTRE, EYE_DISTANCE, SIDE, Actor
from models.tracks.scenes import HEIGHT, WIDTH, Pose, Scene, sway

EXPOSURE_S = 1 / 50  # exposure time of a frame, for motion blur
HEAD_RADIUS = 0.42  # of the image's side: radius of the cylinder that models a turned head
# Standard deviations of the detector's errors, from third differences on clips of still people: in face
# sizes, independent in each frame and slow; and in pixels of the frame
FRAME_ERROR, SLOW_ERROR, PIXEL_NOISE = 0.008, 0.012, 0.3
SLOW_ERROR_S = 0.5  # time constant of the slow errors
# Further errors of the keypoints, against close-ups on clips, in pixels of the detector's input (128 wide):
# of all of them for a whole visit, of all of them for a while, of each for a while
DETECTOR_PIXEL = WIDTH / 128
PERSON_OFFSET, SHARED_DRIFT, KEYPOINT_DRIFT = 0.8, 0.8, 0.4
MAX_OFFSET = 0.06  # of each of these, in face sizes
DRIFT_S = 0.15  # time constant of the drifts
MAX_OCCLUDED = 0.45  # part of a face behind a nearer one beyond which it is not detected
MISS_RATE = 0.02  # probability to miss an unoccluded frontal face, at 10 frames a second
FALSE_POSITIVE_RATE = 0.02  # probability of a new false positive, at 15 frames a second
SENSOR_NOISE = np.random.default_rng(7).standard_normal((2, 512, 512, 3)).astype(np.float32)


class CloseUp(NamedTuple):
    """The device's inferences on a close-up: what is read of the crop and of its mirror image."""

    single: Reading
    flipped: Reading
    quality: Quality

    @property
    def both(self) -> Reading:
        """The flip-averaged reading."""
        return mean_reading(self.single, self.flipped)


class Observation(NamedTuple):
    """A detection, and whose it is: `person` is the index of the walker, -1 for a false positive.

    `single` is the age network's estimate in years on the crop by the detection's own keypoints, None for a
    false positive; `close` is None where the close-up shows no face, and on frames without a close-up.
    """

    detection: Detection
    person: int
    single: float | None = None
    close: CloseUp | None = None


class Frame(NamedTuple):
    """A frame: its time in seconds, its observations, and the true box of everybody in view, by walker."""

    t: float
    observations: list[Observation]
    ground_truth: dict[int, Box]


class Recording(NamedTuple):
    """A simulated scene; `ages` are the walkers' true ages in years."""

    scene: Scene
    ages: list[float]
    frames: list[Frame]


def play(scene: Scene, actors: list[Actor], net: AgeEstimator, detector: FaceDetector) -> Recording:
    """The recording of a scene; deterministic."""
    simulator = SceneSimulator(scene, actors, net, detector)
    frames = round(scene.seconds * scene.fps)
    return Recording(
        scene,
        [actors[walker.actor].age for walker in scene.walkers],
        [simulator.next_frame(i / scene.fps) for i in range(frames)],
    )


class SceneSimulator:
    """Simulates a scene frame by frame; carries the detector's and the camera's correlated errors."""

    def __init__(self, scene: Scene, actors: list[Actor], net: AgeEstimator, detector: FaceDetector):
        self._scene = scene
        self._actors = [actors[walker.actor] for walker in scene.walkers]
        self._net = net
        self._rng = rng = np.random.default_rng(scene.seed)
        self._close_ups = close_up.CloseUps(detector)
        self._last: dict[int, close_up.CloseUp] = {}  # close-up of each walker, until they are missed
        self._close_every = max(1, round(DUE_UNCERTAIN * scene.fps))  # frames
        self._frames = 0
        self._cropper = Cropper()
        self._slow_errors = rng.standard_normal((len(self._actors), 8, 2))  # as `_errors`
        self._drift = rng.standard_normal((len(self._actors), 7, 2))  # 6 keypoints, all together
        self._person_offset = rng.standard_normal((len(self._actors), 2))
        self._frames_to_miss = [0] * len(self._actors)
        self._false_positives: list[tuple[int, Detection]] = []
        self._noise = (rng.uniform(1.5, 7) * SENSOR_NOISE).astype(np.int16)
        self._defocus = sway(rng, 0.2, 1.0, float(rng.uniform(0.0, 1.2)))  # pixels
        self._gamma = float(rng.uniform(0.8, 1.3))

    def next_frame(self, t: float) -> Frame:
        """The next frame, at `t` seconds."""
        self._frames += 1
        poses = [walker.pose(t) for walker in self._scene.walkers]
        self._advance(self._slow_errors, SLOW_ERROR_S)
        self._advance(self._drift, DRIFT_S)
        ground_truth, observations = {}, []
        for i, pose in enumerate(poses):
            if pose and (box := self._box(i, pose)):
                ground_truth[i] = box
        for i in ground_truth:
            pose = poses[i]
            if pose and self._is_detected(i, pose, ground_truth):
                observations.append(self._observe(i, pose, ground_truth[i], t))
        seen = {one.person for one in observations}
        self._last = {i: last for i, last in self._last.items() if i in seen}
        return Frame(t, observations + self._false_observations(), ground_truth)

    def _advance(self, errors: np.ndarray, time_constant: float) -> None:
        """Advance errors by one frame, in place: AR(1) of unit variance and `time_constant` seconds."""
        keep = math.exp(-1 / (time_constant * self._scene.fps))
        errors *= keep
        errors += math.sqrt(1 - keep**2) * self._rng.standard_normal(errors.shape)

    def _box(self, i: int, pose: Pose) -> Box | None:
        """The detector's box without error; None outside the frame."""
        box, scale = self._actors[i].box, pose.eyes / EYE_DISTANCE
        turn = _rotation(pose.roll)
        x, y = (turn @ (np.array(box.centre) - EYE_CENTRE)) * scale + (pose.x, pose.y)
        w, h = box.w * scale, box.h * scale
        inside = 0 <= x < WIDTH and 0 <= y < HEIGHT
        return Box(float(x - w / 2), float(y - h / 2), w, h) if inside else None

    def _is_detected(self, i: int, pose: Pose, ground_truth: dict[int, Box]) -> bool:
        """Whether the detector finds the face: it misses occluded ones, others at times for a few frames."""
        nearer = [ground_truth[other].intersection(ground_truth[i]) for other in ground_truth if other < i]
        if nearer and max(nearer) > MAX_OCCLUDED * ground_truth[i].area:
            return False
        if self._frames_to_miss[i] > 0:
            self._frames_to_miss[i] -= 1
            return False
        chance = MISS_RATE + 0.15 * max(0.0, abs(pose.yaw) - 20) / 10 + 0.4 * abs(pose.occlusion)
        if self._rng.random() < chance * 10 / self._scene.fps:
            self._frames_to_miss[i] = int(self._rng.geometric(0.5)) - 1
            return False
        return True

    def _observe(self, i: int, pose: Pose, box: Box, t: float) -> Observation:
        actor = self._actors[i]
        scale = pose.eyes / EYE_DISTANCE
        errors = self._errors(i, actor.box.w * scale, pose)
        matrix = np.column_stack([scale * _rotation(pose.roll), (pose.x, pose.y)])
        points = _rotate_points(_rotate_points(actor.keypoints, pose.yaw, 0), pose.pitch, 1) - EYE_CENTRE
        keypoints = points @ matrix[:, :2].T + matrix[:, 2] + errors[:6]
        w, h = box.w + errors[7, 0], box.h + errors[7, 0]
        centre = np.array(box.centre) + errors[6]
        score = 0.82 - 0.006 * abs(pose.yaw) - 0.3 * abs(pose.occlusion) - 1.5 / pose.eyes
        score = float(np.clip(score + 0.05 * self._rng.standard_normal(), 0.4, 0.97))
        found = Detection(
            Box(float(centre[0] - w / 2), float(centre[1] - h / 2), w, h), score, keypoints.astype(np.float32)
        )
        patch, origin = self._picture(i, pose, t)
        single = self._net.read(self._cropper.cut(patch, found.keypoints[:2] - origin)).age
        with_close_up = self._frames % self._close_every == 0
        close = self._close_up(i, patch, origin, found.box, t) if with_close_up else None
        return Observation(found, i, single, close)

    def _close_up(self, i: int, patch: np.ndarray, origin: np.ndarray, box: Box, t: float) -> CloseUp | None:
        """As `device.pipeline` does it, on a part of the frame; by the detected box, as there is no track."""
        last = self._last.pop(i, None)
        if last is None or not last.holds(box, t):
            last = self._close_ups.make(patch, box.shifted(*-origin), t)
            if last is None:
                return None
            face = last.face._replace(keypoints=last.face.keypoints + origin)
            last = last._replace(face=face, box=box)
        self._last[i] = last
        crop = self._cropper.cut(patch, last.face.keypoints[:2] - origin)
        single, flipped = self._net.read(crop), self._net.read(crop[:, ::-1])
        return CloseUp(single, flipped, measure(crop, last.face))

    def _errors(self, i: int, size: float, pose: Pose) -> np.ndarray:
        """Errors of the 6 keypoints, the box's centre and its extent, in pixels, float64 (8, 2)."""
        independent = self._rng.standard_normal((8, 2)) * np.hypot(FRAME_ERROR * size, PIXEL_NOISE)
        difficulty = 1 + abs(pose.yaw) / 20 + 2 * abs(pose.occlusion)
        errors = independent + SLOW_ERROR * size * self._slow_errors[i]
        offset, shared_drift, keypoint_drift = (
            min(pixels * DETECTOR_PIXEL, MAX_OFFSET * size)
            for pixels in (PERSON_OFFSET, SHARED_DRIFT, KEYPOINT_DRIFT)
        )
        errors[:6] += offset * self._person_offset[i] + shared_drift * self._drift[i, 6]
        errors[:6] += keypoint_drift * self._drift[i, :6]
        return difficulty * errors

    def _false_observations(self) -> list[Observation]:
        """False positives, each of which stays where it is for a few frames."""
        rng = self._rng
        self._false_positives = [(frames - 1, found) for frames, found in self._false_positives if frames > 1]
        if rng.random() < FALSE_POSITIVE_RATE * 15 / self._scene.fps:
            side = float(rng.uniform(25, 120))
            points = rng.uniform(-0.4, 0.4, (6, 2)) * side
            centre = rng.uniform(0.1, 0.9, 2) * (WIDTH, HEIGHT)
            left, top = (centre - side / 2).tolist()
            box = Box(left, top, side, side)
            found = Detection(box, float(rng.uniform(0.4, 0.7)), (points + centre).astype(np.float32))
            self._false_positives.append((int(rng.integers(1, 5)), found))
        return [Observation(false_positive, -1) for _, false_positive in self._false_positives]

    def _picture(self, i: int, pose: Pose, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The part of the frame around the face, uint8 BGR, and its top left corner in the frame, (x, y)."""
        side = int(4.4 * pose.eyes) + 8
        origin = np.floor(np.array([pose.x, pose.y]) - (side / 2, side * 0.42))
        level = min(max(int(math.log2(EYE_DISTANCE / pose.eyes)), 0), 3)
        picture = _rotate_head(self._actors[i].pictures[level], pose.yaw, pose.pitch)
        if pose.occlusion:
            picture = _occluded(picture, pose.occlusion, self._scene.seed)
        scale = pose.eyes / EYE_DISTANCE * 2**level
        turn = scale * _rotation(pose.roll)
        at = np.array([pose.x, pose.y]) - origin - turn @ (np.array(EYE_CENTRE) / 2**level)
        matrix = np.column_stack([turn, at])
        patch = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        patch = self._camera(patch, self._motion(i, t), pose.light, self._defocus(t))
        return patch, origin.astype(np.float32)

    def _motion(self, i: int, t: float) -> np.ndarray:
        """Pixels that the face moves while the frame is exposed, (2,)."""
        walker = self._scene.walkers[i]
        return np.array([walker.x(t) - walker.x(t - EXPOSURE_S), walker.y(t) - walker.y(t - EXPOSURE_S)])

    def _camera(self, patch: np.ndarray, motion: np.ndarray, light: float, defocus: float) -> np.ndarray:
        """Motion blur, defocus, exposure, and sensor noise."""
        length = float(np.hypot(*motion))
        if length > 1:
            patch = cv2.filter2D(patch, -1, _motion_kernel(motion), borderType=cv2.BORDER_REPLICATE)
        if defocus > 0.3:
            patch = cv2.GaussianBlur(patch, (0, 0), defocus)
        levels = 255 * np.clip(light * (np.arange(256) / 255) ** self._gamma, 0, 1)
        side = patch.shape[0]
        x, y = self._rng.integers(0, self._noise.shape[1] - side, 2)
        noise = self._noise[self._rng.integers(2), y : y + side, x : x + side]
        return cv2.add(cv2.LUT(patch, levels.astype(np.uint8)), noise, dtype=cv2.CV_8U)


def _rotation(degrees: float) -> np.ndarray:
    """Rotation matrix, clockwise in the image, float64 (2, 2)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def _rotate_points(points: np.ndarray, degrees: float, axis: int) -> np.ndarray:
    """Points of an actor's image after the head turns (axis 0) or nods (axis 1): rotated on a cylinder."""
    radius = HEAD_RADIUS * SIDE
    out = points.astype(float)
    angle = np.arcsin(np.clip((out[:, axis] - SIDE / 2) / radius, -1, 1)) + math.radians(degrees)
    out[:, axis] = SIDE / 2 + radius * np.sin(np.clip(angle, -math.pi / 2, math.pi / 2))
    return out


def _rotate_head(picture: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    """The image of an actor with the head turned and nodding; outside the cylinder it stays as it is."""
    side = picture.shape[0]
    columns = np.broadcast_to(_source_positions(side, yaw), (side, side))
    rows = np.broadcast_to(_source_positions(side, pitch)[:, None], (side, side))
    return cv2.remap(picture, np.ascontiguousarray(columns), np.ascontiguousarray(rows), cv2.INTER_LINEAR)


def _source_positions(side: int, degrees: float) -> np.ndarray:
    """The source position of each column of an image `side` pixels wide when the cylinder turns, float32."""
    x = np.arange(side, dtype=np.float32) - (side - 1) / 2
    radius = HEAD_RADIUS * side
    angle = np.arcsin(np.clip(x / radius, -1, 1)) - math.radians(degrees)
    turned = radius * np.sin(np.clip(angle, -math.pi / 2, math.pi / 2))
    return (np.where(np.abs(x) < radius, turned, x) + (side - 1) / 2).astype(np.float32)


def _occluded(picture: np.ndarray, part: float, seed: int) -> np.ndarray:
    """The face occluded by a plain colour: `part` of it from below, or, when negative, from the left."""
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


def _motion_kernel(motion: np.ndarray) -> np.ndarray:
    """The kernel of motion blur along `motion` (pixels), float32."""
    half = math.ceil(np.abs(motion).max() / 2)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    dx, dy = motion / 2
    ends = [(round((half - s * dx) * 16), round((half - s * dy) * 16)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()
