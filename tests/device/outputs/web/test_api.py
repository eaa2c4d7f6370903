"""The interfaces for other programs, over the real server, about an audience fed by hand."""

import http.client
import json
import socket
import time
from contextlib import suppress

import pytest

from device.audience.plays import OPEN
from device.budget import timing
from device.config.loader import changed, defaults
from device.outputs.web import event_stream
from device.outputs.web.output import Web
from tests.device.audience.film import ADULT, ATTRIBUTES, Film, person
from tests.device.events.schemas import check
from tests.device.outputs.web.asking import ask, status

TOKEN = "correct horse battery"
HOST = b"Host: localhost\r\n"
PATHS = (("GET", "/api/v1/now"), ("GET", "/api/v1/events"), ("POST", "/api/v1/play"), ("GET", "/metrics"))


class Site:
    """A page with its interfaces on, and the film that its audience is in."""

    def __init__(self, port, **sections):
        asked = {"api": {"enabled": True}, "metrics": {"enabled": True}}
        for name, values in sections.items():
            asked[name] = asked.get(name, {}) | values
        self.port, self.film = port, Film(**asked)
        settings = changed(defaults(), **asked)
        self.health = {"status": "ok", "frames": 7, "memory_mib": 40.0, "temperature_c": None}
        self.stages = {"frame": {"p95": 2.5}}
        self.guide = None
        telemetry = self.film.telemetry._replace(stages=lambda: self.stages, guide=lambda: self.guide)
        self.live = telemetry.live
        self.web = Web(str(port), (320, 240), settings, lambda _: None, lambda: self.health, telemetry)

    def ask(self, path, *given, **headers):
        return ask(self.port, path, *given, **headers)

    def json(self, path, *given, **headers):
        return json.loads(self.ask(path, *given, **headers).body)

    def start(self, content="spot-7"):
        body = json.dumps({"content": content})
        return self.ask("/api/v1/play", "POST", body, Content_Type="application/json")


class Events:
    """Takes events from a stream until it is closed."""

    def __init__(self, port, mode="", **headers):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", f"/api/v1/events{mode}", headers=headers)
        self.answer = self._connection.getresponse()

    def next(self):
        """(id, message); a comment is (None, its text)."""
        lines = []
        while (line := self.answer.readline().decode().rstrip("\n")) or not lines:
            lines.append(line)
        if lines[0].startswith(":"):
            return None, lines[0]
        assert [line.partition(": ")[0] for line in lines] == ["id", "data"]
        return lines[0][4:], json.loads(lines[1][6:])

    def close(self):
        self.answer.close()
        self._connection.close()


@pytest.fixture
def site(free_port):
    sites = []

    def open_site(**sections):
        sites.append(Site(free_port, **sections))
        return sites[-1]

    yield open_site
    for one in sites:
        one.web.close()


@pytest.fixture
def listen(free_port):
    streams = []

    def start(mode="", **headers):
        streams.append(Events(free_port, mode, **headers))
        return streams[-1]

    yield start
    for one in streams:
        one.close()


def test_all_of_it_is_off_until_asked_for(site):
    here = site(api={"enabled": False}, metrics={"enabled": False})
    assert [here.ask(path, method).status for method, path in PATHS] == [404] * 4


def test_each_is_on_by_its_own_setting(site):
    here = site(metrics={"enabled": False})
    assert here.ask("/metrics").status == 404
    assert here.ask("/api/v1/now").status == 200


def test_now(site):
    here = site()
    here.film.play(3.0, person(1, **ADULT), person(2, yaw=None))
    now = check("now", here.json("/api/v1/now"))
    assert (now["people"], now["watchers"], now["looking"]) == (2, 1, 1)
    assert [track["band"] for track in now["tracks"]] == ["25–34", None]


def test_the_pages_rules_hold_for_all_of_it(site):
    here = site(web={"token": TOKEN})
    assert [here.ask(path, method).status for method, path in PATHS] == [401] * 4
    shown = {"Authorization": f"Bearer {TOKEN}"}
    answer = here.ask("/api/v1/now", **shown)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
    assert here.ask("/api/v1/now", Host="evil.example", **shown).status == 403
    wrong = {"Authorization": "Bearer wrong"}
    assert [here.ask("/api/v1/now", **wrong).status for _ in range(6)] == [401] * 5 + [429]


def test_a_preflight_of_a_foreign_page_is_told_no(site):
    answer = site().ask("/api/v1/play", "OPTIONS", Origin="https://evil.example")
    assert answer.status == 405
    assert answer.headers["Access-Control-Allow-Origin"] is None


# --- plays


