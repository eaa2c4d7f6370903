"""Orders against numbers worked by hand."""

import math

import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")

from models.training.methods import ordering  # noqa: E402

LN2, LN3 = math.log(2), math.log(3)


def test_pairs_are_asked_which_is_older():
    # 30 scores ln 3 above 20: ln(1 + 1/3) = ln 4/3; the other way round ln(1 + 3) = ln 4
    scores, ages = torch.tensor([[0.0, LN3]]), torch.tensor([[20.0, 30.0]])
    assert ordering.pairwise_order(scores, ages).item() == pytest.approx(2 * LN2 - LN3, abs=1e-5)
    assert ordering.pairwise_order(scores, ages.flip(1)).item() == pytest.approx(2 * LN2, abs=1e-5)


def test_equal_ages_ask_nothing():
    assert ordering.pairwise_order(torch.tensor([[0.0, 5.0]]), torch.tensor([[20.0, 20.0]])).item() == 0.0


def test_sinkhorn_makes_rows_and_columns_sum_to_one():
    # odds of 9 on the diagonal product: √9 = 3 to 1, so 3/4 and 1/4
    matrix = ordering.sinkhorn(torch.tensor([[[2 * LN3, 0.0], [0.0, 0.0]]])).exp()[0]
    expected = torch.tensor([[0.75, 0.25], [0.25, 0.75]])
    torch.testing.assert_close(matrix, expected, atol=1e-4, rtol=0)


def test_a_permutation_is_judged_by_each_faces_place():
    # nothing known of two faces: ln 2; the matrix of 3/4: right ln 4/3, the other way round ln 4
    logits = torch.tensor([[[2 * LN3, 0.0], [0.0, 0.0]]])
    ages = torch.tensor([[20.0, 30.0]])
    assert ordering.permutation_order(torch.zeros(1, 2, 2), ages).item() == pytest.approx(LN2, abs=1e-5)
    assert ordering.permutation_order(logits, ages).item() == pytest.approx(2 * LN2 - LN3, abs=1e-4)
    assert ordering.permutation_order(logits, ages.flip(1)).item() == pytest.approx(2 * LN2, abs=1e-4)


def test_places_are_by_age_youngest_first():
    # faces 30, 50, 20 stand at places 1, 2, 0: a head that says so has almost no loss
    logits = torch.full((1, 3, 3), -20.0)
    for face, place in enumerate((1, 2, 0)):
        logits[0, face, place] = 20.0
    assert ordering.permutation_order(logits, torch.tensor([[30.0, 50.0, 20.0]])).item() < 1e-6


def test_sequences_are_of_ages_far_enough_apart_and_no_face_is_in_two():
    ages = torch.tensor([50.0, 10, 30, 12, 52, 32, 20, 22, 40, 43])
    places = ordering.sequences(ages, length=5, apart=8.0)
    assert ages[places].sort(1).values.tolist() == [[10, 20, 30, 40, 50], [12, 22, 32, 43, 52]]
    assert len(places.unique()) == places.numel() == 10


def test_a_batch_of_one_age_has_no_sequence():
    places = ordering.sequences(torch.full((10,), 30.0))
    assert places.shape == (0, 5)
    assert ordering.pairwise_order(torch.zeros(10)[places], torch.full((10,), 30.0)[places]).item() == 0


def test_what_lies_four_years_apart_is_far_enough_and_three_is_not():
    assert len(ordering.sequences(torch.tensor([0.0, 4, 8, 12, 16]))) == 1
    assert len(ordering.sequences(torch.tensor([0.0, 3, 8, 12, 16]))) == 0
