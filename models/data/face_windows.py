"""Windows around faces, as the refiner sees them on the device, with what the float detector says of each.

The teacher is the detector's close-up of the full-size picture, averaged over a few views of it. Learnt from
are chips (aligned faces of a data set) before other backgrounds, and frames of clips with what was around.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from device.box import Box
from device.faces.alignment import SIDE as CHIP_SIDE
from device.faces.border import detect_with_border
from device.faces.detector import Detection, FaceDetector
from device.faces.refiner import SIDE, WINDOW
from models.data import augment
from models.data.datasets import DataError, FaceSet

MIRRORED = [1, 0, 2, 3, 5, 4]  # keypoints of the mirror image: the eyes and the ears change places
BORDERS = (0.35, 0.5, 0.7)  # of a chip's side: the views that the teacher has of it
ZOOMS = (0.85, 1.0, 1.18)  # of the box that a clip's face is looked at closely by
EXPECTED = np.array([[0.30, 0.30], [0.69, 0.30]], np.float32)  # where chips have their eyes, of the side
AGREED = 4  # of the six views must show the face
CUT = CHIP_SIDE  # pixels of a window on its way to the network's 48
STEP = 3  # every so many frames of a clip


@dataclass(frozen=True, slots=True)
class Sighting:
    """A picture, uint8 BGR, and the teacher's face in it; a `chip` ends at the face, without surroundings."""

    picture: np.ndarray
    keypoints: np.ndarray  # float32 (6, 2), in pixels of the picture
    box: Box
    chip: bool


def mean_face(views: list[Detection]) -> tuple[np.ndarray, Box] | None:
    """Keypoints and box by all views of one face; None where too few show it."""
    if len(views) < AGREED:
        return None
    box = Box(*np.mean([view.box for view in views], 0).tolist())
    return np.mean([view.keypoints for view in views], 0), box


def mirrored(found: Detection, width: int) -> Detection:
    """What was found in a mirror image of this width, in the picture itself."""
    keypoints = np.array((width - 1, 0), np.float32) - found.keypoints[MIRRORED] * np.array(
        (1, -1), np.float32
    )
    x, y, w, h = found.box
    return Detection(Box(width - x - w, y, w, h), found.score, keypoints)


def chip_face(detector: FaceDetector, chip: np.ndarray) -> tuple[np.ndarray, Box] | None:
    """The face that the teacher sees in an aligned chip, uint8 BGR, in its pixels."""
    side = chip.shape[0]
    views = []
    for border in BORDERS:
        for flipped in (False, True):
            picture = np.ascontiguousarray(chip[:, ::-1]) if flipped else chip
            for found in detect_with_border(detector, picture, round(side * border)):
                face = mirrored(found, side) if flipped else found
                if np.abs(face.keypoints[:2] - EXPECTED * side).max() < 0.15 * side:
                    views.append(face)
                    break
    return mean_face(views)


def chips(found: FaceSet, cache: Path) -> list[Sighting]:
    """The chips of a data set in which the teacher sees a face; what it sees is kept in `cache`, an .npz."""
    pictures = [picture for _, picture in found.pictures()]
    if not cache.exists():
        detector = FaceDetector()
        rows = np.full((len(pictures), 16), np.nan, np.float32)
        for row, picture in zip(rows, tqdm(pictures, desc="teacher", unit="face", disable=None), strict=True):
            if seen := chip_face(detector, picture):
                row[:12], row[12:] = seen[0].ravel(), seen[1]
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(cache, rows=rows)
    rows = np.load(cache)["rows"]
    return [
        Sighting(picture, row[:12].reshape(6, 2), Box(*row[12:].tolist()), chip=True)
        for picture, row in zip(pictures, rows, strict=True)
        if not np.isnan(row[0])
    ]


