"""The page in a real browser."""

import time

import numpy as np
import pytest

from tests.device.audience.film import person
from tests.device.browser import SIZES
from tests.device.outputs.conftest import Loop
from tests.device.outputs.web.test_api import Site
from tests.device.outputs.web.test_console import Guide

TOKEN = "correct horse battery"
LIVE = "picture.naturalWidth === 320 && list.children.length === 2"
PLACE = "(box => [box.left, box.top, box.right, box.bottom])(picture.getBoundingClientRect())"


def test_the_page_shows_picture_and_people_at_every_size(serve, free_port, browser):
    serve()
    for width, height in SIZES.values():
        browser.open(f"http://127.0.0.1:{free_port}/", (width, height))
        browser.until(LIVE)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.documentElement.scrollHeight") <= height
        assert browser.run("document.querySelector('li .years').textContent") == "3431–37 years"
        assert browser.run("document.querySelectorAll('li')[1].textContent") == "–finding"
        left, top, right, bottom = browser.run(PLACE)
        assert (right - left) / (bottom - top) == pytest.approx(4 / 3, rel=0.01)
        assert right - left > 0.45 * width
        shown = browser.picture()[int(top) + 20 : int(bottom) - 20, int(left) + 20 : int(right) - 20]
        assert np.abs(shown.reshape(-1, 3).mean(axis=0) - (40, 120, 200)).max() < 12
    assert browser.complaints() == []


def test_it_says_when_the_device_goes_and_comes_back_by_itself(serve, free_port, browser):
    web, loop = serve()
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)
    loop.__exit__()
    web.close()
    browser.until("link.textContent === 'Reconnecting'")
    serve()
    browser.until("link.textContent === 'Live'")
    browser.until(LIVE)


def test_the_token_is_asked_for_once(serve, free_port, browser):
    serve(token=TOKEN)
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.run(f"token.value = '{TOKEN}', document.querySelector('button').click()")
    browser.until(LIVE)
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)


def test_a_hidden_page_costs_nothing(serve, free_port, browser):
    web, _ = serve()
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until(LIVE)
    browser.run(
        "Object.defineProperty(document, 'hidden', {value: true}), "
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    deadline = time.monotonic() + 8
    while any(web._feed._watching.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


CHOICE = "document.getElementsByName('overlay.language')[0]"


def test_the_technicians_page_at_every_size(free_port, browser):
    site = Site(free_port)
    site.health |= {"reasons": [], "memory_budget_mib": 128, "ladder": {"camera_reopened": 2}}
    site.film.play(125.0, person(age=30.0, band="25–34", state="settled"))
    address = f"http://127.0.0.1:{free_port}/device"
    try:
        for width, height in (*SIZES.values(), (360, 640)):
            browser.open(address, (width, height))
            browser.until("document.querySelectorAll('#chart rect').length === 1")
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run("document.getElementById('ladder').textContent") == "camera reopened2"
            assert browser.run("document.getElementById('link').dataset.state") == "live"
        browser.until(f"{CHOICE}?.value === 'en'")
        browser.run(f"({CHOICE}.value = 'de', {CHOICE}.dispatchEvent(new Event('change')))")
        browser.until("document.getElementById('answer').textContent === 'overlay.language is set.'")
        browser.open(address)
        browser.until(f"{CHOICE}?.value === 'de'")
        assert site.live.take().overlay.language == "de"
        assert browser.complaints() == []
    finally:
        site.web.close()


def test_what_is_told_beside_the_age_stands_in_the_list_and_fits_a_phone(serve, free_port, browser):
    _, loop = serve()
    loop.people[0] = loop.people[0]._replace(gender="female", glasses="dark", cover="mouth")
    loop.people[1] = loop.people[1]._replace(gender="unsure", glasses="none")
    for width in (360, 1440):
        browser.open(f"http://127.0.0.1:{free_port}/", (width, 800))
        browser.until("list.children.length === 2")
        assert (
            browser.run("list.children[0].lastChild.textContent") == "female · dark glasses · mouth covered"
        )
        assert browser.run("list.children[1].lastChild.textContent") == "finding"
        assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []


def test_a_field_test_is_led_from_a_phone(free_port, browser, people):
    site = Site(free_port)
    site.guide = Guide()
    try:
        with Loop(site.web, people):
            for width in (360, 1440):
                browser.open(f"http://127.0.0.1:{free_port}/", (width, 800))
                browser.until("!guide.hidden")
                assert browser.run("sentence.textContent") == site.guide.state["sentence"]
                assert browser.run("countdown.textContent") == "Step 3 of 12 · in 5 s"
                assert browser.run("verdict.textContent") == "1 m: failed\n12 pixels: bring the camera nearer"
                assert browser.run("document.documentElement.scrollWidth") <= width
            browser.run("document.getElementById('now').click()")
            browser.run("again.click()")
            deadline = time.monotonic() + 8
            while site.guide.orders != ["now", "again"]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            site.guide.state = site.guide.state | {"when": "now", "last": None}
            browser.until("document.getElementById('now').disabled && again.disabled")
            site.guide = None
            browser.until("guide.hidden")
        assert browser.complaints() == []
    finally:
        site.web.close()
