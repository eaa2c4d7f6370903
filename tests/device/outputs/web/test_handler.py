import http.client
import json
import socket
import threading
import time

import cv2
import numpy as np
import pytest

from device.outputs.web import connections as places
from device.outputs.web import server
from device.outputs.web.feed import Feed
from tests.device.outputs.web.asking import ask

TOKEN = "correct horse battery"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_the_page_and_its_parts(serve, free_port, path, kind):
    serve()
    answer = ask(free_port, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert b"http://" not in answer.body.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in answer.body
    head = ask(free_port, path, "HEAD")
    assert head.status == 200
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]
    assert head.body == b""


def test_unknown_paths_and_methods(serve, free_port):
    serve()
    assert ask(free_port, "/nope").status == 404
    assert ask(free_port, "/../__init__.py").status == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(free_port, "/", method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
    assert ask(free_port, "/login", "PUT").headers["Allow"] == "GET, HEAD, POST"
    assert ask(free_port, "/", "BREW").status == 405


def test_a_foreign_name_is_refused(serve, free_port):
    serve()
    answer = ask(free_port, "/people.json", Host="evil.example")
    assert answer.status == 403
    assert b"web.allowed_hosts" in answer.body


def test_one_picture(serve, free_port):
    serve()
    answer = ask(free_port, "/picture.jpg")
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (240, 320, 3)
    assert np.abs(picture.astype(int) - (40, 120, 200)).max() < 12


def test_wide_pictures_are_made_smaller(serve, free_port):
    serve(width=160)
    answer = ask(free_port, "/picture.jpg")
    assert cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR).shape == (120, 160, 3)


def test_the_people(serve, free_port):
    serve()
    news = json.loads(ask(free_port, "/people.json").body)
    assert news["size"] == [320, 240]
    assert news["show"] == "age"
    assert news["people"][0] == {
        "id": 1,
        "box": [100, 60, 80, 80],
        "age": 34.2,
        "spread": 2.8,
        "interval": [31.4, 37.0],
        "band": "25–34",
        "state": "settled",
    }
    assert news["people"][1]["age"] is None


def test_no_ages_leave_where_only_bands_may_be_shown(serve, free_port):
    serve(show="band")
    first = json.loads(ask(free_port, "/people.json").body)["people"][0]
    assert (first["age"], first["interval"], first["band"]) == (None, None, "25–34")


def test_without_frames_it_says_so(serve, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.live.PATIENCE_S", 0.05)
    serve(looping=False)
    assert ask(free_port, "/picture.jpg").status == 503
    assert ask(free_port, "/people.json").status == 503


def test_health_by_the_age_of_the_newest_frame(serve, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.feed.ALIVE_S", 0.0)
    serve(looping=False)
    assert ask(free_port, "/health").status == 503
    monkeypatch.setattr("device.outputs.web.feed.ALIVE_S", 60.0)
    answer = ask(free_port, "/health")
    assert answer.status == 200
    assert json.loads(answer.body)["status"] == "ok"
    assert json.loads(answer.body)["frame_age_s"] < 60


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("degraded", 200), ("down", 503)])
def test_health_as_it_is_given(serve, free_port, status, code):
    serve(health=lambda: {"status": status, "camera": "dark"})
    answer = ask(free_port, "/health")
    assert answer.status == code
    assert json.loads(answer.body) == {"status": status, "camera": "dark"}


def test_health_tells_others_the_status_only(serve, free_port):
    """A proxy on this machine says in X-Forwarded-For for whom it asks."""
    serve(token=TOKEN, health=lambda: {"status": "ok", "camera": "well"})
    far = {"X_Forwarded_For": "192.0.2.7"}
    assert json.loads(ask(free_port, "/health").body) == {"status": "ok", "camera": "well"}
    assert json.loads(ask(free_port, "/health", **far).body) == {"status": "ok"}
    shown = ask(free_port, "/health", Authorization=f"Bearer {TOKEN}", **far)
    assert json.loads(shown.body) == {"status": "ok", "camera": "well"}


def test_a_health_that_fails_is_no_health(serve, free_port, caplog):
    serve(health=lambda: {}["status"])
    assert ask(free_port, "/health").status == 500
    until(lambda: "The page failed to answer /health: KeyError" in caplog.text)


