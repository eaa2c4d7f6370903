"""Whether it can be read on any picture, and by the colour-blind.

Contrast as WCAG 2.1 has it; the three kinds of colour-blindness at full severity by Machado, Oliveira and
Fernandes (2009), whose matrices apply to linear RGB.
"""

import itertools

import cv2
import numpy as np
import pytest

from device.overlay.shapes import AMBER, BADGE_OPACITY, CASING_OPACITY, GROUND, SKY, SOFT, WHITE, Shapes

BACKGROUNDS = {"black": 0, "grey": 128, "white": 255}
READ = 4.5
KINDS = {
    "none": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(bgr):
    """Linear RGB, 0 to 1."""
    share = np.asarray(bgr, float)[..., ::-1] / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def seen(bgr, kind):
    return np.clip(linear(bgr) @ KINDS[kind].T, 0, 1)


def luminance(rgb):
    return rgb @ (0.2126, 0.7152, 0.0722)


def contrast(one, two):
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def over(grey, opacity):
    return np.array(GROUND) * opacity + grey * (1 - opacity)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grey", BACKGROUNDS.values(), ids=BACKGROUNDS)
def test_what_is_written_can_be_read_on_any_picture_by_anybody(grey, kind):
    ground = seen(over(grey, BADGE_OPACITY), kind)
    for ink in (WHITE, SOFT, SKY, AMBER):
        assert contrast(seen(ink, kind), ground) >= READ
    casing = seen(over(grey, CASING_OPACITY), kind)
    assert contrast(seen(WHITE, kind), casing) >= READ


@pytest.mark.parametrize("grey", BACKGROUNDS.values(), ids=BACKGROUNDS)
def test_so_it_is_in_the_pixels_that_are_drawn(grey):
    """The lightest and the darkest pixel of each badge and bracket, as they lie on the picture."""
    shapes = Shapes(2.25)
    sprites = [shapes.label("34", "±3", False, False, 1.0), shapes.label("34", "", False, True, 1.0),
               shapes.label("", "One moment", True, False, 1.8), shapes.line("2 people", True)]  # fmt: skip
    for sprite in [*(label.sprite for label in sprites), shapes.bracket(32, 1.0).corners[0]]:
        under = np.full((sprite.colour.shape[0], sprite.colour.shape[1], 3), grey, np.uint8)
        sprite.lay(under, 0, 0)
        lights = np.sort(luminance(linear(under)).ravel())
        assert (lights[-8] + 0.05) / (lights[8] + 0.05) >= READ


@pytest.mark.parametrize("kind", KINDS)
def test_what_works_and_what_warns_are_told_apart_by_anybody(kind):
    """By colour as well as by shape: a difference in CIELAB of 20 is seen at a glance."""
    rgb = np.array([[seen(colour, kind) for colour in (SKY, AMBER, WHITE)]], np.float32)
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055).astype(np.float32)
    lab = cv2.cvtColor(encoded, cv2.COLOR_RGB2Lab)[0]
    for one, two in itertools.combinations(lab, 2):
        assert np.linalg.norm(one - two) > 20
