import http.client
import json
import socket
import threading
import time

import cv2
import numpy as np
import pytest

from device.outputs.web import server
from device.outputs.web.feed import Feed

TOKEN = "correct horse battery"


def ask(port, path, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.body = answer.read()
    connection.close()
    return answer


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
    assert ask(free_port, "/", "BREW").status == 501


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
        "band": "25–34",
        "state": "settled",
    }
    assert news["people"][1]["age"] is None


def test_no_ages_leave_where_only_bands_may_be_shown(serve, free_port):
    serve(show="band")
    first = json.loads(ask(free_port, "/people.json").body)["people"][0]
    assert (first["age"], first["spread"], first["band"]) == (None, None, "25–34")


def test_without_frames_it_says_so(serve, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.handler.PATIENCE_S", 0.05)
    serve(looping=False)
    assert ask(free_port, "/picture.jpg").status == 503
    assert ask(free_port, "/people.json").status == 503


def test_health(serve, free_port, monkeypatch):
    monkeypatch.setattr("device.outputs.web.feed.ALIVE_S", 0.0)
    serve(looping=False)
    assert ask(free_port, "/health").status == 503
    monkeypatch.setattr("device.outputs.web.feed.ALIVE_S", 60.0)
    answer = ask(free_port, "/health")
    assert answer.status == 200
    assert json.loads(answer.body)["ok"] is True


def stream(port, path, until, timeout=5.0):
    """What arrives from `path` until it contains `until`."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
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
    watchers = connections(free_port, 2, b"GET /people HTTP/1.0\r\nHost: localhost\r\n\r\n")
    for watcher in watchers:
        assert watcher.recv(4096).startswith(b"HTTP/1.0 200")
    refused = ask(free_port, "/picture.mjpg")
    assert refused.status == 503
    assert b"web.viewers" in refused.body
    assert ask(free_port, "/").status == 200  # the page itself can be had, and says that it waits
    watchers[0].close()
    until(lambda: stream(free_port, "/people", b"\r\n").startswith(b"HTTP/1.0 200"))
    watchers[1].close()


def test_no_more_connections_than_there_is_room_for(serve, free_port):
    serve(viewers=1)
    idlers = connections(free_port, server.STREAMS + server.SPARE, b"")
    refused = ask(free_port, "/")
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "5"
    for idler in idlers:
        idler.close()
    until(lambda: ask(free_port, "/").status == 200)


def test_who_never_finishes_a_request_is_hung_up_on(serve, free_port, monkeypatch):
    """One byte now and then kept each read within its own time limit, and the connection for ever."""
    monkeypatch.setattr(server, "EXCHANGE_S", 0.3)
    serve()
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n")
        assert connection.recv(1) == b""


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
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as connection:
        connection.sendall(b"GET /people HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100)
        web.close()
        while connection.recv(65536):
            pass
    socket.create_server(("127.0.0.1", free_port)).close()
