"""The attributes' losses, against numbers worked by hand."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")

from models.training.attributes import attribute_loss, spread_loss  # noqa: E402

NOTHING = math.nan, (-1, -1)
EVEN = [0.0] * 6


def loss(logits, female, cover, error=1.0):
    """Of one face; an error of one year at a spread of one year costs 1."""
    return attribute_loss(
        torch.tensor([logits]), torch.tensor([female]), torch.tensor([cover]), torch.tensor([error])
    ).item()


def test_a_face_of_which_nothing_is_known_teaches_the_spread_alone():
    assert loss([5.0, 9.0, -9.0, 3.0, 7.0, 0.0], *NOTHING) == pytest.approx(1.0)


def test_an_undecided_head_costs_the_logarithm_of_its_classes():
    assert loss(EVEN, 1.0, (-1, -1)) == pytest.approx(1 + math.log(2))
    assert loss(EVEN, 0.0, (-1, 1)) == pytest.approx(1 + 2 * math.log(2))
    assert loss(EVEN, math.nan, (2, -1)) == pytest.approx(1 + math.log(3))


def test_gender_and_mouth_are_logits_of_yes():
    assert loss([2.0, 0, 0, 0, 0, 0], 1.0, (-1, -1)) == pytest.approx(1 + math.log(1 + math.exp(-2)))
    assert loss([2.0, 0, 0, 0, 0, 0], 0.0, (-1, -1)) == pytest.approx(1 + math.log(1 + math.exp(2)))
    assert loss([0, 0, 0, 0, -3.0, 0], math.nan, (-1, 0)) == pytest.approx(1 + math.log(1 + math.exp(-3)))


def test_a_bare_face_that_looks_worn_is_not_believed_and_a_drawn_one_always_is():
    clear = [0, -2.0, 2.0, -2.0, 0, 0]
    assert loss(clear, math.nan, (0, -1)) == pytest.approx(1.0)
    assert loss(clear, math.nan, (2, -1)) == pytest.approx(1 + 4 + math.log(1 + 2 * math.exp(-4)))


def test_the_spread_costs_least_where_it_is_the_error():
    error = torch.tensor([6.0])
    costs = {years: spread_loss(torch.tensor([math.log(years)]), error).item() for years in (3, 5, 6, 7, 12)}
    assert min(costs, key=costs.get) == 6
    assert costs[6] == pytest.approx(1 + math.log(6))
    assert costs[12] == pytest.approx(0.5 + math.log(12))
