"""What the page takes from those who have no password, all of it over the loopback and bounded in time."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device.outputs.web import attempts
from tests.device.outputs.web.asking import ask, status

TOKEN = "correct horse battery"
ROOT = Path(__file__).resolve().parents[4]


HOST = b"Host: localhost\r\n"
MALFORMED = {
    "a foreign name after an address": (b"GET / HTTP/1.1\r\nHost: [::1].evil.com\r\n\r\n", 403),
    "no name at all": (b"GET / HTTP/1.0\r\n\r\n", 403),
    "an address that is none": (b"GET http://[::1 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an absolute address": (b"GET http://localhost/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a length of 5,000 digits": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        400,
    ),
    "a length below nothing": (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    "a form of 1,025 bytes": (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 1025\r\n\r\n", 413),
    "a form in chunks": (b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n", 413),
    "chunks that are none": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        400,
    ),
    "two lengths": (
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        400,
    ),
    "two names": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "a head of 20,000 bytes": (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    "an address of 20,000 bytes": (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
    "2,000 short headers": (b"GET / HTTP/1.1\r\n" + HOST + b"a:\r\n" * 2000 + b"\r\n", 431),
    "a path out of the folder": (b"GET /../__init__.py HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "the same, hidden": (b"GET /%2e%2e/__init__.py HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "another protocol": (b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: upgrade\r\n\r\n", 200),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_proper_request_is_answered_and_the_page_goes_on(serve, free_port, name):
    serve()
    request, expected = MALFORMED[name]
    assert status(free_port, request) == expected
    assert ask(free_port, "/health").status == 200


def test_a_head_of_8_kib_is_still_read(serve, free_port):
    serve()
    head = b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 7_500 + b"\r\n\r\n"
    assert status(free_port, head) == 200


def test_200_connections_of_a_byte_a_second_leave_health_answered(serve, free_port):
    """It was answered 11 of 85 times."""
    serve()
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1000
    slow = []
    answered = asked = 0
    for second in range(4):
        for connection in slow:
            try:
                connection.send(request[second : second + 1])
            except OSError:
                connection.close()
        slow = [connection for connection in slow if connection.fileno() >= 0]
        while len(slow) < 200:
            slow.append(socket.create_connection(("127.0.0.1", free_port), timeout=5))
            slow[-1].send(request[:1])
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            begin = time.monotonic()
            asked += 1
            answered += ask(free_port, "/health").status == 200 and time.monotonic() - begin < 1.0
            time.sleep(0.02)
    for connection in slow:
        connection.close()
    assert asked >= 20
    assert answered >= 0.99 * asked


def test_1000_wrong_passwords_are_slowed_down_and_logged(serve, free_port, caplog):
    """They were tried at 1,130 a second, and nobody heard of it."""
    serve(token=TOKEN)
    answers = [ask(free_port, "/login", "POST", f"token=guess{number}") for number in range(1000)]
    assert [answer.status for answer in answers] == [401] * 5 + [429] * 995
    assert 50 <= int(answers[5].headers["Retry-After"]) <= 60
    assert caplog.text.count("wrong token from 127.0.0.1") == 5
    assert caplog.text.count("Too many wrong tokens") == 1
    assert ask(free_port, "/login", "POST", "token=correct+horse+battery").status == 429  # not even compared
    assert ask(free_port, "/people.json", Authorization=f"Bearer {TOKEN}").status == 429
    assert ask(free_port, "/health").status == 200


def test_guesses_by_header_count_as_well(serve, free_port):
    serve(token=TOKEN)
    tried = [ask(free_port, "/", Authorization=f"Bearer {number}").status for number in range(7)]
    assert tried == [401] * 5 + [429] * 2


def test_who_is_let_in_already_is_not_kept_out_by_the_guesses_of_others(serve, free_port):
    serve(token=TOKEN)
    cookie = ask(free_port, "/login", "POST", "token=correct+horse+battery").headers["Set-Cookie"]
    for number in range(40):
        ask(free_port, "/", Authorization="Bearer no", **{"X-Forwarded-For": f"192.0.2.{number // 4}"})
    newcomer = ask(free_port, "/", Authorization=f"Bearer {TOKEN}", **{"X-Forwarded-For": "192.0.2.99"})
    assert newcomer.status == 429  # all together have guessed too often
    assert ask(free_port, "/people.json", Cookie=cookie.partition(";")[0]).status == 200
    assert ask(free_port, "/people.json", Authorization=f"Bearer {TOKEN}").status == 200


def test_attempts_are_counted_for_a_minute_and_for_each_client():
    tries = attempts.Attempts()
    ann, bob = attempts.client_of("192.0.2.1"), attempts.client_of("192.0.2.2")
    for second in range(attempts.PER_CLIENT):
        assert tries.wait_s(ann, 100.0 + second) == 0.0
        tries.failed(ann, 100.0 + second)
    assert tries.wait_s(ann, 105.0) == 55.0
    assert tries.wait_s(bob, 105.0) == 0.0
    assert tries.wait_s(ann, 160.0) == 0.0


def test_a_client_is_an_address_or_a_network():
    assert attempts.client_of("::ffff:192.0.2.1") == attempts.client_of("192.0.2.1") == b"\xc0\x00\x02\x01"
    assert attempts.client_of("2001:db8::1") == attempts.client_of("2001:db8::2")
    assert attempts.client_of("2001:db8:0:1::1") != attempts.client_of("2001:db8::1")
    assert attempts.client_of("x" * 10_000) == b""


# --- memory, in a process of its own

KIOSK = """
import sys, time
from device.board import footprint
footprint.apply()
import numpy as np
from device.config.loader import changed, defaults
from device.outputs.web.output import Web
if len(sys.argv) > 1:
    web = Web(sys.argv[1], (640, 480), changed(defaults(), web={"fps": 60.0}), print)
