"""The two ways of drawing an overlay that `bench` compares come to the same picture."""

import numpy as np

from device.bench import drawing
from device.config.loader import defaults
from device.overlay.overlay import Overlay, Status


def test_the_whole_layer_leaves_what_the_overlay_does():
    overlay = Overlay(drawing.SIZE, defaults())
    persons, status = [drawing._somebody(40)], Status(30.0, "a notice", 1.3)
    one, other = (np.full((1080, 1920, 3), 90, np.uint8) for _ in range(2))
    overlay.draw(one, persons, status)
    drawing.WholeLayer().draw(overlay, other, persons, status)
    assert (one != 90).any()
    assert np.abs(one.astype(int) - other).max() <= 2  # rounded once more


def test_both_ways_are_timed(monkeypatch):
    monkeypatch.setattr(drawing, "FRAMES", 3)
    monkeypatch.setattr(drawing, "WARM_UP", 1)
    monkeypatch.setattr(drawing, "_ms", lambda draw: draw() or 2.0)
    report = drawing.drawing(defaults())
    assert report == {"p50_ms": 2.0, "p95_ms": 2.0, "full_p50_ms": 2.0, "full_ratio": 1.0}
