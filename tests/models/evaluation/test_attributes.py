"""The attributes' shares by hand, for a network that reads the answers off the crop."""

import numpy as np
import pytest

from device.age.network import Reading
from models.data.datasets import Face
from models.evaluation.attributes import attributes_report, gender, lines, spread, worn


def face(age, gender=None, race=None, name="x.jpg"):
    return Face(name, age, gender, race)


def test_gender_by_group_and_with_unsure_ones():
    faces = [face(20, "female", "white"), face(25, "male", "asian"), face(5, "male", "white"), face(80)]
    report = gender(np.array([2.0, -0.5, 3.0, 9.0]), faces)
    assert report["all"] == {"right": 66.7, "n": 3}
    assert report["16-77"] == {"right": 100.0, "n": 2}
    assert report["0s"] == {"right": 0.0, "n": 1}
    assert report["white"] == {"right": 50.0, "n": 2}
    assert report["sure"] == {"right": 50.0, "unsure": 33.3}
    assert "80s" not in report


def test_real_glasses_against_the_labels():
    names = ["10_0_0_20170103200329407.jpg.chip.jpg", "somebody_else.jpg"]
    values = np.array([[0, 1.0, 2.0, 0, 0, 0], [0, 1.0, 0, 0, 0, 0]])
    report = worn(values, [face(10, name=name) for name in names])
    assert (report["n"], report["right"]) == (1, 0.0)
    assert report["said_of"]["none"] == {"none": 0, "clear": 1, "dark": 0}
    assert worn(values[1:], [face(10, name=names[1])]) == {"n": 0}


def test_a_true_spread_holds_four_fifths_of_its_errors():
    errors = np.random.default_rng(0).exponential(3.0, 20_000)
    report = spread(np.full(20_000, 3.0), errors, np.r_[np.full(10_000, 5.0), np.full(10_000, 33.0)])
    assert report["all"] == pytest.approx(80, abs=1)
    assert set(report) == {"all", "0s", "30s"}
    assert spread(np.full(20_000, 1.5), errors, np.zeros(20_000))["all"] < 60


class Painted:
    """Says dark glasses where the eyes are dark, a covered mouth where it is not grey."""

    def read(self, crop):
        dark, mouth = crop[20, 18].mean() < 80, abs(int(crop[46, 32].mean()) - 128) > 10
        return Reading(30.0, (1.0, 0.0, -9.0, 9.0 if dark else -9.0, 9.0 if mouth else -9.0, np.log(5.0)))


def test_drawn_covers_are_counted_and_told():
    crops = [np.full((64, 64, 3), 128, np.uint8)] * 5
    report = attributes_report(Painted(), [face(30, "female")] * 5, crops)
    assert report["drawn"]["bare"] == {"none": 100.0, "clear": 0.0, "dark": 0.0, "mouth": 0.0}
    assert report["drawn"]["dark"]["dark"] == 100.0
    assert report["drawn"]["mask"]["mouth"] == 100.0
    assert report["spread"]["all"] == 100.0
    assert lines(report)[0] == "gender right: all 100.0 %, 16-77 100.0 %, 30s 100.0 %"
