"""The steps of a field test as data: what is asked of people, for how long, what is measured, and its limits.

The limits are reasoned, not tuned on sites: where each comes from is in this room's README.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from device.config.schema import Settings
from device.faces.exposure_check import ADVICE, BLACK, WHITE, calibrated_range

Range = tuple[float, float]

ANY = math.inf
PREPARE_S = 8.0  # to read the sentence and to go there
WIDER = 0.5  # of a calibrated range's width: so far beside it the light is poor, and failed beyond


class Check(NamedTuple):
    """A figure with its limits: well inside `well`, poor inside `poor`, failed outside.

    `below` and `above` are what is to be done when it is too low or too high. `places` is by how many
    decimals it is shown; shares are shown as per cent.
    """

    measure: str
    what: str
    well: Range
    poor: Range
    below: str = ""
    above: str = ""
    unit: str = ""
    places: int = 0


class Step(NamedTuple):
    """What people do for `seconds`. `cue` is short enough for the picture, `sentence` is the whole of it."""

    name: str
    cue: str
    sentence: str
    seconds: float
    checks: tuple[Check, ...]


NEARER = "bring the camera nearer to the people, take a longer lens or a larger picture (--width, --height)"
FIND = (
    "did somebody stand there? If so: bring the camera nearer, turn it towards the people, give more light, "
    "or try --detector full"
)
TOWARDS = "turn the camera, or move it beside the screen, so that it looks straight at those who look there"
AIM = "the face is at the picture's edge: turn the camera up, down or aside, until it is in the middle"
LEVEL = "the camera hangs tilted: level it, or turn its picture with --rotate"
UNSURE = "focus the camera, clean its lens, give the faces more light, or bring it nearer"
LAMP = "take off the lens cap, or give light: a lamp that shines on the faces, not into the camera"
LESS = "lower the camera's exposure, or turn it away from windows and lamps"
POSTER = (
    "a picture, a screen or a mannequin: cover it, or leave that part of the picture out with "
    'tracker.ignore = "{zones}"'
)
FALSE = (
    "if nobody was there: raise --min-score, or leave that part of the picture out (tracker.ignore); "
    "else do this step again with nobody in view"
)
TURN = "was the head turned? If so: put the camera at the height of the eyes, give light from both sides"
COVERED = (
    "did somebody stand there so? If so: give more light from the front, bring the camera nearer, "
    "or try --detector full"
)
CROSS = (
    "did two people change sides? If so: hang the camera higher, or bring it to where fewer cross; "
    "people who cross are counted anew there"
)
FAST = (
    "did somebody walk past? If so: shorten the camera's exposure and give more light, "
    "turn the camera along the way they come, or try --detector full"
)


def share(measure: str, what: str, well: float, poor: float, below: str) -> Check:
    """A share of all frames or faces that should be at least `well`, and must be `poor`."""
    return Check(measure, what, (well, 1.0), (poor, 1.0), below, unit="%")


def _light() -> tuple[Check, ...]:
    allowed = calibrated_range()
    checks = [
        Check("picture", "brightness of the picture", (2 * BLACK, 1 - 2 * (1 - WHITE)), (BLACK, WHITE),
              LAMP, LESS, places=2)
    ]  # fmt: skip
    for name, what in (
        ("brightness", "brightness of the face"),
        ("sharpness", "sharpness of the face"),
        ("red", "red over green"),
        ("blue", "blue over green"),
    ):
        low, high = allowed[name]
        wider = WIDER * (high - low)
        checks.append(Check(name, what, (low, high), (low - wider, high + wider), *ADVICE[name], places=2))
    return tuple(checks)


def _eyes(well: float, poor: float) -> Check:
    return Check("eyes", "between the eyes", (well, ANY), (poor, ANY), NEARER, unit="pixels")


SURE = Check("score", "how sure the detector is", (0.6, 1.0), (0.4, 1.0), UNSURE, places=2)
SPREAD = Check(
    "spread", "spread of the age", (0.0, 12.0), (0.0, 16.0), UNSURE, UNSURE, unit="years", places=1
)
MIDDLE = (
    share("inside", "of the faces wholly in the picture", 0.9, 0.5, AIM),
    Check("yaw", "turned, of the eyes' distance", (-0.2, 0.2), (-0.35, 0.35), TOWARDS, TOWARDS, places=2),
    Check("roll", "tilted", (-12.0, 12.0), (-25.0, 25.0), LEVEL, LEVEL, unit="degrees"),
)


def steps() -> tuple[Step, ...]:
    """All steps in their order. Raises AssetError when the limits of good pictures are missing."""
    light = _light()
    find = "of the frames with a face"
    return (
        Step("nobody", "Nobody in view", "Let nobody be in view of the camera.", 15, (
            Check("still", "faces that do not move", (0, 0), (0, 0), above=POSTER),
            Check("moving", "of the frames with a false face", (0, 0.01), (0, 0.05), above=FALSE, unit="%"),
        )),
        Step("1 m", "Stand 1 m away", "Stand 1 m before the screen, and look at it.", 15, (
            share("found", find, 0.9, 0.6, FIND), light[0], *MIDDLE, SURE, _eyes(24, 16), SPREAD,
        )),
        Step("2 m", "Stand 2 m away", "Stand 2 m before the screen, and look at it.", 15, (
            share("found", find, 0.8, 0.5, FIND), SURE, _eyes(14, 9), SPREAD,
        )),
        Step("3 m", "Stand 3 m away", "Stand 3 m before the screen, and look at it.", 12, (
            share("found", find, 0.6, 0.0, FIND), _eyes(9, 0),
        )),
        Step("4 m", "Stand 4 m away", "Stand 4 m before the screen, and look at it.", 12, (
            share("found", find, 0.5, 0.0, FIND), _eyes(7, 0),
        )),
        Step("turn", "1 m: turn your head left, right",
             "Stand 1 m before the screen; turn your head slowly to the left, then to the right.", 15, (
            share("found", find, 0.7, 0.4, FIND),
            Check("left", "turned to the picture's left", (0.2, ANY), (0.1, ANY), TURN, places=2),
            Check("right", "turned to the picture's right", (0.2, ANY), (0.1, ANY), TURN, places=2),
        )),
        Step("mask", "1 m: put on a mask", "Stand 1 m before the screen with a mask on.", 12, (
            share("found", find, 0.7, 0.3, COVERED),
        )),
        Step("sunglasses", "1 m: put on sunglasses", "Stand 1 m before the screen with sunglasses on.", 12, (
            share("found", find, 0.7, 0.3, COVERED),
        )),
        Step("crossing", "Two people: change sides",
             "Two people stand side by side, 1.5 m away, look at the screen and change sides once.", 15, (
            share("two", "of the frames with two faces", 0.5, 0.25, FIND),
            Check("kept", "of two who keep their number", (2, 2), (1, 2), CROSS),
        )),
        Step("light", "1 m: the light as it is", "Stand 1 m before the screen; the light stays as it is.",
             10, (
            share("found", find, 0.9, 0.6, FIND), *light,
        )),
        Step("lamps", "1 m: lamps on, or off",
             "Stand 1 m before the screen; switch the lamps as they are at the other time of the day.", 10, (
            share("found", find, 0.9, 0.6, FIND), *light,
        )),
        Step("walk past", "Walk past", "Walk past the screen at your usual pace, and look at it.", 12, (
            Check("followed", "followed in one go", (1.0, ANY), (0.4, ANY), FAST, unit="s", places=1),
        )),
    )  # fmt: skip


def machine_checks(settings: Settings) -> tuple[Check, ...]:
    """The limits of what is measured of the machine meanwhile, by the settings."""
    hot, memory = settings.limits.hot_c, float(settings.limits.memory_mib)
    slow = "take a smaller picture (--width, --height), --detector short, fewer outputs, or a faster board"
    cool = "give the board a heat sink or a fan, and air; keep it out of the sun"
    supply = "take the supply that belongs to the board and a short cable, and cool it"
    full = "raise --memory-mib, or ask for fewer outputs"
    loose = "plug in the camera's cable anew, or change it; look into the log"
    return (
        Check("rate", "frames seen", (10, ANY), (4, ANY), slow, unit="a second", places=1),
        Check("p95", "a frame at most, 19 of 20", (0, 100), (0, 250), above=slow, unit="ms"),
        Check("memory", "memory", (0, 0.9 * memory), (0, 0.95 * memory), above=full, unit="MiB"),
        Check("temperature", "temperature", (-ANY, hot - 5), (-ANY, hot), above=cool, unit="°C"),
        Check("throttled", "of the time held back", (0, 0), (0, 0.05), above=supply, unit="%"),
        Check("restarts", "times that the camera was lost", (0, 0), (0, 1), above=loose),
    )  # fmt: skip