def frames(path: Path) -> Iterator[np.ndarray]:
    """Every `STEP`th frame of a clip, uint8 BGR. Raises DataError for one that cannot be read."""
    clip, number = cv2.VideoCapture(str(path)), 0
    if not clip.isOpened():
        raise DataError(f"{path}: {'not a clip that OpenCV reads' if path.exists() else 'no such file'}")
    while True:
        whole, frame = clip.read()
        if not whole:
            return
        if number % STEP == 0:
            yield frame
        number += 1


def clip_faces(path: Path) -> tuple[list[Sighting], list[np.ndarray]]:
    """The faces that the teacher sees in a clip, with what is around them; and squares without any face."""
    detector, rng = FaceDetector(), np.random.default_rng(1)
    seen, empty = [], []
    for frame in frames(path):
        rows, columns = frame.shape[:2]
        found = detector.detect(frame)
        for face in found:
            sighting = closely(detector, frame, face.box)
            if sighting:
                seen.append(sighting)
        for _ in range(12):
            side = int(rng.uniform(0.1, 0.4) * rows)
            x, y = int(rng.integers(0, columns - side)), int(rng.integers(0, rows - side))
            spot = Box(x, y, side, side)
            if all(spot.intersection(face.box.scaled(1.3)) == 0 for face in found):
                empty.append(frame[y : y + side, x : x + side].copy())
    return seen, empty


def close_views(detector: FaceDetector, frame: np.ndarray, box: Box) -> list[Detection]:
    """The face at `box` by several close-ups."""
    columns = frame.shape[1]
    turned = np.ascontiguousarray(frame[:, ::-1])
    other = Box(columns - box.x - box.w, box.y, box.w, box.h)
    views = [face for zoom in ZOOMS if (face := detector.close_up(frame, box.scaled(zoom)))]
    views += [
        mirrored(face, columns) for zoom in ZOOMS if (face := detector.close_up(turned, other.scaled(zoom)))
    ]
    return views


def closely(detector: FaceDetector, frame: np.ndarray, box: Box) -> Sighting | None:
    """The face at `box` by several close-ups, cut out with what is around it."""
    rows, columns = frame.shape[:2]
    seen = mean_face(close_views(detector, frame, box))
    if seen is None:
        return None
    keypoints, box = seen
    x, y, w, h = (int(value) for value in box.scaled(4).clipped(columns, rows))
    return Sighting(frame[y : y + h, x : x + w].copy(), keypoints - (x, y), box.shifted(-x, -y), chip=False)


