"""Whether the camera hangs sideways or overhead: the picture is looked at four ways."""

from __future__ import annotations

import math

import cv2

from device.faces.detector import LEFT_EYE, MOUTH, RIGHT_EYE, Detection, Detector
from device.frame import Image

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
# Of a face's uprightness, what another way must be better by. The detector finds faces that lie down, too,
# with scores to 0.93, but sees that they do: on 63 frames of clips the right way was ahead by 0.15 or more.
MARGIN = 0.08
SURE = 0.7  # an uprightness that only a face has


def uprightness(face: Detection) -> float:
    """A face's score times how far its mouth is below its eyes: -1 on its head, 0 lying, 1 standing."""
    eyes = (face.keypoints[RIGHT_EYE] + face.keypoints[LEFT_EYE]) / 2
    x, y = (float(v) for v in face.keypoints[MOUTH] - eyes)
    return face.score * y / max(math.hypot(x, y), 1e-6)


def close_ups(image: Image, detector: Detector) -> list[Detection]:
    """The faces in a picture, uint8 BGR, that a close-up shows, in its pixels."""
    close = (detector.close_up(image, face.box) for face in detector.detect(image))
    return [face for face in close if face]


def best_turn(image: Image, detector: Detector) -> int:
    """By how many degrees clockwise a picture, uint8 BGR, must be turned for its faces to stand: 0 to 270.

    By the face that a close-up shows most upright. 0 where it is well as it is, or has no sure face any way.
    """
    best = {0: max(_most_upright(image, detector) + MARGIN, SURE)}
    for degrees, turn in TURNS.items():
        best[degrees] = _most_upright(cv2.rotate(image, turn), detector)  # type: ignore[arg-type]
    return max(best, key=lambda degrees: best[degrees])


def _most_upright(image: Image, detector: Detector) -> float:
    return max(map(uprightness, close_ups(image, detector)), default=0.0)
