"""Scripted people for a field test: what a good site shows of each step, frame by frame."""

from device.box import Box
from device.faces.exposure_check import Measures
from device.field_test.judge import Sample
from device.field_test.sights import Face, Sight

GOOD_LIGHT = Measures(0.5, -1.2, 0.25, -0.25)
FRAMES, FPS = 60, 15.0
EYES = {"1 m": 45.0, "2 m": 23.0, "3 m": 15.0, "4 m": 11.0}
SAMPLES = [Sample(60.0, 55.0), Sample(61.0, 56.0)]


def person(frame, x=0.5, eyes=45.0, number=1, **facts):
    """A face about x, 0 to 1, that sways a little, as people do."""
    width = eyes / 0.44 / 640
    sway = 0.15 * width * ((frame % 20) - 10) / 10
    box = Box(x + sway - width / 2, 0.4, width, width * 4 / 3)
    return Face(number, box, eyes, **{"spread": 7.0, "light": GOOD_LIGHT, **facts})


def faces(name, frame):
    """The faces of a good site's step at a frame, the largest first."""
    share = frame / (FRAMES - 1)
    if name == "nobody":
        return ()
    if name == "turn":
        return (person(frame, yaw=0.5 - share),)
    if name == "crossing":
        return (person(frame, 0.25 + 0.5 * share, number=1), person(frame, 0.75 - 0.5 * share, number=2))
    if name == "walk past":
        return (person(frame, 0.1 + 0.8 * share),) if 10 < frame < 50 else ()
    return (person(frame, eyes=EYES.get(name, 45.0)),)


def sights(name, picture=0.45):
    """All frames of a good site's step."""
    return [Sight(frame / FPS, faces(name, frame), picture) for frame in range(FRAMES)]


def altered(step_sights, **facts):
    """The same people with other facts."""
    return [s._replace(faces=tuple(face._replace(**facts) for face in s.faces)) for s in step_sights]
