"""Who walks through the demo scene, when and where: the ground truth of `demo`.

Lengths are metres, angles degrees, times seconds. The camera stands at eye height before the people; a
person's place is (x, distance) on the floor, x to the right of the picture's middle at that distance.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from device.box import Box

PERIOD_S = 40.0  # then the play begins again, with new person numbers
FOCAL = 1.25  # focal length in widths of the picture: a view of 44 degrees
HORIZON = 0.40  # of the picture's height
CAMERA_HEIGHT = 1.42
CHIP_SIDE = 0.158  # a face chip's side on a grown person: the eyes are 0.39 of it apart
HIDDEN = 0.4  # a face of which more is covered is no truth
EDGE = 0.9  # a face of which less is inside the picture is none either
AWAY = 55.0  # turned further, it is not to be seen


class Role(NamedTuple):
    """A person: the age that the face was synthesised for, how high the eyes are, how large the head is."""

    age: int
    eyes: float
    scale: float = 1.0


CAST = (Role(27, 1.56), Role(41, 1.66), Role(8, 1.22, 0.94), Role(57, 1.52), Role(71, 1.62), Role(19, 1.60))


class Waypoint(NamedTuple):
    """Where a role stands at a moment, and how far the face is turned (180: its back to the camera)."""

    time: float
    x: float
    distance: float
    turn: float = 0.0


# role, its way; between two waypoints the speed swells and fades
PLAY: tuple[tuple[int, tuple[Waypoint, ...]], ...] = (
    (
        0,
        (
            Waypoint(0.5, -1.35, 1.9),
            Waypoint(4.0, -0.28, 1.15),
            Waypoint(7.0, -0.26, 1.10, 20),
            Waypoint(8.5, -0.26, 1.10, -22),
            Waypoint(10.0, -0.25, 1.12),
            Waypoint(15.0, -0.27, 1.15),
            Waypoint(18.0, -1.15, 1.35, -12),
        ),
    ),
    (
        1,
        (
            Waypoint(6.0, 1.35, 1.75),
            Waypoint(9.0, 0.42, 1.45),
            Waypoint(12.0, 0.40, 1.30),
            Waypoint(12.8, 0.40, 1.30, 180),
            Waypoint(15.2, 0.41, 1.32, 180),
            Waypoint(16.0, 0.40, 1.30),
            Waypoint(19.0, 0.36, 1.25),
            Waypoint(23.0, -1.30, 1.60, -10),
        ),
    ),
    (
        2,
        (
            Waypoint(17.0, 1.30, 1.55),
            Waypoint(20.5, 0.30, 1.15),
            Waypoint(24.0, 0.22, 1.05, -15),
            Waypoint(26.0, 0.20, 1.05),
            Waypoint(30.0, 0.22, 1.08),
            Waypoint(33.0, 1.10, 1.40, 12),
        ),
    ),
    (
        3,
        (
            Waypoint(18.0, 1.30, 1.60),
            Waypoint(21.5, 0.52, 1.42),
            Waypoint(25.0, 0.44, 1.32),
            Waypoint(28.0, 0.44, 1.30, 18),
            Waypoint(30.5, 0.44, 1.30),
            Waypoint(34.0, 1.30, 1.55, 14),
        ),
    ),
    (
        4,
        (
            Waypoint(24.5, -1.40, 1.75),
            Waypoint(27.5, -0.22, 1.42),
            Waypoint(29.0, -0.14, 1.28),
            Waypoint(35.0, -0.12, 1.24),
            Waypoint(38.5, -1.30, 1.60, -20),
        ),
    ),
    (
        5,
        (Waypoint(30.5, -1.1, 1.45), Waypoint(33.5, 1.1, 1.45)),
    ),  # crosses behind the others, fast: motion blur
)


class Pose(NamedTuple):
    """A person in one frame: `chip` is the face chip's left top corner and side in pixels."""

    person: int
    role: int
    chip: tuple[float, float, float]
    distance: float
    turn: float
    roll: float  # radians, clockwise
    face: Box


class Truth(NamedTuple):
    """A face that is to be seen in a frame."""

    person: int
    box: Box
    age: int


