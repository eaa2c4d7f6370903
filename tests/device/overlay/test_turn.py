"""The screen hangs turned, or is a mirror: what is drawn must be right for those who stand before it."""

import numpy as np
import pytest

from device.box import Box
from device.budget.timing import Timings
from device.config.loader import changed, defaults, load
from device.config.options import KEYS
from device.errors import ConfigError
from device.outputs.dispatcher import Dispatcher
from device.overlay.composition import shown_size
from device.overlay.turn import Turn
from device.person import Person

SIZE = (320, 240)
CAMERA = np.random.default_rng(5).integers(60, 120, (240, 320, 3), np.uint8)
ANNA = Person(1, Box(40.0, 90.0, 61.0, 60.0), 0.9, age=34.0, interval=(31.0, 37.0), state="settled")
BERT = Person(2, Box(200.0, 20.0, 40.0, 50.0), 0.9, state="finding")
ROTATIONS = (0, 90, 180, 270)


def picture(persons=(ANNA, BERT), camera=CAMERA, free=True, t=0.4, privacy="off", **screen):
    settings = changed(defaults(), screen=screen, overlay={"privacy": privacy})
    shown = Dispatcher(settings, SIZE, [], Timings())
    shown.notice = "No picture from the camera"
    return shown.draw(camera.copy(), free, list(persons), t, [])


def turned(image, rotate):
    return np.rot90(image, -rotate // 90)


def mirrored(person):
    x, y, w, h = person.box
    return person._replace(box=Box(320 - x - w, y, w, h))


def test_a_picture_is_copied_only_where_it_is_turned_or_mirrored():
    assert not Turn(SIZE).moves
    assert Turn(SIZE, 180).moves
    assert Turn(SIZE, mirror=True).moves


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_picture_and_text_are_turned_together(rotate, mirror, free):
    upright = picture(mirror=mirror)
    assert np.array_equal(picture(free=free, rotate=rotate, mirror=mirror), turned(upright, rotate))


def test_a_mirror_shows_people_mirrored_and_text_as_it_is_read():
    by_hand = picture([mirrored(ANNA), mirrored(BERT)], CAMERA[:, ::-1])
    assert np.array_equal(picture(mirror=True), by_hand)
    assert not np.array_equal(picture(mirror=True), picture()[:, ::-1])  # whose text nobody can read


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_silhouettes_and_blur_are_turned_with_it(rotate):
    for privacy in ("silhouette", "blur"):
        upright, other = picture(privacy=privacy), picture(privacy=privacy, rotate=rotate)
        away = np.abs(turned(upright, rotate).astype(int) - other)
        assert away.mean() < 1.5  # regions begin on whole pixels, and edges are drawn from another side


@pytest.mark.parametrize(
    ("rotate", "box"),
    [
        (0, (10, 20, 30, 40)),
        (90, (180, 10, 40, 30)),
        (180, (280, 180, 30, 40)),
        (270, (20, 280, 40, 30)),
    ],
)
def test_where_a_box_goes(rotate, box):
    assert Turn(SIZE, rotate).on_screen(Box(10, 20, 30, 40)) == box


def test_outputs_hear_of_the_size_that_is_shown():
    portrait = changed(defaults(), screen={"rotate": 90})
    assert (shown_size(portrait, SIZE), shown_size(defaults(), SIZE)) == ((240, 320), (320, 240))


@pytest.mark.parametrize("value", [45, -90, 360, "90°"])
def test_another_rotation_is_one_sentence_and_status_2(value):
    (key,) = [key for key in KEYS if (key.section, key.name) == ("screen", "rotate")]
    with pytest.raises(ConfigError, match="one of 0, 90, 180, 270") as refused:
        load(None, [(key, value)])
    assert refused.value.exit_status == 2
    assert "\n" not in str(refused.value)
