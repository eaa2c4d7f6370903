import socket

import pytest

from device.config.loader import changed
from device.errors import ConfigError
from device.outputs.web.access import Access, bearer_token, is_loopback, packed
from device.outputs.web.output import Web, parsed

TOKEN = "correct horse battery"


@pytest.mark.parametrize(
    ("address", "meaning"),
    [
        ("", ("127.0.0.1", 8080)),
        ("8081", ("127.0.0.1", 8081)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:8080", ("::1", 8080)),
        ("kiosk.local:9000", ("kiosk.local", 9000)),
        ("10.0.0.5:", ("10.0.0.5", 8080)),
    ],
)
def test_addresses(address, meaning):
    assert parsed(address) == meaning


@pytest.mark.parametrize("address", ["x", "0", "65536", "host:port", "-1", "127.0.0.1"])
def test_what_is_no_address(address):
    with pytest.raises(ConfigError, match="is no address"):
        parsed(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"])
def test_only_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "127.evil.example", "", "a.org", "::ffff:10.0.0.1"]
)
def test_others_too(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "localhost",
        "LOCALHOST:1",
        "[::1]:8080",
        "192.168.1.5:8080",
        "kiosk-7",
        "kiosk-7.local:8080",
        "sign.example",
    ],
)
def test_names_of_this_machine(monkeypatch, host):
    monkeypatch.setattr(socket, "gethostname", lambda: "Kiosk-7")
    assert Access("", ("Sign.example",)).is_allowed_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "[",
        "[::1",
        "[::1].evil.com",
        "[::1]evil.com:80",
        "[localhost]",
        "[]",
        "localhost:8080:8080",
        "localhost:123456",
        "localhost@evil.example",
        "evil.example/localhost",
    ],
)
def test_a_name_that_was_pointed_at_this_machine_by_others(host):
    """DNS rebinding: a page of evil.example makes the browser resolve that name to this machine."""
    assert not Access("", ()).is_allowed_host(host)


def test_an_address_is_its_bytes_and_a_name_has_none():
    assert packed("127.0.0.1") == bytes([127, 0, 0, 1])
    assert packed("::1") == bytes(15) + b"\1"
    assert packed("kiosk.local") == b""


def test_without_a_token_none_is_needed_and_none_is_right():
    access = Access("", ())
    assert not access.needs_token
    assert not access.is_valid_token("")


def test_the_token_is_right_and_nothing_else():
    access = Access(TOKEN, ())
    assert access.needs_token
    assert access.is_valid_token(TOKEN)
    for wrong in ("", TOKEN + "x", TOKEN[:-1], TOKEN.upper(), "corr\u00e9ct"):
        assert not access.is_valid_token(wrong)


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (f"Bearer {TOKEN}", TOKEN),
        ("bearer  x ", "x"),
        ("Bearer", ""),
        (TOKEN, None),
        (f"Basic {TOKEN}", None),
        ("", None),
    ],
)
def test_the_token_shown_as_bearer(authorization, token):
    assert bearer_token(authorization) == token


def test_a_session_is_found_among_other_cookies():
    access = Access(TOKEN, ())
    cookie = access.cookie(secure=False).partition(";")[0]
    assert access.has_session(cookie)
    assert access.has_session(f"a=b; {cookie}; c=d")


def test_what_is_no_session_of_ours():
    access = Access(TOKEN, ())
    cookie = access.cookie(secure=False).partition(";")[0]
    end, _, mark = cookie.removeprefix("kiosk=").partition(".")
    forged = [
        "",
        "kiosk=",
        "kiosk=.",
        f"kiosk={TOKEN}",
        f"kiosk={int(end) + 1}.{mark}",
        f"kiosk={end}.",
        cookie[:-1],
    ]
    for wrong in forged:
        assert not access.has_session(wrong)


def test_the_cookie_says_nothing_of_the_token_and_ends_with_the_process():
    """It was a fixed function of the token: who saw one could try tokens at home, and it held for ever."""
    first, second = Access(TOKEN, ()), Access(TOKEN, ())
    cookie = first.cookie(secure=False)
    assert first.has_session(cookie.partition(";")[0])
    assert not second.has_session(cookie.partition(";")[0])
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age" not in cookie  # the browser forgets it when it is closed
    assert "Secure" not in cookie
    assert cookie.partition(".")[0] + "." in first.cookie(secure=True)
    assert first.cookie(secure=True).endswith("; Secure")


def test_a_session_ends_after_twelve_hours(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("device.outputs.web.access.time.monotonic", lambda: now[0])
    access = Access(TOKEN, ())
    cookie = access.cookie(secure=False).partition(";")[0]
    now[0] += 12 * 3600 - 1
    assert access.has_session(cookie)
    now[0] += 1
    assert not access.has_session(cookie)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.7"])
def test_beyond_this_machine_a_token_is_needed(settings, host):
    with pytest.raises(ConfigError, match=r"set web\.token"):
        Web(f"{host}:8080", (320, 240), settings, print)


@pytest.mark.parametrize("token", ["123456", "aaaaaaaaaaaaaaaa", "passwordpassword1", "qwertyuiopasdfgh"])
def test_a_weak_token_is_refused_with_the_command_that_makes_a_good_one(settings, token):
    settings = changed(settings, web={"token": token})
    with pytest.raises(ConfigError, match=r"^web\.token .*`python -m device token` prints a good one\.$"):
        Web("", (320, 240), settings, print)


def test_a_taken_port_is_refused_with_another_to_try(settings, free_port):
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(ConfigError, match=f"cannot be had .*web:127.0.0.1:{free_port + 1}"),
    ):
        Web(str(free_port), (320, 240), settings, print)
