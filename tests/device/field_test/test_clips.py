"""A field test on recorded clips strung together: a site where all is well, and made faults, each found.

The site has the detector for faces afar, `--detector full`; that the other will not do is one of the faults.
"""

import cv2
import numpy as np
import pytest

from device.budget.timing import Timings
from device.config.loader import changed, defaults
from device.faces.exposure_check import ADVICE
from device.field_test.conductor import Conductor
from device.field_test.judge import Sample
from device.field_test.sights import Looker
from device.field_test.steps import (
    AIM,
    COVERED,
    FALSE,
    FAST,
    FIND,
    LAMP,
    LESS,
    LEVEL,
    NEARER,
    PREPARE_S,
    TOWARDS,
    TURN,
    steps,
)
from device.frame import Frame
from device.pipeline.pipeline import Vision, open_networks
from tests.device.field_test.scenes import SECOND, SIZE, Site, with_ellipses

pytestmark = pytest.mark.native

STEPS = {step.name: step for step in steps()}
FPS, SLOWER = 10.0, 0.25  # frames a second of the film, and the part of its seconds that a step takes


@pytest.fixture(scope="module")
def site(samples):
    if not (samples / "video" / SECOND).exists():
        pytest.skip("no clip of a kiosk in the sample data")
    return Site(samples / "video")


@pytest.fixture(scope="module")
def go_through():
    """Leads through one step of a scene, on the film's own time: what was found, by measure."""
    opened = {}

    def go(name, scene, detector="full"):
        settings = changed(defaults(), detector={"range": detector})
        if detector not in opened:
            opened[detector] = open_networks(settings)
        step = STEPS[name]
        conductor = Conductor([step], Looker(SIZE), lambda: Sample(60.0), lambda: None, SLOWER)
        vision = Vision(settings, SIZE, FPS, Timings(), *opened[detector], realtime=False)
        before, during = SLOWER * PREPARE_S, SLOWER * step.seconds
        for index in range(int((before + during) * FPS) + 2):
            frame = Frame(SIZE)
            frame.time = index / FPS
            share = min(max((frame.time - before) / during, 0.0), 1.0)
            np.copyto(frame.image, scene(index, share))
            conductor.poll(frame.time)
            vision.process(frame)
            conductor.see(frame, vision.tracks)
        return {finding.measure: finding for finding in conductor.done[0].findings}

    return go


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_well_where_the_site_is(site, go_through, name):
    found = go_through(name, site.good[name])
    assert {measure for measure, finding in found.items() if finding.grade != "well"} == set()
    assert len(found) == len(STEPS[name].checks)


def poster(site):
    """A picture of somebody on the wall."""
    still = site.body(SECOND, 0, 0.8, 0.5)
    return lambda index, share: still.copy()


def tilted(site):
    turned = cv2.getRotationMatrix2D((302, 150), 25, 1.0)
    return lambda index, share: cv2.warpAffine(site.near(index), turned, SIZE)


def cut_off(site):
    return lambda index, share: np.roll(site.near(index), -270, axis=1)


def seen_as(site, change):
    return lambda index, share: change(site.near(index))


def times(*factors):
    return lambda image: np.clip(image * np.array(factors), 0, 255).astype(np.uint8)


def blurred(image):
    return cv2.GaussianBlur(image, (0, 0), 5)


FAULTS = [
    ("a poster on the wall", "nobody", poster, "still", "tracker.ignore = "),
    ("somebody walks through", "nobody", lambda site: site.good["walk past"], "moving", FALSE),
    ("nobody came", "1 m", lambda site: site.nobody, "found", FIND),
    ("the camera is too far", "1 m", lambda site: site.standing(0.6), "eyes", NEARER),
    ("the camera is turned aside", "1 m", lambda site: site.head, "yaw", TOWARDS),
    ("the camera hangs tilted", "1 m", tilted, "roll", LEVEL),
    ("the face is at the edge", "1 m", cut_off, "inside", AIM),
    ("the head was not turned", "turn", lambda site: site.near, "left", TURN),
    ("a dark lens", "light", lambda site: seen_as(site, times(0.03)), "picture", LAMP),
    ("too much light", "light", lambda site: seen_as(site, lambda i: 255 - (255 - i) // 12), "picture", LESS),
    ("out of focus", "light", lambda site: seen_as(site, blurred), "sharpness", ADVICE["sharpness"][0]),
    ("a red lamp", "lamps", lambda site: seen_as(site, times(0.5, 0.6, 1.2)), "red", ADVICE["red"][1]),
    (
        "a scarf over all of the face",
        "mask",
        lambda site: with_ellipses(site.near, (90, 90, 90), ((302, 150), (60, 70))),
        "found",
        COVERED,
    ),
    ("only one of two came", "crossing", lambda site: site.near, "two", FIND),
    (
        "too fast",
        "walk past",
        lambda site: lambda i, share: site.body(SECOND, i, 0.9, (8 * share) % 2 - 0.5),
        "followed",
        FAST,
    ),
]


@pytest.mark.parametrize(
    ("name", "scene", "measure", "remedy"),
    [fault[1:] for fault in FAULTS],
    ids=[fault[0] for fault in FAULTS],
)
def test_a_made_fault_is_found_and_its_remedy_said(site, go_through, name, scene, measure, remedy):
    finding = go_through(name, scene(site))[measure]
    assert finding.grade != "well"
    assert remedy in finding.remedy


def test_a_detector_for_near_faces_is_told_to_give_way_to_the_other(site, go_through):
    found = go_through("4 m", site.standing(0.2), "short")["found"]  # as at 5 m
    assert (found.grade, found.remedy) == ("poor", FIND)
    assert "--detector full" in FIND