def test_a_play_and_its_audience(site):
    here = site()
    here.film.play(3.0, person(1, **ADULT))
    answer = here.start()
    assert answer.status == 201
    play = check("play", json.loads(answer.body))
    here.film.play(3.0, person(1, **ADULT))
    ended = check("play_end", here.json(f"/api/v1/play/{play['id']}/end", "POST"))
    assert (ended["content"], ended["reach"]["people"], ended["people"]) == ("spot-7", 1, 0)
    assert ended["attention_s"]["sum"] == 3.0
    assert here.ask(f"/api/v1/play/{play['id']}/end", "POST").status == 404


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"content": "a"}', "text/plain", 415),
        (b'{"content": "a"}', "application/json; charset=utf-8", 201),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 15_000, "application/json", 400),
        (b'["content"]', "application/json", 400),
        (b'{"content": 7}', "application/json", 400),
        (b'{"content": ""}', "application/json", 400),
        (b'{"content": "a\\u0000b"}', "application/json", 400),
        (b'{"content": "' + b"x" * 200 + b'"}', "application/json", 201),
        (b'{"content": "' + b"x" * 201 + b'"}', "application/json", 400),
        (b'{"content": "a", "more": "' + b"x" * 16_000 + b'"}', "application/json", 201),
        (b'{"content": "a", "more": "' + b"x" * 17_000 + b'"}', "application/json", 413),
    ],
)
def test_what_a_play_may_be_called(site, body, kind, expected):
    here = site()
    assert here.ask("/api/v1/play", "POST", body, Content_Type=kind).status == expected
    assert here.ask("/health").status == 200


def test_no_more_plays_than_there_is_room_for(site):
    here = site()
    assert [here.start().status for _ in range(OPEN + 1)] == [201] * OPEN + [409]


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (b"POST /api/v1/play/../../now/end HTTP/1.1\r\n", 404),
        (b"GET /api/v1/play HTTP/1.1\r\n", 405),
        (b"DELETE /api/v1/now HTTP/1.1\r\n", 405),
        (b"GET /api/v1/ HTTP/1.1\r\n", 404),
        (b"GET /api/v1/now?" + b"x" * 8_200 + b" HTTP/1.1\r\n", 431),
        (b"POST /api/v1/play HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 413),
    ],
)
def test_bad_requests_are_a_4xx(site, free_port, request_line, expected):
    here = site()
    assert status(free_port, request_line + HOST + b"\r\n") == expected
    assert here.ask("/health").status == 200