image = np.zeros((480, 640, 3), np.uint8)
print("ready", "_ssl" in sys.modules, flush=True)
while len(sys.argv) > 1:
    time.sleep(0.01)
    if web.wanted():
        web.show(image, [], 0.0)
sys.stdin.read()
"""


@pytest.fixture
def kiosk(free_port):
    """A process with the page and a loop, and nothing else: its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", KIOSK, str(free_port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("ready"):
            break
    process.without_ssl = line == "ready False\n"
    yield process
    process.kill()
    process.wait(5)
    process.stdout.close()


def dirty_mib(process):
    """Memory that the kernel cannot drop, MiB."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024


@pytest.mark.native
def test_without_tls_openssl_is_not_loaded(kiosk):
    assert kiosk.without_ssl


@pytest.mark.native
@pytest.mark.parametrize(
    "heads",
    [
        b"".join(b"X-%d: " % n + b"x" * 65_000 + b"\r\n" for n in range(97)),
        b"a:\r\n" * 4000,
        b"A: " + b"x" * 8_000 + b"\r\n",
    ],
)
def test_16_clients_with_the_largest_heads_move_no_memory(kiosk, free_port, heads):
    """It went from 63 to 631 MiB, and the kiosk left with 75."""
    for _ in range(50):
        ask(free_port, "/picture.jpg")
    before = dirty_mib(kiosk)
    request = b"GET / HTTP/1.1\r\n" + HOST + heads + b"\r\n"
    most = before
    with ThreadPoolExecutor(16) as clients:
        for _ in range(3):
            asked = [clients.submit(status, free_port, request) for _ in range(16)]
            while not all(one.done() for one in asked):
                most = max(most, dirty_mib(kiosk))
                time.sleep(0.005)
    assert most <= before + 2.0
    assert ask(free_port, "/health").status == 200


@pytest.mark.native
def test_pictures_move_no_memory(kiosk, free_port):
    for _ in range(100):
        ask(free_port, "/picture.jpg")
    before = dirty_mib(kiosk)
    for _ in range(300):
        assert ask(free_port, "/picture.jpg").status == 200
    assert dirty_mib(kiosk) <= before + 0.25
    assert len(os.listdir(f"/proc/{kiosk.pid}/fd")) < 20
