"""Words for gender, glasses and covers: when they are said, kept, changed and withdrawn."""

import pytest

from device.age.attributes import chosen_attributes
from device.config.loader import changed, defaults
from device.errors import ConfigError

BARE, CLEAR, DARK = (
    (0.0, 4.0, 0.0, -4.0, -3.0, 1.5),
    (0.0, 0.0, 4.0, 0.0, -3.0, 1.5),
    (0.0, -4.0, 0.0, 4.0, -3.0, 2),
)


def word(name):
    settings = changed(defaults(), age={name: True}).age
    return chosen_attributes(settings, True)[name]()


def told(word, *readings):
    for reading in readings:
        word.update(reading)
    return word.shown


def gender(logit):
    return (logit, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_nothing_is_switched_on_by_default():
    assert chosen_attributes(defaults().age, True) == {}


def test_a_network_that_tells_ages_only_is_named_with_the_remedy():
    settings = changed(defaults(), age={"gender": True, "model": "age-wide"}).age
    with pytest.raises(
        ConfigError, match=r"age\.gender = true: the network age\.model = 'age-wide' tells ages only"
    ):
        chosen_attributes(settings, False)


def test_nothing_is_said_before_the_third_reading():
    some = word("gender")
    assert [told(some, gender(5.0)) for _ in range(3)] == [None, None, "female"]


def test_gender_is_unsure_between_its_limits():
    assert told(word("gender"), *[gender(1.1)] * 3) == "female"
    assert told(word("gender"), *[gender(0.9)] * 3) == "unsure"
    assert told(word("gender"), *[gender(-0.9)] * 3) == "unsure"
    assert told(word("gender"), *[gender(-1.1)] * 3) == "male"


def test_a_word_is_kept_down_to_half_of_its_limit():
    some = word("gender")
    assert told(some, *[gender(3.0)] * 8) == "female"
    assert told(some, *[gender(0.6)] * 60) == "female"
    assert told(some, *[gender(0.4)] * 60) == "unsure"
    assert told(some, *[gender(0.9)] * 60) == "unsure"


def test_one_wild_reading_changes_no_word():
    some = word("gender")
    told(some, *[gender(4.0)] * 8)
    assert told(some, gender(-9.0)) == "female"  # the mean is 4 − 13/8
    assert told(some, gender(-9.0), gender(-9.0)) == "unsure"
    assert told(some, *[gender(-4.0)] * 4) == "male"


def test_glasses_and_covers_have_their_own_words():
    assert [told(word("glasses"), *[face] * 3) for face in (BARE, CLEAR, DARK)] == ["none", "none", "dark"]
    assert told(word("glasses"), *[(0.0, 2.0, 1.5, 1.5, 0.0, 0.0)] * 3) == "unsure"
    assert told(word("cover"), *[(0.0, 0.0, 0.0, 0.0, 2.0, 0.0)] * 3) == "mouth"
    assert told(word("cover"), *[BARE] * 3) == "none"


def test_after_an_absence_what_was_known_weighs_as_three_readings():
    some = word("gender")
    told(some, *[gender(4.0)] * 20)
    some.unseen(2.0)
    assert told(some, gender(-8.0)) == "female"  # 4 − 12/4 = 1, more than half the limit
    assert told(some, gender(-8.0)) == "unsure"


def test_another_person_is_unknown():
    some = word("gender")
    told(some, *[gender(4.0)] * 8)
    some.reset()
    assert some.shown is None
    assert [told(some, gender(-4.0)) for _ in range(3)] == [None, None, "male"]