def poses(time: float, size: tuple[int, int]) -> list[Pose]:
    """Everybody in the scene at `time`, the farthest first; pixels of a picture of `size` (width, height)."""
    turn, moment = divmod(time, PERIOD_S)
    present = []
    for number, (role, way) in enumerate(PLAY):
        if way[0].time <= moment < way[-1].time:
            waypoint = _between(way, moment)
            present.append(_pose(int(turn) * len(PLAY) + number, role, waypoint, size))
    return sorted(present, key=lambda pose: -pose.distance)


def crowd(count: int, time: float, size: tuple[int, int]) -> list[Pose]:
    """`count` people in rows who stay and sway: a scene that costs the same in every frame."""
    width, height = size
    columns = max(1, math.ceil(math.sqrt(count * width / height * 0.75)))
    rows = math.ceil(count / columns)
    side = min(0.86 * width / columns, 0.74 * height / rows, 0.34 * height)
    people = []
    for person in range(count):
        row, column = divmod(person, columns)
        in_row = min(columns, count - row * columns)
        phase = 0.7 * person + 1.3 * time
        x = width * (column + 0.5) / in_row + 0.05 * side * math.sin(phase)
        y = height * (row + 0.40) / rows + 0.03 * side * math.sin(1.7 * phase)
        role = (person + 2 * row) % len(CAST)
        people.append(_place(person, role, x, y, side, rows - row, 0.0, 0.03 * math.sin(phase)))
    return people


def visible(people: list[Pose], size: tuple[int, int]) -> list[Truth]:
    """Those whose face the camera can see: turned to it, inside the picture, nobody before it."""
    seen = []
    for number, pose in enumerate(people):
        inside = pose.face.clipped(*size).area >= EDGE * pose.face.area
        covered = max((_cover(pose.face, nearer) for nearer in people[number + 1 :]), default=0.0)
        if inside and abs(pose.turn) <= AWAY and covered <= HIDDEN:
            seen.append(Truth(pose.person, pose.face, CAST[pose.role].age))
    return seen


def _between(way: tuple[Waypoint, ...], moment: float) -> Waypoint:
    before, after = next((a, b) for a, b in pairwise(way) if a.time <= moment < b.time)
    share = (moment - before.time) / (after.time - before.time)
    share = share * share * (3 - 2 * share)
    return Waypoint(moment, *(a + (b - a) * share for a, b in zip(before[1:], after[1:], strict=True)))


def _pose(person: int, role: int, waypoint: Waypoint, size: tuple[int, int]) -> Pose:
    """Project a waypoint; steps make the head bob and sway a little."""
    width, height = size
    metre = FOCAL * width / waypoint.distance  # pixels
    step = 2 * math.pi * (waypoint.time + waypoint.x / 0.7)
    eyes = CAST[role].eyes + 0.008 * math.sin(2 * step)
    x = width / 2 + waypoint.x * metre
    y = HORIZON * height + (CAMERA_HEIGHT - eyes) * metre
    side = CHIP_SIDE * CAST[role].scale * metre
    return _place(person, role, x, y, side, waypoint.distance, waypoint.turn, 0.02 * math.sin(step))


def _place(
    person: int, role: int, x: float, y: float, side: float, distance: float, turn: float, roll: float
) -> Pose:
    """A pose from the middle of the eyes (x, y) and the chip's side, all in pixels."""
    chip = (x - side / 2, y - 0.30 * side, side)
    # BlazeFace's box: from the eyebrows to the chin, as wide as high
    face = Box(x - 0.44 * side, y - 0.26 * side, 0.88 * side, 0.88 * side)
    return Pose(person, role, chip, distance, turn, roll, face)


def _cover(face: Box, nearer: Pose) -> float:
    """The share of a face that a nearer person's head and shoulders hide."""
    left, top, side = nearer.chip
    head = Box(left + 0.05 * side, top - 0.35 * side, 0.9 * side, 1.5 * side)
    trunk = Box(left - 0.5 * side, top + 1.15 * side, 2 * side, 5 * side)
    return sum(face.intersection(part) for part in (head, trunk)) / face.area
