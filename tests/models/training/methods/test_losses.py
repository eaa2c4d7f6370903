"""Every loss against numbers worked by hand; ln 2 = 0.693147, ln 3 = 1.098612."""

import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")

from models.training.methods import (  # noqa: E402
    classes,
    distributions,
    ranks,
    regression,
    teaching,
    triplets,
)
from models.training.methods.scale import Scale  # noqa: E402

LN2, LN3 = 0.6931472, 1.0986123
THREE = Scale(0, 2)  # points 0, 1, 2
SCORES = Scale(1, 5, 0.5)  # a score such as attractiveness: nine points
EVEN = torch.zeros(1, 3)  # each of three points has a third


def t(*values):
    return torch.tensor(values)


def near(value):
    return pytest.approx(value, abs=1e-5)


def test_a_range_of_scores_has_its_points_and_labels_outside_have_the_ends():
    assert SCORES.points(EVEN).tolist() == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]
    assert SCORES.nearest(t(0.0, 1.2, 1.3, 4.9, 9.0)).tolist() == [0, 0, 1, 8, 8]
    assert Scale().count == 101


@pytest.mark.parametrize("wrong", [(1, 1, 1), (0, 10, 3), (0, 1, 0), (0, float("nan"), 1)])
def test_a_range_without_points_is_refused(wrong):
    with pytest.raises(ValueError, match=f"^range {wrong[0]} to {wrong[1]}"):
        Scale(*wrong)


def test_l1():
    assert regression.l1(t(20.0, 33.0), t(25.0, 30.0)).item() == 4.0


def test_a_column_against_a_row_is_refused_not_broadcast():
    with pytest.raises(ValueError, match=r"shapes \(2, 1\) and \(2,\) must be the same"):
        regression.l1(torch.zeros(2, 1), torch.zeros(2))


def test_stagewise_of_two_stages():
    # V 101 − 0 = 12 points of width 1; stage 1: 3 bins of 4, p on bin 1, η 0.5: 4·1.5 = 6;
    # stage 2: 2 bins, Δ 1: width 4 / (2·2) = 1, p a half on bin 1, η 0: 0.5
    zero = torch.zeros(1, 1)
    first = [t([0.0, 1.0, 0.0]), t([0.0, 0.5, 0.0]), zero]
    second = [t([0.0, 0.5]), torch.zeros(1, 2), torch.ones(1, 1)]
    assert regression.stagewise([*first, *second], Scale(0, 11)).tolist() == [6.5]
    assert regression.stagewise([*first, *second], Scale(10, 21)).tolist() == [16.5]
    assert regression.stagewise_l1([*first, *second], t(10.0), Scale(0, 11)).item() == 3.5


def test_a_labels_bell_is_symmetric_and_sums_to_one_at_the_ends():
    # about 1 with σ 1: e^−½, 1, e^−½ = 0.60653, 1, 0.60653; about 0: 1, e^−½, e^−2 = 0.13534
    middle, end = distributions.label_distribution(t(1.0, 0.0), THREE, 1.0)
    assert middle.tolist() == [near(0.274069), near(0.451863), near(0.274069)]
    assert end.tolist() == [near(0.574097), near(0.348207), near(0.077696)]


def test_dldl_is_the_kl_of_the_bell():
    # against thirds: ln 3 + Σ t ln t = 1.098612 − 2·0.274069·1.294376 − 0.451863·0.794376 = 0.030167
    loss = distributions.dldl(EVEN, t(1.0), THREE, 1.0).item()
    assert loss == pytest.approx(1.098612 - 2 * 0.274069 * 1.294376 - 0.451863 * 0.794376, abs=1e-4)
    bell = distributions.label_distribution(t(1.0), THREE, 1.0)
    assert distributions.dldl(bell.log(), t(1.0), THREE, 1.0).item() == near(0)


def test_kl_counts_nothing_where_the_target_is_nothing():
    assert distributions.kl(t([0.0, 1.0, 0.0]), EVEN).item() == near(LN3)


def test_the_expectation():
    # shares 1/4, 1/4, 1/2 of 0, 1, 2
    assert distributions.expectation(t([0.0, 0.0, LN2]), THREE).item() == near(1.25)
    assert distributions.expectation(torch.zeros(1, 9), SCORES).item() == near(3.0)


def test_dldl_v2_adds_the_expectations_error():
    logits, label = t([0.0, 0.0, LN2]), t(1.0)
    alone = distributions.dldl(logits, label, THREE, 1.0)
    joint = distributions.dldl_v2(logits, label, THREE, 1.0, weight=2.0)
    assert (joint - alone).item() == near(0.5)


def test_mean_variance():
    # thirds against 2: cross-entropy ln 3, half the squared error ½, variance 2/3
    loss = distributions.mean_variance(EVEN, t(2.0), THREE, mean_weight=0.2, variance_weight=0.3)
    assert loss.item() == near(LN3 + 0.2 * 0.5 + 0.3 * 2 / 3)


