"""The technician's page: what it is told, what its form changes, and how it looks in a browser."""

import json

import pytest

from tests.device.audience.film import ADULT, person
from tests.device.outputs.web.test_api import TOKEN, Site

JSON = {"Content_Type": "application/json"}


@pytest.fixture
def open_site(free_port):
    opened = []

    def start(**sections):
        opened.append(Site(free_port, **sections))
        return opened[-1]

    yield start
    for site in opened:
        site.web.close()


def change(site, name, value, **headers):
    return site.ask("/settings.json", "POST", json.dumps({"name": name, "value": value}), **(headers or JSON))


def test_what_the_page_is_told(open_site):
    site = open_site()
    site.film.play(65.0, person(age=30.0, band="25–34", state="settled"))
    told = site.json("/device.json")
    assert told["health"] == site.health
    assert told["stages"] == {"frame": {"p95": 2.5}}
    assert told["lost"] == {"mqtt": 3}
    assert told["hour"]["bands"][-1] == "unknown"
    counted = dict(zip(told["hour"]["bands"], told["hour"]["minutes"][0], strict=True))
    assert counted.pop("25–34") == 1
    assert set(counted.values()) == {0}


def test_minutes_of_too_few_people_are_held_back(open_site):
    site = open_site(api={"min_people": 2})
    site.film.play(65.0, person(**ADULT))
    assert site.json("/device.json")["hour"]["minutes"] == [None]


def test_the_form_changes_a_setting_and_the_loop_hears_of_it(open_site):
    site = open_site()
    live = site.live
    answer = change(site, "overlay.language", "ja")
    assert answer.status == 200
    assert {row["name"]: row["value"] for row in site.json("/settings.json")}["overlay.language"] == "ja"
    assert live.take().overlay.language == "ja"


def test_what_cannot_be_set_is_a_sentence(open_site):
    site = open_site()
    answer = change(site, "overlay.language", "xx")
    assert (answer.status, b"one of en, de, fr, es, ja" in answer.body) == (400, True)
    assert change(site, "web.token", "x").status == 400
    for body in ("", "[]", "{}", "[" * 500, '"overlay"', '{"name": 1}'):
        assert site.ask("/settings.json", "POST", body, **JSON).status == 400
    assert change(site, "overlay.status", False, Content_Type="text/plain").status == 415
    assert site.live.take() is None


def test_nothing_without_the_token(open_site):
    site = open_site(web={"token": TOKEN})
    for path in ("/device", "/device.js", "/device.json", "/settings.json"):
        assert site.ask(path).status == 401
    assert change(site, "overlay.status", False).status == 401
    assert site.ask("/device", Authorization=f"Bearer {TOKEN}").status == 200


class Guide:
    """Who leads through a test, as far as the page goes."""

    def __init__(self):
        self.orders = []
        self.state = {
            "step": 3,
            "of": 12,
            "sentence": "Stand 2 m before the screen, and look at it.",
            "when": "in",
            "left_s": 5,
            "last": {"name": "1 m", "grade": "failed", "wanting": ["12 pixels: bring the camera nearer"]},
        }

    def order(self, word):
        self.orders.append(word)


def test_the_test_s_orders_are_passed_on(open_site):
    site = open_site()
    site.guide = Guide()
    answer = site.ask("/guide.json", "POST", '{"do": "again"}', **JSON)
    assert (answer.status, json.loads(answer.body)["step"]) == (200, 3)
    assert site.guide.orders == ["again"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"do": "stop"}', '{"do": 1}', '{"do": ["now"]}'])
def test_an_order_that_there_is_not_is_a_sentence(open_site, body):
    site = open_site()
    site.guide = Guide()
    assert site.ask("/guide.json", "POST", body, **JSON).status == 400
    assert site.ask("/guide.json", "POST", '{"do": "now"}').status == 415
    assert site.guide.orders == []


def test_without_a_test_nobody_hears_an_order(open_site):
    answer = open_site().ask("/guide.json", "POST", '{"do": "now"}', **JSON)
    assert (answer.status, b"No field test" in answer.body) == (409, True)
