"""Every message fits its schema; a field more does too, one less does not."""

import json

import jsonschema
import pytest

from device.audience.plays import Plays
from device.events.json_lines import Events
from device.person import ATTRIBUTE_WORDS
from tests.device.audience.film import ADULT, ATTRIBUTES, Film, person
from tests.device.events.schemas import MESSAGES, SCHEMAS, check, is_valid


def messages(**sections):
    """One of each kind, by its schema's name, of two people who came by and one who is there."""
    film = Film(**sections)
    plays = Plays(film.audience, film.messages)
    woman = person(1, **ADULT, gender="female", glasses="dark", cover="none")
    film.play(3.0, woman, person(2, yaw=None)).play(57.5).play(2.0, person(3))
    play = plays.start("spot-7")
    film.play(5.0, person(3))
    minute = film.audience.minutes[-1].number
    state = dict(film.now)
    del state["tracks"]
    first, last = film.audience.minutes[0], film.audience.snapshot
    exact = film.settings.overlay.show == "age"
    made = {
        **lines(woman if film.audience.attributes else person(1, **ADULT), exact),
        "now": film.now,
        "state": state,
        "window": film.messages.window(first.wall, first.mark, last.wall, last.mark),
        "minute": film.messages.minute(minute),
        "visit": film.messages.visit(film.audience.visits[0]),
        "play": play,
        "play_end": plays.end(play["id"]),
    }
    return json.loads(json.dumps(made))


class Kept(list):
    """In the place of the writer's thread."""

    put = list.append


def lines(adult, exact):
    """One JSON line of each event, by its schema's name, as the parts of the program give them."""
    log = Events("", exact_ages=exact)
    log._writer = Kept()
    log.record(0, 0.0, [adult])
    log.notice("source", kind="stalled", message="no frame")
    log.notice("output", message="gone")
    log.notice("health", status="degraded", reasons=["camera_dark"])
    log.notice("strain", level=1, doing="less", why="hot")
    log.notice("still", box=[1.0, 2.0, 3.0, 4.0])
    log.notice("memory", used_mib=120, budget_mib=128, doing="less")
    rows = [json.loads(line) for line in log._writer]
    return {f"line_{row['event']}": row for row in rows}


ALL = messages()
OTHERS = {
    "with boxes": messages(api={"boxes": True}),
    "bands only": messages(overlay={"show": "band"}),
    "held back": messages(api={"min_people": 5}),
    "attributes": messages(age=ATTRIBUTES),
    "attributes held back": messages(age=ATTRIBUTES, api={"min_people": 5}),
}


def test_there_is_a_message_for_each_schema():
    assert set(ALL) == set(MESSAGES)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_its_schema(name):
    check(name, ALL[name])


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_its_schema_under_other_settings(name, kind):
    check(name, OTHERS[kind][name])


SOMETIMES = {("line_memory", "doing")}  # fields that not each such message has


@pytest.mark.parametrize("name", MESSAGES)
def test_a_field_more_is_allowed_and_one_less_is_not(name):
    assert is_valid(name, ALL[name] | {"more": 1})
    for field in ALL[name]:
        needed = (name, field) not in SOMETIMES
        less = {key: value for key, value in ALL[name].items() if key != field}
        assert is_valid(name, less) is not needed, field


@pytest.mark.parametrize(
    ("place", "field"), [("tracks", "looking"), ("hour", "coverage"), ("bands", "unknown")]
)
def test_a_field_less_within_is_not_allowed(place, field):
    now = json.loads(json.dumps(ALL["now"]))
    inner = now[place][0] if place == "tracks" else now[place]
    del inner[field]
    assert not is_valid("now", now)


def test_numbers_of_few_people_are_held_back():
    now, end = OTHERS["held back"]["now"], OTHERS["held back"]["play_end"]
    assert (now["held_back"], now["people"], now["bands"], now["tracks"]) == (True, None, None, [])
    assert (now["hour"]["held_back"], now["hour"]["people"]) == (True, None)
    assert end["reach"] is None
    assert ALL["play_end"]["reach"]["people"] == 1


def test_no_exact_age_leaves_where_only_bands_are_shown():
    text = json.dumps({name: OTHERS["bands only"][name] for name in ("now", "visit")})
    assert '"age": null' in text
    assert '"age": 30' not in text
    assert OTHERS["bands only"]["visit"]["band"] == "25–34"


def test_boxes_leave_only_when_asked_for():
    assert "box" not in ALL["now"]["tracks"][0]
    assert OTHERS["with boxes"]["now"]["tracks"][0]["box"] == [10, 20, 30, 40]


COUNTS = {
    "gender": {"female": 1, "male": 0, "unsure": 1},
    "glasses": {"none": 0, "dark": 1, "unsure": 1},
    "cover": {"none": 1, "mouth": 0, "unsure": 1},
}


def test_attributes_are_told_where_they_are_on_and_not_even_named_where_not():
    told = OTHERS["attributes"]
    assert {name: told["now"]["hour"][name] for name in COUNTS} == COUNTS
    assert {name: told["minute"][name] for name in COUNTS} == COUNTS
    nobody_known = {name: dict.fromkeys(counts, 0) | {"unsure": 1} for name, counts in COUNTS.items()}
    assert {name: told["now"][name] for name in COUNTS} == nobody_known
    assert {name: told["play_end"]["reach"][name] for name in COUNTS} == nobody_known
    assert {name: told["visit"][name] for name in COUNTS} == {
        "gender": "female",
        "glasses": "dark",
        "cover": "none",
    }
    assert told["now"]["tracks"][0]["gender"] == "unsure"
    assert OTHERS["attributes held back"]["now"]["gender"] is None
    assert not any(f'"{name}"' in json.dumps(ALL) for name in COUNTS)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("visit", {"gender": "woman"}),
        ("visit", {"cover": None}),
        ("now", {"glasses": {"none": 1, "dark": 0}}),
    ],
)
def test_a_word_that_there_is_not_fits_no_schema(name, wrong):
    assert not is_valid(name, OTHERS["attributes"][name] | wrong)


def test_the_schemas_words_are_the_programs():
    for attribute, words in ATTRIBUTE_WORDS.items():
        assert SCHEMAS["common"]["$defs"][attribute]["enum"] == list(words)
        assert SCHEMAS["common"]["$defs"][f"{attribute}_counts"]["required"] == list(words)
