"""Soft stagewise regression against hand-worked figures, and the shipped network's form."""

import numpy as np
import pytest

from device.age import AgeNet, both_ways, stagewise_age
from device.errors import ModelError
from device.interpreter import available
from device.pins import MODELS, model_path


def stage(p, eta=(0, 0, 0), delta=0.0):
    return np.array(p, np.float32), np.array(eta, np.float32), delta


def test_the_middle_bin_of_the_first_stage_is_a_third_of_the_span():
    assert stagewise_age([stage([0, 1, 0])], span=99) == 33


def test_stages_refine_each_other():
    stages = [stage([0, 1, 0]), stage([0, 0, 1]), stage([1, 0, 0])]
    assert stagewise_age(stages, span=81) == pytest.approx(27 + 18)


def test_shift_moves_a_bin_and_scale_stretches_all_that_follow():
    assert stagewise_age([stage([0, 1, 0], eta=(0, 0.5, 0))], span=90) == pytest.approx(45)
    wide = [stage([0, 1, 0], delta=-0.5), stage([0, 1, 0])]
    assert stagewise_age(wide, span=90) == pytest.approx(60 + 20)


def test_ages_end_at_zero_and_at_the_span():
    assert stagewise_age([stage([0, 0, 9])]) == 101
    assert stagewise_age([stage([1, 0, 0], eta=(-1, 0, 0))]) == 0


@pytest.mark.parametrize("package", available())
def test_the_shipped_network_gives_an_age(package):
    net = AgeNet("age", package)
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert 0 <= net.estimate(crop) <= 101
    assert net.estimate(crop) == net.estimate(crop)


def test_the_shipped_network_takes_raw_bytes():
    details = AgeNet("age")._model.input
    assert details["quantization"] == (1.0, -128)
    assert details["dtype"] == np.int8


def test_a_network_of_another_form_is_refused():
    with pytest.raises(ModelError, match="not an age network"):
        AgeNet(MODELS / model_path("face-short"))


def test_a_scale_of_minus_one_is_no_division_by_zero():
    assert 0 <= stagewise_age([stage([0, 1, 0], delta=-1.0)] * 3) <= 101


def test_both_ways_is_the_mean_of_the_crop_and_its_mirror_image():
    class LeftHalf:
        def estimate(self, crop):
            return float(crop[:, :32].mean())

    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:, :32] = 60
    assert both_ways(LeftHalf(), crop) == 30