def test_a_body_that_never_comes_is_hung_up_on(site, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.connections.REQUEST_S", 0.3)
    here = site()
    head = b"POST /api/v1/play HTTP/1.1\r\n" + HOST
    head += b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    assert status(free_port, head, timeout=5.0) is None
    assert here.ask("/api/v1/now").status == 200


# --- events


def test_the_stream_tells_at_once_who_comes(site, listen):
    here = site()
    here.film.play(1.0)
    stream = listen()
    assert stream.answer.headers["Content-Type"] == "text/event-stream"
    _, first = stream.next()
    here.film.play(2.0, person(1, **ADULT))
    _, second = stream.next()
    assert (check("now", first)["people"], check("now", second)["people"]) == (0, 1)


def test_a_visit_that_is_over(site, listen):
    here = site()
    stream = listen("?mode=final")
    here.film.play(3.0, person(1, **ADULT)).play(5.0)
    _, message = stream.next()
    assert check("visit", message)["dwell_s"] == 2.88
    assert message["band"] == "25–34"


def test_a_minute_that_is_over(site, listen):
    here = site()
    stream = listen("?mode=aggregate")
    here.film.play(3.0, person(1, **ADULT)).play(58.0)
    _, message = stream.next()
    assert check("minute", message)["people"] == 1
    assert message["seconds"] == 60.0


def test_who_comes_back_gets_what_was_missed(site, listen):
    here = site()
    first = listen("?mode=final")
    here.film.play(2.0, person(1)).play(5.0)
    last, _ = first.next()
    first.close()
    here.film.play(3.0, person(2)).play(5.0).play(4.0, person(3)).play(5.0)
    again = listen("?mode=final", Last_Event_ID=last)
    assert [again.next()[1]["dwell_s"] for _ in range(2)] == [2.88, 3.88]


def test_after_another_start_all_that_is_kept_is_told(site, listen):
    here = site()
    here.film.play(2.0, person(1)).play(5.0)
    stream = listen("?mode=final", Last_Event_ID="00000000-9")
    assert stream.next()[1]["dwell_s"] == 1.88


def test_a_comment_while_there_is_no_news(site, listen, monkeypatch):
    monkeypatch.setattr(event_stream, "COMMENT_S", 0.3)
    site()
    assert listen("?mode=final").next() == (None, ": still here")


def test_a_mode_that_there_is_not(site):
    answer = site().ask("/api/v1/events?mode=motion")
    assert answer.status == 400
    assert b"periodic|final|aggregate" in answer.body


def test_clients_are_bounded_and_give_their_place_back(site, listen):
    here = site()
    streams = [listen("?mode=final") for _ in range(event_stream.CLIENTS)]
    assert here.ask("/api/v1/events").status == 503
    assert here.ask("/health").status == 200
    streams[0].close()
    deadline = time.monotonic() + 10
    while (answer := Events(here.port)).answer.status == 503:
        assert time.monotonic() < deadline
        answer.close()
        time.sleep(0.05)
    answer.close()


def test_a_client_that_takes_nothing_is_hung_up_on(site, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.connections.SEND_S", 0.5)
    monkeypatch.setattr("device.outputs.web.connections.SEND_BYTES", 4096)
    monkeypatch.setattr(event_stream, "TICK_S", 0.001)
    monkeypatch.setattr(event_stream, "PERIODIC_S", 0.0)
    here = site()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", free_port))
    slow.sendall(b"GET /api/v1/events HTTP/1.1\r\n" + HOST + b"\r\n")
    listener = here.web._server._listener
    deadline = time.monotonic() + 20
    while not listener.connections():
        time.sleep(0.01)
    while listener.connections():
        assert time.monotonic() < deadline, "still there"
        time.sleep(0.05)
    slow.close()
    assert here.ask("/api/v1/now").status == 200


def test_the_stream_ends_with_the_server(site, listen):
    here = site()
    stream = listen("?mode=final")
    start = time.monotonic()
    here.web.close()
    with suppress(http.client.IncompleteRead):
        stream.answer.read()
    assert time.monotonic() - start < 2.0


# --- small numbers


def test_numbers_of_few_people_do_not_leave(site):
    here = site(api={"min_people": 2})
    here.film.play(3.0, person(1, **ADULT))
    now = check("now", here.json("/api/v1/now"))
    assert (now["held_back"], now["people"], now["tracks"], now["hour"]["people"]) == (True, None, [], None)
    play = json.loads(here.start().body)
    here.film.play(1.0, person(1, **ADULT))
    assert here.json(f"/api/v1/play/{play['id']}/end", "POST")["reach"] is None
    assert here.ask("/api/v1/events?mode=final").status == 403
    assert b"kiosk_people" not in here.ask("/metrics").body
    assert b"kiosk_status 2.0" in here.ask("/metrics").body


# --- metrics


def test_the_metrics(site, free_port):
    here = site()
    here.film.play(3.0, person(1, **ADULT), person(2, yaw=None))
    assert [here.ask("/nope").status, status(free_port, b"no HTTP\r\n\r\n")] == [404, 400]
    answer = here.ask("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.body.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert values["kiosk_requests_refused_total"] == "2.0"
    assert values["kiosk_people_total"] == "2.0"
    assert values["kiosk_watchers_in_view"] == "1.0"
    assert values["kiosk_attention_seconds_total"] == "2.75"  # up to the last snapshot
    assert values['kiosk_people_by_band_total{band="25–34"}'] == "1.0"
    assert values["kiosk_memory_bytes"] == "4.194304e+07"
    assert values['kiosk_stage_p95_seconds{stage="frame"}'] == "0.0025"
    assert values['kiosk_lost_total{kind="mqtt"}'] == "3.0"
    assert {line.split()[3] for line in lines if line.startswith("# TYPE")} == {"gauge", "counter"}
    assert not [name for name in values if here.film.audience.snapshot.tracks[0].name in name]


def test_the_metrics_have_the_words_of_what_is_told_beside_the_age(site):
    here = site(age={"gender": True})
    here.film.play(3.0, person(1, **ADULT, gender="female"))
    text = here.ask("/metrics").body.decode()
    assert 'kiosk_people_by_word_total{attribute="gender",word="female"} 1.0' in text
    assert 'kiosk_people_by_word_total{attribute="gender",word="unsure"} 0.0' in text
    assert "glasses" not in text


def test_steps_of_the_ladder_that_were_taken_are_counted(site):
    here = site()
    here.health["ladder"] = {"frames_late": 12, "reboots": 0, "watchdog_ends": 1}
    lines = here.ask("/metrics").body.decode().splitlines()
    assert [line for line in lines if line.startswith("kiosk_ladder_total")] == [
        'kiosk_ladder_total{step="watchdog_ends"} 1.0',
        'kiosk_ladder_total{step="frames_late"} 12.0',
    ]


@pytest.mark.parametrize("bands", [(13, 18, 25, 35, 45, 55, 65), tuple(range(1, 101))])
def test_40_series_at_most(site, bands):
    here = site(smoother={"bands": bands}, age=ATTRIBUTES)
    here.health |= dict.fromkeys(
        ("newest_frame_age_s", "vision_result_age_s", "memory_budget_mib", "temperature_c", "load_level",
         "dropped", "restarts"), 1.0)  # fmt: skip
    here.health["ladder"] = {f"step-{number}": 3 for number in range(40)}
    here.stages = {name: {"p95": 1.0} for name in timing.NAMES}
    series = [line for line in here.ask("/metrics").body.decode().splitlines() if not line.startswith("#")]
    assert 20 <= len(series) <= 40
    assert any("by_band" in line for line in series) == (len(bands) < 20)
