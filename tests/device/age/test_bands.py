import pytest

from device.age.bands import Bands

BANDS = Bands([13, 18, 25, 35, 45, 55, 65])


def test_labels():
    assert BANDS.labels == ["0–12", "13–17", "18–24", "25–34", "35–44", "45–54", "55–64", "65+"]


@pytest.mark.parametrize(
    ("age", "label"), [(0, "0–12"), (12.9, "0–12"), (13, "13–17"), (64.9, "55–64"), (101, "65+")]
)
def test_a_band_ends_before_the_next_birthday(age, label):
    assert BANDS.labels[BANDS.index(age)] == label


def test_the_shown_band_is_kept_within_the_margin():
    assert BANDS.kept(25.9, shown=2, margin=1.0) == 2
    assert BANDS.kept(26.1, shown=2, margin=1.0) == 3
    assert BANDS.kept(24.1, shown=3, margin=1.0) == 3
    assert BANDS.kept(23.9, shown=3, margin=1.0) == 2


def test_no_flicker_between_two():
    shown = None
    seen = []
    for age in (24.5, 25.4, 24.7, 25.8, 24.2, 25.9):
        shown = BANDS.kept(age, shown, margin=1.0)
        seen.append(shown)
    assert seen == [2] * 6


def test_another_person_far_away_is_followed_at_once():
    assert BANDS.kept(70, shown=0, margin=1.0) == 7


def test_a_margin_ends_where_it_says():
    """The band 18–24 is kept from 17 to just below 26 with a margin of one year."""
    assert [BANDS.kept(age, shown=2, margin=1.0) for age in (16.99, 17.0, 25.99, 26.0)] == [1, 2, 2, 3]
    assert [BANDS.kept(age, shown=2, margin=0.0) for age in (17.99, 18.0, 24.99, 25.0)] == [1, 2, 2, 3]


def test_bands_may_begin_at_one_and_be_a_year_long():
    bands = Bands([1, 2, 60])
    assert bands.labels == ["0–0", "1–1", "2–59", "60+"]
    assert [bands.index(age) for age in (0.99, 1, 1.99, 2, 59.99, 60)] == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("starts", [[], [0, 10], [10, 10], [20, 10], [10, 20, 15]])
def test_bands_must_rise_from_one(starts):
    with pytest.raises(ValueError, match="first ages from 1"):
        Bands(starts)
