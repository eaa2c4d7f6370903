"""What the int8 files of other forms mean, by hand."""

import numpy as np
import pytest

from device.errors import ModelError
from models.evaluation.heads import decode, open_network, read_metadata

AGES = (0, 100, 1)


def test_a_distribution_is_its_expectation():
    logits = np.full(101, -100.0)
    logits[[20, 40]] = 3.0
    assert decode("distribution", [logits], *AGES) == pytest.approx(30.0)


def test_ranks_are_counted_from_the_lowest_value():
    assert decode("ranks", [np.array([2.0, 1.0, -0.1, -3.0])], 1, 5, 1) == 3


@pytest.mark.parametrize(("value", "expected"), [(33.5, 33.5), (-4.0, 0.0), (130.0, 100.0)])
def test_a_value_stays_within_its_range(value, expected):
    assert decode("value", [np.array([value])], *AGES) == expected


def test_two_points_tell_the_label_in_their_second_tensor():
    assert decode("two_points", [np.array([0.5, 0.5]), np.array([25.0])], *AGES) == 25.0


def test_stages_are_the_papers_regression_over_the_range():
    # two bins over 4 + 1: half of the weight in the second: 0.5 · 1 · 5/2, above the lowest value
    assert decode("stages", [[0.5, 0.5], [0.0, 0.0], [0.0]], 1, 5, 1) == pytest.approx(1 + 1.25)


def test_static_stages_have_p_alone():
    # the second of two bins over 101 years, then the first of two within it
    assert decode("static", [[0.0, 1.0], [1.0, 0.0]], *AGES) == pytest.approx(101 / 2)


def test_the_shipped_file_is_read_as_ever():
    net = open_network("age")
    assert type(net).__name__ == "AgeNet"
    assert read_metadata(net.path.read_bytes())["name"] == "age"
    assert type(open_network(net.path)).__name__ == "AgeNet"


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "x.tflite").write_bytes(b"nothing here")
    with pytest.raises(ModelError, match=r"x\.tflite"):
        open_network(tmp_path / "x.tflite")
