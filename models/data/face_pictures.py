"""Pictures with people as the detector's network sees them, and what it should say of each.

Heads of a data set's chips take the place of those in a scene, or stand before anything. What the network is
shown is a part of a scene, turned, near or far, and disturbed as other cameras and lights do.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from device.box import Box
from device.faces.detector_networks import FloatNetwork
from device.faces.letterbox import Letterbox, Look
from device.inference.interpreter import Model
from device.inference.model_files import model_path
from models.data.face_windows import MIRRORED, Sighting
from models.data.other_cameras import disturbed
from models.data.samples import ANCHORS, MOST, SIDE, Sample
from models.data.scenes import Known, Scene

FINE = 512  # of the anchors, two in each of 16×16 cells; the others are six in each of 8×8
# widths of faces, in pixels, at which each of the fine and the coarse cells' anchors says that there is one:
# where the float network does with a chance of a half or more (frames of ten clips at 12 sizes each)
FINE_WIDTHS = ((0, 33), (0, 52))
COARSE_WIDTHS = ((32, 200), (45, 200), (60, 200), (80, 200), (100, 200), (120, 200))
UNSURE = 0.5  # the float network's chance of a face from which its answers to the clean picture are learnt
FAR, NEAR = 7.0, 66.0  # pixels, the width of the face in the middle of things
TILT, TURNED = 50, 75  # degrees: faces tilted less are faces, from there on none
EMPTY = 0.12  # share of pictures without the scene's face in the middle


class Pictures:
    """Draws samples from scenes and chips; `chips` are faces of a data set, seen by the float detector."""

    OWN, SWAPPED = 0.35, 0.45  # shares: a scene as it is; with another head. The rest: heads before anything
    NO_FACE = 0.06  # of heads: upside down, or in the wrong order: no face
    CLEAN = 0.15

    def __init__(self, scenes: list[Scene], chips: list[Sighting]):
        self._scenes, self._chips = scenes, chips
        self._peopled = [scene for scene in scenes if any(face.sure for face in scene.faces)]
        self._teacher = FloatNetwork(Model(model_path("face-short")))
        self._box = Letterbox(SIDE)
        self._clean = Letterbox(SIDE)

    def draw(self, rng: np.random.Generator) -> Sample:
        """Another sample at every turn."""
        scene = self._scene(rng)
        clean, faces, middle = _seen(rng, scene)
        shown = clean if rng.random() < self.CLEAN else disturbed(rng, clean, middle)
        place = self._box.fill(shown)
        if rng.random() < 0.2:  # as if light and colour were not mended, for they are not always
            self._box.levels = None
            self._box.fill(shown, Look(whole=False))
        chances, anchors, places = self._answers(clean, faces, place)
        return Sample(self._box.pixels.copy(), chances, anchors, places)

    def _scene(self, rng: np.random.Generator) -> Scene:
        kind = rng.random()
        if kind < self.OWN or not self._chips:
            return self._scenes[rng.integers(len(self._scenes))]
        if kind < self.OWN + self.SWAPPED:
            scene = self._peopled[rng.integers(len(self._peopled))]
            return self._with_other_heads(rng, scene)
        return self._heads_before_anything(rng)

    def _with_other_heads(self, rng: np.random.Generator, scene: Scene) -> Scene:
        picture, faces = scene.picture.copy(), []
        for face in scene.faces:
            if not face.sure:
                faces.append(face)
                continue
            chip = self._chip(rng)
            onto = _similarity(chip.keypoints[:2], face.keypoints[:2])
            if known := _paste(rng, picture, chip, onto, rng.random() >= self.NO_FACE):
                faces.append(known)
        return Scene(picture, faces)

    def _heads_before_anything(self, rng: np.random.Generator) -> Scene:
        """One to three heads before a part of a scene without faces, or before colours that run."""
        picture, faces = self._background(rng), list[Known]()
        rows, columns = picture.shape[:2]
        for slot in range(count := int(rng.integers(1, 4))):
            chip = self._chip(rng)
            width = rng.uniform(0.12, 0.3) * rows
            scale, angle = width / chip.box.w, math.radians(rng.normal(0, 8))
            turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            at = np.array(((slot + 0.5) / count * columns, rng.uniform(0.25, 0.7) * rows))
            onto = np.hstack([turn, (at - turn @ np.array(chip.box.centre))[:, None]])
            if known := _paste(rng, picture, chip, onto, rng.random() >= self.NO_FACE):
                faces.append(known)
        return Scene(picture, faces)

    def _background(self, rng: np.random.Generator) -> np.ndarray:
        scene = self._scenes[rng.integers(len(self._scenes))]
        rows, columns = scene.picture.shape[:2]
        side = int(rng.uniform(0.15, 0.5) * rows)
        x, y = int(rng.integers(0, columns - side)), int(rng.integers(0, rows - side))
        spot = Box(x, y, side, side)
        if rng.random() < 0.6 and all(spot.intersection(face.box.scaled(1.6)) == 0 for face in scene.faces):
            patch = scene.picture[y : y + side, x : x + side]
        else:
            patch = rng.integers(0, 256, (int(rng.integers(1, 12)), int(rng.integers(1, 12)), 3), np.uint8)
        return cv2.resize(patch, (480, 360), interpolation=cv2.INTER_LINEAR)

    def _chip(self, rng: np.random.Generator) -> Sighting:
        chip = self._chips[rng.integers(len(self._chips))]
        if rng.random() < 0.5:
            return chip
        width = chip.picture.shape[1]
        x, y, w, h = chip.box
        keypoints = chip.keypoints[MIRRORED] * (-1, 1) + (width - 1, 0)
        return Sighting(chip.picture[:, ::-1], keypoints, Box(width - x - w, y, w, h), chip=True)

    def _answers(
        self, clean: np.ndarray, faces: list[Known], place: tuple[int, int, int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By what the float network says of the clean picture, and by what is known of its faces."""
        self._clean.fill(clean)
        boxes, logits = self._teacher.outputs(self._clean.pixels)
        said = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        scale, offset = place[2] / clean.shape[1], np.array(place[:2], np.float32)
        chances = np.zeros(len(ANCHORS), np.float32)
        anchors, places = np.full(MOST, -1, np.int16), np.zeros((MOST, 17), np.float16)
        count = 0
        for keypoints, box, sure in sorted(faces, key=lambda face: face.sure):
            middle, width = np.array(box.centre) * scale + offset, box.w * scale
            away = np.abs(ANCHORS - middle).max(1)
            near = away < 0.9 * width + 8
            if not sure:
                chances[near] = np.nan
                continue
            tilt = abs(math.degrees(math.atan2(*(keypoints[1] - keypoints[0])[::-1])))
            if tilt > TILT:
                chances[near] = 0.0 if tilt > TURNED else np.nan
                continue
            if width < FAR - 1 or not (0 <= middle[0] < SIDE and 0 <= middle[1] < SIDE):
                chances[near] = np.nan
                continue
            trusted = said[near].max() > UNSURE
            chances[near] = said[near] if trusted else np.nan
            own = answering(away, width)
            chances[own] = 1.0
            for anchor in np.flatnonzero(own | (near & (said > UNSURE) & trusted))[: MOST - count]:
                size = boxes[anchor, 2:4] if said[anchor] > 0.6 and trusted else (look_width(width),) * 2
                centre = boxes[anchor, :2] if said[anchor] > 0.6 and trusted else middle - ANCHORS[anchor]
                points = (keypoints * scale + offset - ANCHORS[anchor]).ravel()
                anchors[count], places[count] = anchor, [*centre, *size, *points, width]
                count += 1
        return chances.astype(np.float16), anchors, places


