"""The recipes of the room's README as they stand there: the player's page, Home Assistant's automation."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from types import SimpleNamespace

import pytest

from device.config.loader import changed, defaults
from device.events.mqtt_discovery import discovery
from device.outputs.web.output import Web
from tests.device.audience.film import ADULT, Film, person
from tests.device.browser import Browser
from tests.device.events.test_readme import README

TOKEN = "correct horse battery"
NAMES = {"api": {"enabled": True}, "web": {"token": TOKEN}}


def code(kind):
    (found,) = re.findall(rf"```{kind}\n(.*?)```", README, re.S)
    return found


def free_port():
    import socket

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def player(tmp_path):
    """A kiosk, and the recipe's program in front of it: (the kiosk's film, the player's address)."""
    kiosk, port = free_port(), free_port()
    film = Film(**NAMES)
    web = Web(str(kiosk), (320, 240), changed(defaults(), **NAMES), lambda _: None, telemetry=film.telemetry)
    script = tmp_path / "player.py"
    script.write_text(code("python player"))
    command = [sys.executable, str(script), str(port), f"http://127.0.0.1:{kiosk}"]
    process = subprocess.Popen(command, env=os.environ | {"TOKEN": TOKEN}, stderr=subprocess.DEVNULL)
    try:
        yield film, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        web.close()


def opened(address):
    end = time.monotonic() + 30
    while True:
        try:
            return urllib.request.urlopen(address, timeout=10)
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_the_player_gives_the_page_and_passes_the_events_on(player):
    film, address = player
    film.play(2.0, person(1, **ADULT))
    assert b"EventSource" in opened(address).read()
    with opened(f"{address}/events") as events:
        assert events.readline().startswith(b"id: ")
        now = json.loads(events.readline().removeprefix(b"data: "))
    assert now["bands"]["25–34"] == 1


def test_the_players_page_changes_its_spot_with_the_band(player, driver_port, tmp_path):
    film, address = player
    film.play(1.0)
    opened(address).close()
    browser = Browser(driver_port, tmp_path / "profile")
    try:
        browser.open(address)
        browser.until("spot.textContent == 'welcome'")
        film.play(2.0, person(1, **ADULT))
        browser.until("spot.textContent == 'prams'")
        film.play(5.0)
        browser.until("spot.textContent == 'welcome'")
    finally:
        browser.close()


def test_home_assistants_automation_listens_to_what_is_sent():
    """Its template is an expression of Python's, too, so it is tried on the messages themselves."""
    recipe = code("yaml")
    config = discovery("k7", "kiosk/k7", {"model": "age", "release": "1"})
    assert re.search(r'topic: "(.*)"', recipe)[1] == config["state_topic"]
    (expression,) = re.findall(r'value_template: "{{ (.*) }}"', recipe)
    payload = re.search(r'payload: "(.*)"', recipe)[1]

    def triggers(film):
        now = SimpleNamespace(**film.now)
        return str(eval(expression, {"value_json": now})) == payload

    assert not triggers(Film().play(1.0))
    assert triggers(Film().play(3.0, person(1, **ADULT)))
    assert not triggers(Film(api={"min_people": 5}).play(3.0, person(1, **ADULT)))
    name = f"{config['device']['name']} {config['components']['occupancy']['name']}"
    assert f"binary_sensor.{name.lower().replace(' ', '_')}" in recipe