class Windows:
    """Draws training windows: another place, size, roll, background, light and cover at every turn."""

    NEGATIVE, COVERED = 0.14, 0.3  # shares: no face; of chips, something before it
    PASTED, BLENDED = 0.25, 0.55  # of chips: whole before another background; as an oval head with a body

    def __init__(self, seen: list[Sighting], empty: list[np.ndarray]):
        self._seen, self._empty = seen, empty
        self.count = len(seen)

    def draw(self, i: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """A window of face i, uint8 RGB (48, 48, 3), and its target, float32 (15,).

        The target: six keypoints x, y in sides of the window from its middle, whether there is a face, how
        much of its upper and of its lower half is covered, 0 to 1.
        """
        target = np.zeros(15, np.float32)
        window = self._no_face(i, rng) if rng.random() < self.NEGATIVE else self._face(i, rng, target)
        window = disturbed(rng, window)
        return cv2.resize(window, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), target

    def _face(self, i: int, rng: np.random.Generator, target: np.ndarray) -> np.ndarray:
        face = self._seen[i]
        picture, keypoints, box = face.picture, face.keypoints, face.box
        if face.chip and rng.random() < self.COVERED:
            scale = CUT / picture.shape[0]
            picture = cv2.resize(picture, (CUT, CUT), interpolation=cv2.INTER_AREA)
            keypoints, box = keypoints * scale, Box(*(value * scale for value in box))
            before = picture
            picture, _ = augment.occluded(rng, picture)
            changed = (before != picture).any(2)
            target[13], target[14] = changed[12:28, 12:52].mean(), changed[32:56, 16:48].mean()
        if rng.random() < 0.5:
            width = picture.shape[1]
            picture = np.ascontiguousarray(picture[:, ::-1])
            keypoints = keypoints[MIRRORED] * (-1, 1) + (width - 1, 0)
            box = Box(width - box.x - box.w, box.y, box.w, box.h)
        matrix = window_map(rng, box)
        there = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
        middle = (CUT - 1) / 2
        target[:12] = ((keypoints @ there[:2, :2].T + there[:2, 2] - middle) / CUT).ravel()
        target[12] = 1
        return self._cut(rng, picture, matrix, face.chip)

    def _cut(
        self, rng: np.random.Generator, picture: np.ndarray, matrix: np.ndarray, chip: bool
    ) -> np.ndarray:
        """The window of 64×64, RGB; a chip is trimmed, since its edges would give away where the eyes are."""
        side = picture.shape[0]
        if chip:
            left, top, right, bottom = (rng.uniform(0, 0.14, 4) * side).astype(int)
            picture = picture[top : side - bottom, left : side - right]
            matrix = matrix - ((0, 0, left), (0, 0, top))
        factor = int(max(1, round(math.hypot(matrix[0, 0], matrix[1, 0]) * rng.uniform(0.6, 1.0))))
        if factor > 1:
            size = (picture.shape[1] // factor, picture.shape[0] // factor)
            picture = cv2.resize(
                picture[: size[1] * factor, : size[0] * factor], size, interpolation=cv2.INTER_AREA
            )
            matrix = (matrix - ((0, 0, (factor - 1) / 2),) * 2) / factor
        flags, shape = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (CUT, CUT)
        kind = rng.random() if chip else 1.0
        if kind < self.PASTED:
            window = self._background(rng)
            cv2.warpAffine(picture, matrix, shape, window, flags, cv2.BORDER_TRANSPARENT)
        else:
            window = cv2.warpAffine(picture, matrix, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        if self.PASTED <= kind < self.PASTED + self.BLENDED:
            coarse = matrix * (np.array([[CUT / picture.shape[1]], [CUT / picture.shape[0]]]))
            oval = cv2.warpAffine(_oval(rng), coarse, shape, flags=flags)[..., None]
            body = _body(rng, self._background(rng), window, matrix, picture.shape[0])
            window = (oval * window + (1 - oval) * body).astype(np.uint8)
        return cv2.cvtColor(window, cv2.COLOR_BGR2RGB)

    def _background(self, rng: np.random.Generator) -> np.ndarray:
        """Something without a face, uint8 BGR (64, 64, 3)."""
        if self._empty and rng.random() < 0.6:
            patch = self._empty[rng.integers(len(self._empty))]
        else:
            patch = rng.integers(0, 256, (int(rng.integers(1, 7)), int(rng.integers(1, 7)), 3), np.uint8)
        return cv2.resize(patch, (CUT, CUT), interpolation=cv2.INTER_LINEAR)

    def _no_face(self, i: int, rng: np.random.Generator) -> np.ndarray:
        """A background, a face upside down, one in the wrong order, or far beside a face; RGB."""
        kind = rng.random()
        if kind < 0.4:
            return self._background(rng)[..., ::-1].copy()
        face = self._seen[i]
        matrix = window_map(rng, face.box)
        if kind < 0.65:
            away = rng.choice([-1.0, 1.0]) * rng.uniform(0.9, 1.4) * face.box.w
            matrix[int(rng.integers(2)), 2] += away
        window = self._cut(rng, face.picture, matrix, face.chip)
        if kind < 0.65:
            return window
        if kind < 0.85:
            return np.ascontiguousarray(window[::-1])
        half = CUT // 2
        parts = [window[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
        a, b, c, d = (parts[k] for k in (2, 3, 1, 0))
        return np.vstack([np.hstack([a, b]), np.hstack([c, d])])


def window_map(rng: np.random.Generator, box: Box) -> np.ndarray:
    """The map (2, 3) from pixels of a 64×64 window about a face to its picture, off as the tracks are."""
    side = WINDOW * box.w * math.exp(rng.uniform(-0.26, 0.34))
    roll = math.radians(rng.uniform(-45, 45) if rng.random() < 0.2 else rng.normal(0, 10))
    scale, middle = side / CUT, (CUT - 1) / 2
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    x, y = np.array(box.centre) + (rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.28)) * np.array(box.w) - 0.5
    return np.array([[cos, -sin, x - middle * (cos - sin)], [sin, cos, y - middle * (sin + cos)]], np.float64)


def _oval(rng: np.random.Generator) -> np.ndarray:
    """How much of a chip of 64×64 is kept, float32, 0 to 1: an oval about the head with a soft edge."""
    mask = np.zeros((CUT, CUT), np.float32)
    middle = (int(CUT * rng.uniform(0.46, 0.54)), int(CUT * rng.uniform(0.44, 0.54)))
    axes = (int(CUT * rng.uniform(0.36, 0.5)), int(CUT * rng.uniform(0.46, 0.6)))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 3))), np.float32)