def answering(away: np.ndarray, width: float) -> np.ndarray:
    """Which anchors answer for a face of this width, bool (896,); `away`: how far off its middle each is."""
    own = np.zeros(len(ANCHORS), bool)
    for first, step, cell, widths in ((0, 2, 4.01, FINE_WIDTHS), (FINE, 6, 8.01, COARSE_WIDTHS)):
        last = FINE if first == 0 else len(ANCHORS)
        for k, (least, most) in enumerate(widths):
            if least <= width < most:
                own[first + k : last : step] = away[first + k : last : step] <= cell
    return own


def look_width(width: float) -> float:
    """How wide the float network makes the box of a face that is `width` pixels wide in a close-up."""
    return width * float(np.interp(width, (20, 43), (1.35, 1.0)))


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The map (2, 3) that takes two points to two others, without a mirror."""
    a, b = (complex(*(points[1] - points[0])) for points in (source, target))
    turn = b / a
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.hstack([linear, (target[0] - linear @ source[0])[:, None]])


def _paste(
    rng: np.random.Generator, picture: np.ndarray, chip: Sighting, onto: np.ndarray, face: bool
) -> Known | None:
    """Blend the chip's head into the picture in place, as an oval with a soft edge; `face`: in good order."""
    head, side = chip.picture, chip.picture.shape[0]
    if not face:
        half = side // 2
        flipped = np.roll(head, half, 0) if rng.random() < 0.5 else head[::-1]
        head = np.ascontiguousarray(flipped)
    size = picture.shape[1::-1]
    mask = np.zeros((side, side), np.float32)
    axes = (int(side * rng.uniform(0.4, 0.5)), int(side * rng.uniform(0.47, 0.6)))
    cv2.ellipse(mask, (side // 2, int(side * 0.48)), axes, 0, 0, 360, (1.0,), -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), side * float(rng.uniform(0.01, 0.05))), np.float32)
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]]) @ onto[:, :2].T + onto[:, 2]
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int), size)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    local = onto - np.array([[0, 0, x0], [0, 0, y0]])
    shrunk = math.hypot(*onto[:, 0])
    factor = max(1, int(1 / shrunk))
    if factor > 1:
        small = (side // factor, side // factor)
        head = cv2.resize(head, small, interpolation=cv2.INTER_AREA)
        mask = np.asarray(cv2.resize(mask, small, interpolation=cv2.INTER_AREA), np.float32)
        local = np.hstack(
            [local[:, :2] * factor, local[:, 2:] + local[:, :2] @ np.full((2, 1), (factor - 1) / 2)]
        )
    warped = cv2.warpAffine(head, local, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(mask, local, (x1 - x0, y1 - y0))[..., None]
    there = picture[y0:y1, x0:x1]
    there[:] = (share * warped + (1 - share) * there).astype(np.uint8)
    if not face:
        return None
    (cx, cy), width = onto @ (*chip.box.centre, 1), chip.box.w * shrunk
    points = chip.keypoints @ onto[:, :2].T + onto[:, 2]
    return Known(points, Box(cx - width / 2, cy - width / 2, width, width), sure=True)


def _seen(rng: np.random.Generator, scene: Scene) -> tuple[np.ndarray, list[Known], Box]:
    """A part of a scene as one picture, uint8 BGR, with its faces, and the box of the one in the middle."""
    rows, columns = scene.picture.shape[:2]
    sure = [face for face in scene.faces if face.sure]
    target = math.exp(rng.uniform(math.log(FAR), math.log(NEAR)))  # of the network's pixels
    if sure and rng.random() > EMPTY:
        box = sure[rng.integers(len(sure))].box
        at = np.array(box.centre)
    else:
        box = Box(0, 0, 0.17 * rows, 0.17 * rows)
        at = rng.uniform((0, 0), (columns, rows))
    fine = min(
        max(box.w / target * rng.uniform(0.6, 1.0), 1.0), 2.6
    )  # camera's pixels in one of the network's
    longer = round(SIDE * fine)
    shape = rng.choice([1.0, 0.75, 0.5625])
    width, height = (
        (longer, round(longer * shape)) if rng.random() < 0.85 else (round(longer * shape), longer)
    )
    kind, degrees = rng.random(), rng.normal(0, 8)
    if kind < 0.3:
        degrees = rng.uniform(-45, 45)
    elif kind < 0.36:
        degrees = rng.uniform(TURNED, 360 - TURNED)
    scale, angle = target * fine / box.w, math.radians(degrees)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    spot = rng.uniform(0.12, 0.88, 2) * (width, height)
    if rng.random() < 0.3:  # as in a close-up
        spot = rng.uniform(0.4, 0.6, 2) * (width, height)
    onto = np.hstack([turn, (spot - turn @ at)[:, None]])
    picture, map_ = scene.picture, onto
    factor = max(1, int(0.9 / scale))
    if factor > 1:
        size = (columns // factor, rows // factor)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        map_ = np.hstack(
            [onto[:, :2] * factor, onto[:, 2:] + onto[:, :2] @ np.full((2, 1), (factor - 1) / 2)]
        )
    border = cv2.BORDER_REPLICATE if rng.random() < 0.6 else cv2.BORDER_CONSTANT
    seen = cv2.warpAffine(
        picture, map_, (width, height), borderMode=border, borderValue=rng.integers(0, 256, 3).tolist()
    )
    faces = []
    for keypoints, face, known in scene.faces:
        cx, cy = onto @ (*face.centre, 1)
        w = face.w * scale
        faces.append(Known(keypoints @ onto[:, :2].T + onto[:, 2], Box(cx - w / 2, cy - w / 2, w, w), known))
    w = box.w * scale
    return seen, faces, Box(spot[0] - w / 2, spot[1] - w / 2, w, w)