def test_two_points_hold_the_label():
    tens = Scale(0, 30, 10)
    assert distributions.two_points(t(13.0, 20.0, 35.0), tens).tolist() == [
        [0, near(0.7), near(0.3), 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


def test_ordinal_asks_a_question_for_each_rank():
    assert ranks.rank_targets(t(0.0, 1.0, 2.0), THREE).tolist() == [[0, 0], [1, 0], [1, 1]]
    # label 1 is above 0 and not above 1; σ(ln 3) = 3/4, right once and wrong once: (ln 4/3 + ln 4) / 2
    loss = ranks.ordinal(t([LN3, LN3]), t(1.0), THREE)
    assert loss.item() == near((LN2 * 2 - LN3 + LN2 * 2) / 2)


def test_the_rank_is_how_many_say_yes():
    assert ranks.ranked(t([3.0, -1.0], [3.0, 0.1], [-1.0, -1.0]), THREE).tolist() == [1.0, 2.0, 0.0]
    assert ranks.ranked(torch.ones(1, 8), SCORES).tolist() == [5.0]


def test_weights_fall_with_the_root_of_the_frequency():
    # counts 1 and 4: 1 and ½; over the five examples they sum to 3, so times 5/3
    assert classes.frequency_weights(t(1, 4, 0)).tolist() == [near(5 / 3), near(5 / 6), 0.0]
    with pytest.raises(ValueError, match="no examples"):
        classes.frequency_weights(t(0, 0))


def test_class_weights_weigh_each_example():
    loss = classes.class_weighted(torch.zeros(2, 2), t(0, 1), t(3.0, 1.0))
    assert loss.item() == near(2 * LN2)


def test_focal_turns_down_what_is_known():
    logits, label = t([0.0, LN3]), t(1)  # p = 3/4
    assert classes.focal(logits, label, gamma=2).item() == near((LN2 * 2 - LN3) / 16)
    assert classes.focal(logits, label, gamma=0).item() == near(LN2 * 2 - LN3)
    assert classes.focal(logits, label, 2, t(1.0, 8.0)).item() == near((LN2 * 2 - LN3) / 2)


def test_softened_logits():
    # teacher 2 ln 3 at T 2: 1/4, 3/4, against halves: ln 2 + ¼ ln ¼ + ¾ ln ¾ = 0.130812
    teacher, student = t([0.0, 2 * LN3]), torch.zeros(1, 2)
    assert teaching.softened_kl(student, teacher, 2.0).item() == near(0.130812)
    assert teaching.dark_knowledge(student, teacher, 2.0).item() == near(4 * 0.130812)
    assert teaching.teacher_student(t(5.0)[0], student, teacher, 0.7, 2.0).item() == near(
        1.5 + 0.7 * 0.130812
    )
    with pytest.raises(ValueError, match="temperature 0"):
        teaching.softened_kl(student, teacher, 0)
    with pytest.raises(ValueError, match=r"weight 1\.5"):
        teaching.teacher_student(t(5.0)[0], student, teacher, 1.5)


def test_the_teacher_gets_no_gradient():
    teacher, student = torch.ones(1, 2, requires_grad=True), torch.tensor([[1.0, 2.0]], requires_grad=True)
    loss = teaching.dark_knowledge(student, teacher) + teaching.hint(student, teacher, torch.eye(2))
    loss.backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0


def test_a_hint_is_the_squared_distance_after_the_adapter():
    # A·(1, 2) = (2, 3); from (0, 0): 4 + 9
    adapter = t([0.0, 1.0], [1.0, 1.0])
    assert teaching.hint(t([1.0, 2.0]), torch.zeros(1, 2), adapter).item() == 13.0


def test_a_triplet_counts_until_the_margin():
    anchor, near_by, far = t([0.0, 0.0]), t([3.0, 4.0]), t([0.0, 4.0])
    assert triplets.triplet(anchor, near_by, far, margin=0.2).item() == near(1.2)
    assert triplets.triplet(anchor, far, near_by, margin=0.2).item() == 0.0


def test_triplets_are_chosen_by_age():
    # ages 20, 22, 40: the same are 20 and 22 (and each itself), another is 40 to both, and both to 40.
    covered = t([0.0], [0.0], [0.0])
    visible = t([1.0], [2.0], [1.5])
    # with m 0.2, d = 1, 2, 1.5: of anchors 20 and 22 each 0.2+1−1.5 → 0 and 0.2+2−1.5 = 0.7;
    # of anchor 40: 0.2+1.5−1 = 0.7 and 0.2+1.5−2 → 0; 2.1 over six triplets
    assert triplets.triplet_by_age(covered, visible, t(20.0, 22.0, 40.0)).item() == near(0.35)


def test_a_batch_without_triplets_is_no_loss_and_no_nan():
    covered = torch.ones(2, 1, requires_grad=True)
    loss = triplets.triplet_by_age(covered, torch.ones(2, 1), t(20.0, 30.0))
    loss.backward()
    assert loss.item() == 0.0
    assert covered.grad.tolist() == [[0.0], [0.0]]
