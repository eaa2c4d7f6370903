"""The report's measures: noise of layers, nearest neighbours, perturbations."""

import numpy as np
import pytest

from calibration.proofs import layers, nearest_neighbours, sensitivity
from device.faces.exposure_check import Measures

RNG = np.random.default_rng(0)


def test_sqnr_is_in_decibels():
    reference = RNG.normal(0, 1, 10_000)
    assert layers.sqnr(reference, reference + RNG.normal(0, 0.1, 10_000)) == pytest.approx(20, abs=0.5)
    assert layers.sqnr(reference, reference) > 100


def test_clipped_share_counts_what_is_cut_off():
    layer = layers.Layer("CONV_2D", (4,), -1.0, 1.0, np.zeros(4))
    assert layers.clipped_share(np.array([-2.0, -0.5, 0.5, 3.0]), layer) == 0.5


def test_a_copy_is_near_and_a_stranger_is_not():
    faces = RNG.integers(0, 256, (300, 16, 16, 3), np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    gallery = nearest_neighbours.Gallery(faces[:250])
    copy = (faces[:1] * 0.9).astype(np.uint8)
    assert min(v[0] for v in gallery.nearest(copy)) > 0.95
    assert max(v.max() for v in gallery.nearest(faces[250:])) < 0.7


@pytest.mark.parametrize("name", sensitivity.PERTURBATIONS)
def test_perturbations_keep_the_form(name):
    crop = RNG.integers(0, 256, (64, 64, 3), np.uint8)
    perturb, levels, _ = sensitivity.PERTURBATIONS[name]
    for level in levels:
        changed = perturb(crop, level, np.random.default_rng(1))
        assert changed.shape == crop.shape
        assert changed.dtype == np.uint8


def test_exposure_of_no_stops_changes_nothing():
    crop = RNG.integers(0, 256, (64, 64, 3), np.uint8)
    assert np.array_equal(sensitivity.exposure(crop, 0, RNG), crop)


def test_bounds_end_between_harmless_and_harmful():
    def row(level, mae, brightness):
        return sensitivity.Row("exposure", level, mae, 0, 0, Measures(brightness, -0.7, 0.3, -0.2))

    rows = [row(0, 5.0, 0.5), row(-1, 5.5, 0.4), row(-2, 7.0, 0.3), row(1, 5.2, 0.6)]
    assert sensitivity.bounds(rows)["brightness"][0] == pytest.approx(0.35)