def _body(
    rng: np.random.Generator, behind: np.ndarray, window: np.ndarray, matrix: np.ndarray, side: int
) -> np.ndarray:
    """A background, uint8 BGR (64, 64, 3), with hair, neck and shoulders where the chip's head will be."""
    there = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
    scale = math.hypot(there[0, 0], there[1, 0]) * side  # pixels of the window a chip
    x, y = (there @ (side / 2, side / 2, 1))[:2]
    down = np.array((-there[1, 0], there[0, 0])) / math.hypot(there[0, 0], there[1, 0])
    skin = window[int(np.clip(y + 0.2 * scale, 0, CUT - 1)), int(np.clip(x, 0, CUT - 1))].astype(float)
    cloth, hair = rng.integers(0, 256, 3).tolist(), (rng.uniform(0, 0.6) * skin).tolist()
    tilt = math.degrees(math.atan2(there[1, 0], there[0, 0]))
    if rng.random() < 0.6:
        axes = (int(scale * rng.uniform(0.4, 0.62)), int(scale * rng.uniform(0.45, 0.75)))
        cv2.ellipse(behind, (int(x), int(y - 0.05 * scale)), axes, tilt, 0, 360, hair, -1, cv2.LINE_AA)
    chin = np.array((x, y)) + down * scale * 0.3
    neck = chin + down * scale * 0.6
    wide = max(1, int(scale * rng.uniform(0.35, 0.55)))
    cv2.line(behind, chin.astype(int).tolist(), neck.astype(int).tolist(),
             (skin * rng.uniform(0.6, 1)).tolist(), wide, cv2.LINE_AA)  # fmt: skip
    chest = chin + down * scale * rng.uniform(0.75, 1.1)
    axes = (int(scale * rng.uniform(0.8, 1.3)), int(scale * rng.uniform(0.45, 0.6)))
    cv2.ellipse(behind, chest.astype(int).tolist(), axes, 0, 0, 360, cloth, -1, cv2.LINE_AA)
    return behind


def disturbed(rng: np.random.Generator, window: np.ndarray) -> np.ndarray:
    """As another camera would show it, uint8 RGB (64, 64, 3): far away, dark, tinted, swapped, too."""
    if rng.random() < 0.25:  # few pixels
        small = int(rng.integers(18, 44))
        window = cv2.resize(cv2.resize(window, (small, small), interpolation=cv2.INTER_AREA), (64, 64))
    if rng.random() < 0.85:
        window = augment.camera(rng, window)
    kind = rng.random()
    if kind < 0.05:
        window = window[..., ::-1]
    elif kind < 0.12:  # a tenth to a half of the light, with the sensor's noise
        light = rng.uniform(0.08, 0.5)
        noise = rng.normal(0, rng.uniform(1, 5), window.shape)
        window = np.clip(window * light + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(window)
