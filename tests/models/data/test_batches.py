"""An epoch's faces: every one once, or more often the rarer its age."""

import numpy as np
import pytest

from models.data.batches import epoch, order, sampling_weights

AGES = np.array([26] * 90 + [14] * 10, np.float32)


def share_of_the_rare(balance):
    return sampling_weights(AGES, balance)[90:].sum()


def test_without_balance_every_face_comes_once():
    drawn = order(sampling_weights(AGES, 0.0), np.random.default_rng(3))
    assert sorted(drawn) == list(range(100))
    assert drawn.tolist() != list(range(100))


def test_balance_brings_up_rare_ages():
    assert share_of_the_rare(0.0) == pytest.approx(0.1)
    assert share_of_the_rare(0.5) == pytest.approx(0.25)  # 10/√10 beside 90/√90
    assert share_of_the_rare(1.0) == pytest.approx(0.5)


def test_ages_close_to_each_other_count_together():
    spread = sampling_weights(np.repeat([20.0, 21.0, 60.0], [10, 10, 10]), 1.0)
    assert spread[20:].sum() > 0.45


def test_grown_ups_come_up_alike_however_rare():
    ages = np.repeat([14.0, 25.0, 45.0, 70.0], [10, 160, 40, 10])
    child, *grown = sampling_weights(ages, 0.5)[[0, 10, 170, 210]]
    assert grown == pytest.approx([child / 4] * 3, rel=1e-4)


def test_those_from_forty_years_on_come_up_as_often_as_said():
    ages = np.repeat([30.0, 40.0, 70.0], [10, 10, 10])
    young, forty, old = sampling_weights(ages, 0.0, old=1.5)[[0, 10, 20]]
    assert [forty / young, old / young] == pytest.approx([1.5, 1.5])


def test_an_epoch_shows_faces_by_their_shares_and_repeats_itself():
    def draw(i, rng):
        return np.array(i), AGES[i]

    first = np.concatenate([ids for ids, _ in epoch(sampling_weights(AGES, 1.0), draw, 10, 7, 2)])
    again = np.concatenate([ids for ids, _ in epoch(sampling_weights(AGES, 1.0), draw, 10, 7, 2)])
    assert first.tolist() == again.tolist()
    assert len(first) == 100
    assert 48 <= (first >= 90).sum() <= 52
