"""The people of the demo scene: synthesised faces with heads and bodies drawn around them, in one picture."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import NamedTuple

import cv2
import numpy as np

from calibration.demo_people.portrait import Outfit, back_of_head, body, head, skin_of
from calibration.synthetic.build import SEED
from calibration.synthetic.face_model import Conditions, FaceModel
from calibration.synthetic.occlusions import OVAL
from calibration.synthetic.random_ints import ONE, RandomInts
from device.camera.demo import renderer
from device.camera.demo.script import CAST
from device.errors import DeviceError

QUALITY = 90  # of WebP: about 15 KB a person
VARIETY = 150  # of 256: inconspicuous faces
TURN = -900  # yaw of the turned head, 1/256 standard deviations: about 25 degrees to the left of the image
SLATE = (70, 62, 58)


class Casting(NamedTuple):
    """The face and the outfit of a role, in the order of `device.camera.demo.script.CAST`."""

    seed: int
    male: bool
    group: str
    outfit: Outfit


CASTING = (
    Casting(12, False, "white", Outfit((58, 92, 140), "long", (150, 120, 70), SLATE, "vee")),
    Casting(3, True, "black", Outfit((22, 20, 22), "short", (120, 84, 60), SLATE, "shirt")),
    Casting(6, False, "asian", Outfit((24, 26, 34), "long", (90, 80, 200), SLATE, "round")),
    Casting(13, False, "white", Outfit((80, 100, 130), "bun", (70, 70, 140), SLATE, "round")),
    Casting(0, True, "white", Outfit((190, 190, 192), "balding", (120, 105, 95), SLATE, "shirt")),
    Casting(10, False, "indian", Outfit((24, 24, 30), "curly", (60, 130, 190), SLATE, "vee")),
)


def build() -> int:
    """Write the image of all people where the demo camera reads it; returns its size in bytes."""
    model = FaceModel()
    rows = [row(model, casting, role.age) for casting, role in zip(CASTING, CAST, strict=True)]
    encoded, data = cv2.imencode(".webp", np.vstack(rows), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not encoded:
        raise DeviceError("this build of OpenCV cannot write WebP; install opencv-python-headless")
    renderer.PEOPLE.write_bytes(data.tobytes())
    return len(data)


def add_options(parser: ArgumentParser) -> None:
    """`people` has no options."""


def main(args: Namespace) -> int:
    """Draw the people anew."""
    print(f"{renderer.PEOPLE}: written, {build()} bytes")
    return 0


def row(model: FaceModel, casting: Casting, age: int) -> np.ndarray:
    """One person as `device.camera.demo.renderer` reads it: three heads and the body in a row, uint8 BGRA."""
    faces = [face(model, casting, age, yaw) for yaw in (0, TURN)]
    heads = [head(*shown, casting.outfit, casting.seed) for shown in faces]
    heads.append(back_of_head(*faces[0], casting.outfit, casting.seed))
    width, height = renderer.HEAD
    out = np.zeros((renderer.ROW, 3 * width + renderer.BODY[0], 4), np.uint8)
    for column, drawn in enumerate(heads):
        out[:height, column * width : (column + 1) * width] = cv2.resize(
            drawn, (width, height), interpolation=cv2.INTER_AREA
        )
    out[:, 3 * width :] = body(skin_of(faces[0][0]), casting.outfit)
    return out


def face(model: FaceModel, casting: Casting, age: int, yaw: int) -> tuple[np.ndarray, np.ndarray]:
    """The chip of a role, uint8 BGR, and the outline of the face on it, (n, 2) in pixels."""
    wanted = Conditions(age, casting.male, casting.group, yaw)
    latent = model.latent(wanted, RandomInts(SEED, 1000, casting.seed), VARIETY)
    chip = model.chip(latent, age, RandomInts(SEED, 1001, casting.seed))
    return np.ascontiguousarray(chip[..., ::-1]), model.points(latent)[list(OVAL)] / ONE
