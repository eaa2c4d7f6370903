"""How the demo scene looks: a soft-focus lobby, people laid on it, light and noise of a camera."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from device.camera.demo.script import Pose
from device.files import own_file
from device.frame import Image

PEOPLE = Path(__file__).with_name("people.webp")
# The picture of the people: a row each, with the head from the front, turned to the left of the picture, from
# behind, then the body. Colours are multiplied by coverage, the fourth channel.
ROW = 232
HEAD = (192, 198)  # width, height
BODY = (128, 232)
CHIP = (48.0, 57.0, 96.0)  # left, top, side of the face chip on a head
CHIP_BY_BODY = (40.73, -40.73, 46.545)  # where the chip would be on a body, which is drawn smaller
FRONT, TURNED, BACK = range(3)

BAND = 60  # rows drawn at a time: the buffers stay in the processor's cache
NOISE = 3.0  # grey levels, standard deviation
BLUR_FROM = 5.0  # pixels a frame: slower movement leaves no trace


class SceneRenderer:
    """Draws frames of one size without allocating: backdrop, people from far to near, the camera's part."""

    def __init__(self, size: tuple[int, int]) -> None:
        width = size[0]
        self.size = size
        self._backdrop = backdrop(size)
        self._people = load_people()
        self._head = np.empty((HEAD[1], HEAD[0], 4), np.uint8)
        self._colour = np.empty((BAND, width, 4), np.uint8)
        self._rgb = np.empty((BAND, width, 3), np.uint8)
        self._keep = np.empty((BAND, width), np.uint8)
        self._keep3 = np.empty((BAND, width, 3), np.uint8)
        self._noise = _noise(width)

    @property
    def held_bytes(self) -> int:
        """Memory held for drawing."""
        return sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))

    def draw(self, image: Image, people: list[Pose], speeds: dict[int, float]) -> None:
        """Draw the scene into `image`, uint8 BGR of the stage's size.

        `people` come with the farthest first; `speeds` are pixels a frame to the right, by person.
        """
        np.copyto(image, self._backdrop)
        for pose in people:
            speed = abs(speeds.get(pose.person, 0.0))
            blur = 1 + 2 * round(speed / 4) if speed > BLUR_FROM else 1
            width = 0.8 + 0.2 * math.cos(math.radians(pose.turn))
            parts = self._parts(pose.role)
            self._lay(image, parts[3], _to_picture(pose, CHIP_BY_BODY, width), blur)
            head = self._turned(parts, pose.turn)
            self._lay(image, head, _to_picture(pose, CHIP, mirrored=pose.turn > 0), blur)

    def light(self, image: Image, frame: int, gain: float) -> None:
        """The camera's part: exposure times `gain`, and noise that differs in every frame."""
        if abs(gain - 1) > 0.004:
            cv2.convertScaleAbs(image, dst=image, alpha=gain)
        rows, room = self._noise.shape[0] - BAND, self._noise.shape[1] - self.size[0]
        for number, top in enumerate(range(0, self.size[1], BAND)):
            part = image[top : top + BAND]
            for sign, combine in enumerate((cv2.add, cv2.subtract)):
                offset = (frame * 2654435761 + number * 40503 + sign * 977) >> 4
                x, y = offset % room, (offset >> 8) % rows
                combine(part, self._noise[y : y + len(part), x : x + self.size[0]], dst=part)

    def _parts(self, role: int) -> list[Image]:
        row = self._people[role * ROW : (role + 1) * ROW]
        heads = [row[: HEAD[1], n * HEAD[0] : (n + 1) * HEAD[0]] for n in range(3)]
        return [*heads, row[:, 3 * HEAD[0] : 3 * HEAD[0] + BODY[0]]]

    def _turned(self, parts: list[Image], turn: float) -> Image:
        """The head at an angle: two of its three pictures, one fading into the other."""
        turn = abs(turn)
        if turn < 60:
            first, second, share = FRONT, TURNED, (turn - 6) / 14
        else:
            first, second, share = TURNED, BACK, (turn - 70) / 30
        if share <= 0 or share >= 1:
            return parts[second if share >= 1 else first]
        return cast(Image, cv2.addWeighted(parts[first], 1 - share, parts[second], share, 0, dst=self._head))

    def _lay(self, image: Image, sheet: Image, matrix: NDArray[np.float64], blur: int) -> None:
        """Put a sheet over the picture, where `matrix` (2, 3) takes it, smeared sideways by `blur` pixels."""
        left, top, right, bottom = _reach(sheet, matrix, blur, self.size)
        if left >= right:
            return
        matrix[0, 2] -= left
        for start in range(top, bottom, BAND):
            rows = min(BAND, bottom - start)
            part = image[start : start + rows, left:right]
            shape = (slice(rows), slice(right - left))
            colour, keep, keep3 = self._colour[shape], self._keep[shape], self._keep3[shape]
            matrix[1, 2] -= start
            cv2.warpAffine(sheet, matrix, (right - left, rows), dst=colour, flags=cv2.INTER_LINEAR)
            matrix[1, 2] += start
            if blur > 1:
                cv2.blur(colour, (blur, 1), dst=colour)
            cv2.extractChannel(colour, 3, dst=keep)
            cv2.bitwise_not(keep, dst=keep)
            cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR, dst=keep3)
            cv2.multiply(part, keep3, dst=part, scale=1 / 255)
            cv2.add(part, cv2.cvtColor(colour, cv2.COLOR_BGRA2BGR, dst=self._rgb[shape]), dst=part)


