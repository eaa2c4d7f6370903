import socket

import pytest

from device.config.loader import changed
from device.errors import ConfigError
from device.outputs.web.access import Access, is_loopback
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


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_only_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "127.evil.example", "", "example.org"])
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
    assert Access("", ["Sign.example"]).knows(host)


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "["])
def test_a_name_that_was_pointed_at_this_machine_by_others(host):
    """DNS rebinding: a page of evil.example makes the browser resolve that name to this machine."""
    assert not Access("", []).knows(host)


def test_without_a_token_everybody_is_let_in_but_nothing_opens():
    access = Access("", [])
    assert access.admits("", "")
    assert not access.opens("")


def test_the_token_opens_as_bearer_or_as_the_cookie_it_was_changed_for():
    access = Access(TOKEN, [])
    cookie = access.cookie().partition(";")[0]
    assert access.admits("", f"Bearer {TOKEN}")
    assert access.admits(f"a=b; {cookie}; c=d", "")
    assert TOKEN not in access.cookie()
    assert "HttpOnly" in access.cookie()


@pytest.mark.parametrize(
    ("cookie", "authorization"),
    [
        ("", ""),
        ("kiosk=", ""),
        (f"kiosk={TOKEN}", ""),
        ("", TOKEN),
        ("", f"Basic {TOKEN}"),
        ("", "Bearer "),
        ("", f"Bearer {TOKEN}x"),
        ("", "Bearer corr\u00e9ct"),
    ],
)
def test_everything_else_does_not(cookie, authorization):
    assert not Access(TOKEN, []).admits(cookie, authorization)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.7"])
def test_beyond_this_machine_a_token_is_needed(settings, host):
    with pytest.raises(ConfigError, match=r"set web\.token"):
        Web(f"{host}:8080", (320, 240), settings, print)


def test_a_short_token_is_refused(settings):
    settings = changed(settings, web={"token": "123456"})
    with pytest.raises(ConfigError, match="16 or more"):
        Web("", (320, 240), settings, print)


def test_a_taken_port_is_refused_with_another_to_try(settings, free_port):
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(ConfigError, match=f"cannot be had .*web:127.0.0.1:{free_port + 1}"),
    ):
        Web(str(free_port), (320, 240), settings, print)
