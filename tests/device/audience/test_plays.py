"""Proof of play: windows by content add up, and who was there already is reached, too."""

import pytest
from hypothesis import given

from device.audience.plays import OPEN, Plays, TooManyPlays
from tests.device.audience.film import ADULT, Film, person
from tests.device.audience.test_audience import approx, played, scripts


@pytest.fixture
def film():
    return Film()


@pytest.fixture
def plays(film):
    return Plays(film.audience, film.messages, film.clock)


def test_a_play_with_one_there_already_and_one_who_comes(film, plays):
    film.play(3.0, person(1, **ADULT))
    name = plays.start("spot-7")["id"]
    film.play(3.0, person(1, **ADULT), person(2, yaw=None))
    ended = plays.end(name)
    assert (ended["content"], ended["people"], ended["watchers"]) == ("spot-7", 1, 0)
    assert ended["reach"]["people"] == 2
    assert ended["reach"]["watchers"] == 1
    assert {band: n for band, n in ended["reach"]["bands"].items() if n} == {"25–34": 1, "unknown": 1}
    assert ended["seconds"] == 3.0


def test_the_words_of_all_who_were_reached_are_as_many_as_these():
    film = Film(age={"gender": True})
    plays = Plays(film.audience, film.messages, film.clock)
    film.play(3.0, person(1, gender="female", **ADULT), person(4, gender="male", state="settling"))
    name = plays.start("spot-7")["id"]
    film.play(3.0, person(1, gender="male", **ADULT), person(2, gender="male", **ADULT), person(3))
    ended = plays.end(name)
    assert ended["reach"]["people"] == 4
    assert ended["reach"]["gender"] == {"female": 1, "male": 1, "unsure": 2}
    assert ended["gender"] == {"female": 0, "male": 1, "unsure": 0}


def test_watchers_there_already_and_new_ones_are_added(film, plays):
    film.play(3.0, person(1))
    name = plays.start("spot-7")["id"]
    film.play(3.0, person(1), person(2))
    assert plays.end(name)["reach"]["watchers"] == 2


def test_who_was_away_for_a_moment_when_it_began_is_reached_once(film, plays):
    film.play(2.0, person(1)).play(1.0)
    name = plays.start("spot-7")["id"]
    film.play(2.0, person(1, age=70.0, band="65+", state="settled"))
    ended = plays.end(name)
    assert (ended["people"], ended["reach"]["people"]) == (0, 1)
    assert {band: n for band, n in ended["reach"]["bands"].items() if n} == {"65+": 1}


def test_who_is_counted_as_unsure_is_so_once():
    film = Film(age={"gender": True})
    plays = Plays(film.audience, film.messages, film.clock)
    name = plays.start("spot-7")["id"]
    film.play(3.0, person(1, gender="unsure", **ADULT), person(2, gender="male", **ADULT))
    assert plays.end(name)["reach"]["gender"] == {"female": 0, "male": 1, "unsure": 1}


def test_a_forgotten_play_makes_room_and_none_is_forgotten_within_the_hour(film, plays):
    film.clock.now = 1000.0
    for number in range(OPEN):
        plays.start(f"spot-{number}")
    film.clock.now += 3600.0
    with pytest.raises(TooManyPlays):
        plays.start("one more")
    film.clock.now += 0.125
    name = plays.start("one more")["id"]
    film.clock.now += 3600.0
    assert len(name) == 16
    assert plays.end(name)["content"] == "one more"


def test_a_play_ends_once(film, plays):
    name = plays.start("spot-7")["id"]
    assert plays.end(name)["id"] == name
    assert plays.end(name) is None
    assert plays.end("nobody") is None


def test_64_plays_at_once_and_no_more(film, plays):
    names = [plays.start(f"spot-{number}")["id"] for number in range(OPEN)]
    with pytest.raises(TooManyPlays):
        plays.start("one more")
    plays.end(names[0])
    plays.start("one more")


def test_after_an_hour_a_play_is_forgotten(film, plays):
    names = [plays.start("spot-7")["id"] for _ in range(OPEN)]
    film.clock.now += 3600.0
    assert plays.end(names[0]) is not None
    film.clock.now += 0.1
    assert plays.end(names[1]) is None
    plays.start("there is room again")


@given(scripts())
def test_plays_that_follow_one_another_add_up_to_the_hour(script):
    ended, open_play = [], []

    def next_play(film):
        plays = open_play[0] if open_play else Plays(film.audience, film.messages, film.clock)
        if open_play:
            ended.append(plays.end(open_play[1]))
        open_play[:] = [plays, plays.start("spot")["id"]]

    film = played([(0.125, []), *script], next_play)
    window = film.messages.window(0.0, film.audience.minutes[0].mark, 0.0, film.audience.snapshot.mark)
    for key in ("people", "watchers", "left"):
        assert sum(play[key] for play in ended) == window[key]
    for key in ("dwell_s", "attention_s"):
        assert sum(play[key]["sum"] for play in ended) == pytest.approx(window[key]["sum"], abs=0.2)
        bins = {name: sum(play[key]["bins"][name] for play in ended) for name in window[key]["bins"]}
        assert bins == window[key]["bins"]
    bands = {label: sum(play["bands"][label] for play in ended) for label in window["bands"]}
    assert bands == window["bands"]
    weights = {label: sum(play["bands_weighted"][label] for play in ended) for label in bands}
    assert weights == approx(window["bands_weighted"])