def load_people() -> Image:
    """The people's pictures, uint8 (rows, columns, 4); no colour above its coverage: the file is lossy.

    Raises AssetError.
    """
    with own_file(PEOPLE, "the demo's people are"):
        people = cv2.imdecode(np.fromfile(PEOPLE, np.uint8), cv2.IMREAD_UNCHANGED)
        return np.minimum(people, people[..., 3:], out=people)


def backdrop(size: tuple[int, int]) -> Image:
    """A lobby in the afternoon, out of focus: uint8 BGR (height, width, 3). Drawn small, then enlarged."""
    small = np.empty((120, 160, 3), np.float32)
    y = np.linspace(0, 1, 120, dtype=np.float32)[:, None, None]
    x = np.linspace(0, 1, 160, dtype=np.float32)[None, :, None]
    wall = np.array((176, 190, 202), np.float32) * (1.06 - 0.22 * x) * (0.9 + 0.14 * y)
    floor = np.array((118, 140, 158), np.float32) * (0.75 + 0.5 * (y - 0.7))
    small[:] = np.where(y < 0.74, wall, floor)
    cv2.rectangle(small, (0, 8), (84, 70), (232, 234, 228), -1)  # the window, the street behind it
    cv2.rectangle(small, (0, 52), (84, 70), (206, 216, 200), -1)
    for left in (26, 54, 84):
        cv2.rectangle(small, (left, 8), (left + 1, 70), (176, 190, 200), -1)
    for number, top in enumerate((22, 38, 54)):  # shelves
        cv2.rectangle(small, (100, top), (159, top + 1), (120, 140, 156), -1)
        for place in range(12):
            hue = (place * 5 + number * 4) % 9 / 9 * 2 * math.pi
            colour = [168 + 34 * math.cos(hue + shift) for shift in (0, 2.1, 4.2)]
            corner = (101 + place * 5, top - 4 - place * 7 % 6)
            cv2.rectangle(small, corner, (104 + place * 5, top - 1), colour, -1)
    cv2.rectangle(small, (96, 78), (159, 104), (104, 132, 158), -1)  # counter
    cv2.rectangle(small, (94, 76), (159, 79), (186, 200, 212), -1)
    for dx, dy in ((-6, 0), (0, -7), (6, -1), (-3, 6), (4, 6), (0, 1)):  # a plant
        cv2.circle(small, (22 + dx, 80 + dy), 6, (92, 138, 100), -1)
    cv2.rectangle(small, (17, 90), (27, 102), (120, 130, 150), -1)
    small = cast(NDArray[np.float32], cv2.GaussianBlur(small, (0, 0), 2.2))
    for left, top in ((92, 3), (118, 5), (147, 2)):  # lamps
        cv2.circle(small, (left, top), 2, (225, 240, 250), -1, cv2.LINE_AA)
    blurred = cv2.GaussianBlur(small, (0, 0), 1.0).clip(0, 255).astype(np.uint8)
    return cast(Image, cv2.resize(blurred, size, interpolation=cv2.INTER_CUBIC))


def _noise(width: int) -> Image:
    """A strip of half of the camera's noise, uint8: one part is added, another subtracted."""
    random = np.random.Generator(np.random.PCG64(6))
    levels = random.normal(0, NOISE / math.sqrt(2), (BAND + 32, width + 64, 3))
    return (levels + 4 * NOISE).clip(0, 255).round().astype(np.uint8)


def _to_picture(
    pose: Pose, chip: tuple[float, float, float], width: float = 1.0, mirrored: bool = False
) -> NDArray[np.float64]:
    """The transform, float64 (2, 3), that takes a sheet with the chip at `chip` to the pose's place."""
    left, top, side = pose.chip
    scale = side / chip[2]
    cos, sin = scale * math.cos(pose.roll), scale * math.sin(pose.roll)
    across = -width if mirrored else width
    middle = (chip[0] + chip[2] / 2, chip[1] + chip[2] / 2)
    matrix = np.array([[cos * across, -sin, 0], [sin * across, cos, 0]])
    matrix[:, 2] = (left + side / 2, top + side / 2) - matrix[:, :2] @ middle
    return matrix


def _reach(
    sheet: Image, matrix: NDArray[np.float64], blur: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a sheet covers of the picture."""
    height, width = sheet.shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = np.floor(corners.min(axis=1)).astype(int)
    right, bottom = np.ceil(corners.max(axis=1)).astype(int)
    return max(left - blur, 0), max(top, 0), min(right + blur, size[0]), min(bottom, size[1])
