"""Scenes: frames of clips and of the demo, with all that may be a face in them, to learn from.

The faces are known by the float detector's close-ups, averaged over several views.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from device.box import Box
from device.faces.detector import FaceDetector
from models.data.face_windows import close_views, frames, mean_face

SURE = 0.8  # score of a close-up, above which it is a face, and no print on a shirt, say
WEAK = 0.3  # score that no close-up has of what is no face


class Known(NamedTuple):
    """What is at a place in a scene: `sure` that it is a face, or that it may be one."""

    keypoints: np.ndarray  # float (6, 2), in pixels
    box: Box
    sure: bool


class Scene(NamedTuple):
    """A picture, uint8 BGR, and all that may be a face in it."""

    picture: np.ndarray
    faces: list[Known]


def scenes_of(pictures, detector: FaceDetector) -> list[Scene]:
    """Pictures with what the float detector knows of each."""
    found = []
    for picture in pictures:
        faces = []
        for look in detector.detect(picture):
            views = close_views(detector, picture, look.box)
            face = mean_face([view for view in views if view.score > SURE])
            if face is not None:
                faces.append(Known(*face, sure=True))
            elif max((view.score for view in views), default=0.0) > WEAK:
                faces.append(Known(look.keypoints, look.box, sure=False))
        found.append(Scene(picture, [face for face in faces if face.sure or not _on_body(face, faces)]))
    return found


def _on_body(spot: Known, faces: list[Known]) -> bool:
    """Whether a place lies below a face, where bodies are: a print on a shirt, folded hands."""
    x, y = spot.box.centre
    heads = (face.box for face in faces if face.sure)
    return any(
        abs(x - head.centre[0]) < 1.5 * head.w and 0.8 < (y - head.centre[1]) / head.w < 5 for head in heads
    )


def clip_scenes(path: Path) -> list[Scene]:
    """Frames of a clip."""
    return scenes_of(frames(path), FaceDetector(min_score=0.2))


def demo_scenes(step: int = 25) -> list[Scene]:
    """Frames of the built-in demo: near and far, few and many."""
    from device.camera.demo.source import Demo
    from device.config.loader import changed, defaults
    from device.frame import Frame

    size = (640, 480)
    settings = changed(defaults(), camera={"width": size[0], "height": size[1]})
    frame, pictures = Frame(size), []
    for people, indices in (("", range(0, 1200, step)), ("3", (0, 40)), ("6", (0, 40)), ("12", (0, 40))):
        demo = Demo(settings, people)
        for index in indices:
            demo.draw(index, frame)
            pictures.append(frame.image.copy())
    return scenes_of(pictures, FaceDetector(min_score=0.2))
