"""The figures of a step: each a pure function of its sights, None where they tell nothing of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from device.box import Box
from device.field_test.sights import Face, Sight
from device.tracks.still import STILL_SHIFT

Sights = Sequence[Sight]

STILL_LOOKS = 10  # so often a face must be seen before it can be said that it does not move
STILL_IOU = 0.5  # with a face that does not move: this is it
MARGIN = 0.02  # of the picture's sides: a face nearer to its edge may be cut off
TAIL = 0.05  # share of looks beyond which a turn of the head may be a wrong look
GONE_S = 0.5  # unseen for longer, somebody is not followed meanwhile


def found(sights: Sights) -> float | None:
    """The share of frames with a face, 0 to 1."""
    return _share([bool(sight.faces) for sight in sights])


def two(sights: Sights) -> float | None:
    """The share of frames with two faces or more."""
    return _share([len(sight.faces) >= 2 for sight in sights])


def inside(sights: Sights) -> float | None:
    """The share of faces that lie wholly inside the picture, a little off its edges."""
    low, high = MARGIN, 1 - MARGIN
    boxes = [face.box for face in _largest(sights)]
    return _share([b.x >= low and b.y >= low and b.x + b.w <= high and b.y + b.h <= high for b in boxes])


def score(sights: Sights) -> float | None:
    """How sure the detector was, 0 to 1."""
    return _median([face.score for face in _largest(sights)])


def eyes(sights: Sights) -> float | None:
    """Pixels between the eyes."""
    return _median([face.eyes for face in _largest(sights)])


def yaw(sights: Sights) -> float | None:
    """How far the face is turned."""
    return _median([face.yaw for face in _largest(sights)])


def roll(sights: Sights) -> float | None:
    """How far the eyes are tilted, degrees clockwise."""
    return _median([face.roll for face in _largest(sights)])


def left(sights: Sights) -> float | None:
    """How far the face was turned to the picture's left and still found."""
    turns = sorted(face.yaw for face in _largest(sights))
    return -turns[int(TAIL * len(turns))] if turns else None


def right(sights: Sights) -> float | None:
    """The same to the right."""
    turns = sorted(face.yaw for face in _largest(sights))
    return turns[-1 - int(TAIL * len(turns))] if turns else None


def spread(sights: Sights) -> float | None:
    """How unsure the age is, in years, in the second half: by then it has had its time."""
    return _median([face.spread for face in _largest(sights[len(sights) // 2 :]) if face.spread is not None])


def picture(sights: Sights) -> float | None:
    """The picture's mean brightness, 0 to 1."""
    return _median([sight.picture for sight in sights])


def light(name: str) -> Callable[[Sights], float | None]:
    """A measure of `device.faces.exposure_check.Measures` by its name."""
    return lambda sights: _median([getattr(face.light, name) for face in _largest(sights) if face.light])


def followed(sights: Sights) -> float | None:
    """The longest time that one face kept its number, seconds."""
    begun: dict[int, float] = {}
    last: dict[int, float] = {}
    longest = 0.0
    for sight in sights:
        for face in sight.faces:
            if sight.t - last.get(face.id, -math.inf) > GONE_S:
                begun[face.id] = sight.t
            last[face.id] = sight.t
            longest = max(longest, sight.t - begun.get(face.id, sight.t))
    return longest if sights else None


def kept(sights: Sights) -> float | None:
    """Of two people who change sides, how many have their number still.

    By the first and the last frame that shows both: whose number is there again, on the other side.
    """
    pairs = [sight.faces[:2] for sight in sights if len(sight.faces) >= 2]
    if not pairs:
        return None
    before, after = ([face.id for face in sorted(pair, key=_place)] for pair in (pairs[0], pairs[-1]))
    return float(sum(one == other for one, other in zip(before, reversed(after), strict=True)))


def moving(sights: Sights) -> float | None:
    """The share of frames with a face that is none of those that do not move."""
    return found(without(sights, still_boxes(sights)))


def still(sights: Sights) -> float | None:
    """How many faces there are that do not move."""
    return float(len(still_boxes(sights))) if sights else None


def still_boxes(sights: Sights) -> list[Box]:
    """Where faces are that do not move at all: posters, mannequins, screens."""
    tracks: dict[int, list[Box]] = {}
    for sight in sights:
        for face in sight.faces:
            tracks.setdefault(face.id, []).append(face.box)
    places: list[Box] = []
    for boxes in tracks.values():
        new = all(boxes[0].iou(place) < STILL_IOU for place in places)
        if new and len(boxes) >= STILL_LOOKS and _stays(boxes):
            places.append(boxes[0])
    return places


def without(sights: Sights, places: Sequence[Box]) -> list[Sight]:
    """The sights without the faces at these places."""
    return [
        sight._replace(
            faces=tuple(
                face for face in sight.faces if all(face.box.iou(place) < STILL_IOU for place in places)
            )
        )
        for sight in sights
    ]


MEASURES: dict[str, Callable[[Sights], float | None]] = {
    "found": found,
    "two": two,
    "inside": inside,
    "score": score,
    "eyes": eyes,
    "yaw": yaw,
    "roll": roll,
    "left": left,
    "right": right,
    "spread": spread,
    "picture": picture,
    "brightness": light("brightness"),
    "sharpness": light("sharpness"),
    "red": light("red"),
    "blue": light("blue"),
    "followed": followed,
    "kept": kept,
    "moving": moving,
    "still": still,
}


def _largest(sights: Sights) -> list[Face]:
    return [sight.faces[0] for sight in sights if sight.faces]


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None


def _share(true: Sequence[bool]) -> float | None:
    return sum(true) / len(true) if true else None


def _place(face: Face) -> float:
    return face.box.centre[0]


def _stays(boxes: list[Box]) -> bool:
    """Whether they are all in one place, to a tenth of the face."""
    widths = sorted(box.w for box in boxes)
    reach = 2 * STILL_SHIFT * widths[len(widths) // 2]
    across, down = ([box.centre[axis] for box in boxes] for axis in (0, 1))
    return max(across) - min(across) <= reach and max(down) - min(down) <= reach * boxes[0].h / boxes[0].w