def stream(port, path, until, timeout=5.0):
    """What arrives from `path` until it contains `until`. HTTP/1.0, since 1.1 would send it in chunks."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        data = b""
        while until not in data:
            data += connection.recv(65536)
        return data


def test_live_pictures(serve, free_port):
    serve()
    data = stream(free_port, "/picture.mjpg", b"--frame\r\nContent-Type: image/jpeg\r\n")
    assert b"multipart/x-mixed-replace; boundary=frame" in data


def test_live_people(serve, free_port):
    serve()
    data = stream(free_port, "/people", b'"state": "finding"}]}\n\n')
    assert b"text/event-stream" in data
    assert b'data: {"t": ' in data


def test_pictures_are_made_only_while_somebody_watches(serve, free_port, monkeypatch):
    web, loop = serve()
    made = []
    encode = cv2.imencode
    monkeypatch.setattr(cv2, "imencode", lambda *arguments: made.append(1) or encode(*arguments))
    time.sleep(0.1)
    assert (loop.shown, made) == (0, [])
    stream(free_port, "/picture.mjpg", b"image/jpeg")
    assert made
    until(lambda: not web.wanted())


def test_one_jpeg_does_for_all_viewers(settings, people, monkeypatch):
    feed = Feed((320, 240), settings)
    made, got = [], []
    encode = cv2.imencode
    monkeypatch.setattr(cv2, "imencode", lambda *arguments: made.append(1) or encode(*arguments))

    def watch():
        with feed.watching("picture"):
            got.append(feed.after("picture", 0, 5.0))

    viewers = [threading.Thread(target=watch) for _ in range(3)]
    for viewer in viewers:
        viewer.start()
    until(lambda: feed.wanted(time.monotonic()))
    feed.offer(np.zeros((240, 320, 3), np.uint8), people, 0.0)
    for viewer in viewers:
        viewer.join(5)
    feed.close()
    assert len(made) == 1
    assert len(got) == 3
    assert all(news[1] is got[0][1] for news in got)


def connections(port, count, request):
    opened = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(count)]
    for connection in opened:
        connection.sendall(request)
    return opened


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_no_more_viewers_than_allowed(serve, free_port):
    serve(viewers=1)
    watchers = connections(free_port, 2, b"GET /people HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for watcher in watchers:
        assert watcher.recv(4096).startswith(b"HTTP/1.1 200")
    refused = ask(free_port, "/picture.mjpg")
    assert refused.status == 503
    assert b"web.viewers" in refused.body
    assert ask(free_port, "/").status == 200  # the page itself can be had, and says that it waits
    watchers[0].close()
    until(lambda: stream(free_port, "/people", b"\r\n").startswith(b"HTTP/1.1 200"))
    watchers[1].close()


def test_who_keeps_us_waiting_makes_room_for_who_asks(serve, free_port):
    serve(viewers=1)
    idlers = connections(free_port, server.STREAMS + places.SPARE, b"GET / HTTP/1.1\r\n")
    assert ask(free_port, "/").status == 200
    assert idlers[0].recv(1) == b""  # the one that waited longest
    for idler in idlers:
        idler.close()


def test_where_all_are_being_answered_a_newcomer_is_turned_away(serve, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.live.PATIENCE_S", 30.0)
    page, _ = serve(viewers=1, looping=False)
    ask_for_picture = b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n"
    watchers = connections(free_port, server.STREAMS + places.SPARE, ask_for_picture)
    listener = page._server._listener
    until(lambda: [one.waiting for one in listener.connections()] == [False] * len(watchers))
    refused = ask(free_port, "/")
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "5"
    for watcher in watchers:
        watcher.close()
    until(lambda: ask(free_port, "/health").status == 200)


def test_who_never_finishes_a_request_is_hung_up_on(serve, free_port, monkeypatch):
    """One byte now and then kept each read within its own time limit, and the connection for ever."""
    monkeypatch.setattr(places, "REQUEST_S", 0.3)
    serve()
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert connection.recv(1) == b""


def test_a_viewer_that_takes_nothing_is_hung_up_on(serve, free_port, monkeypatch):
    monkeypatch.setattr(places, "SEND_S", 0.2)
    monkeypatch.setattr(places, "SEND_BYTES", 4096)
    web, _ = serve(fps=60.0)
    with socket.socket() as viewer:
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        viewer.settimeout(5)
        viewer.connect(("127.0.0.1", free_port))
        viewer.sendall(b"GET /picture.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: web._feed._watching["picture"])
        until(lambda: not web._feed._watching["picture"])


def test_several_requests_on_one_connection(serve, free_port):
    serve()
    connection = http.client.HTTPConnection("127.0.0.1", free_port, timeout=5)
    for path in ("/", "/page.css", "/page.js", "/people.json") * 5:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read()
    connection.close()


def test_the_page_asks_for_the_token(serve, free_port):
    serve(token=TOKEN)
    page = ask(free_port, "/")
    assert page.status == 401
    assert b'type="password"' in page.body
    for path in ("/picture.jpg", "/picture.mjpg", "/people", "/people.json", "/page.js"):
        answer = ask(free_port, path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ask(free_port, "/people.json", Authorization=f"Bearer {TOKEN}").status == 200
    assert ask(free_port, "/health").status == 200


def test_the_form_changes_the_token_for_a_cookie(serve, free_port):
    serve(token=TOKEN)
    wrong = ask(free_port, "/login", "POST", "token=wrong")
    assert wrong.status == 401
    assert b"That is not it." in wrong.body
    assert wrong.headers["Set-Cookie"] is None
    right = ask(free_port, "/login", "POST", "token=correct+horse+battery")
    assert right.status == 303
    assert right.headers["Location"] == "/"
    cookie = right.headers["Set-Cookie"].partition(";")[0]
    assert ask(free_port, "/", Cookie=cookie).status == 200
    assert ask(free_port, "/login", "POST", "token=" + "x" * 2000).status == 413


def test_closing_hangs_up_and_frees_the_port(serve, free_port):
    web, _ = serve()
    idler = socket.create_connection(("127.0.0.1", free_port), timeout=5)
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as connection:
        connection.sendall(b"GET /people HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100)
        web.close()
        while connection.recv(65536):
            pass
    assert idler.recv(1) == b""
    assert not web._server._thread.is_alive()
    socket.create_server(("127.0.0.1", free_port)).close()


def test_a_server_that_ends_is_no_output_any_more(serve, free_port):
    web, _ = serve(looping=False)
    web._server.error = OSError("no descriptors")
    with pytest.raises(OSError, match=r"the page's server has ended \(no descriptors\)"):
        web.wanted()
