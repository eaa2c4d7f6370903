"""The private file: what it may hold, who may read it, and what goes onto the card of it."""

import hashlib
import re

import pytest

from deploy.card import secrets
from deploy.errors import DeployError
from tests.deploy.card import images
from tests.deploy.card.images import PUBLIC_KEY


def load(workplace, text, name=""):
    """What the file says."""
    return secrets.load(workplace.secrets(text), name)


def told(workplace, text, name=""):
    """Why the file is refused."""
    with pytest.raises(DeployError) as error:
        load(workplace, text, name)
    return str(error.value).removeprefix(f"{workplace.folder}/kiosk.secrets.toml: ")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read(workplace, mode):
    path = workplace.secrets("", mode)
    with pytest.raises(DeployError, match=rf"can be read by others \(mode {mode:04o}\); chmod 600 {path}"):
        secrets.load(path)


def test_a_file_that_git_has(workplace):
    path = workplace.secrets("")
    assert secrets.load(path).hostname == "kiosk"
    for command in (["init", "-q"], ["add", path.name]):
        images.tool("git", "-C", str(workplace.folder), *command)
    with pytest.raises(
        DeployError, match=r"is in the repository: git rm --cached .+, and change what is in it"
    ):
        secrets.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DeployError, match="SECRETS= names another"):
        secrets.load(tmp_path / "none.toml")


def test_without_a_file_the_host_is_kiosk_and_nobody_can_log_in():
    found = secrets.load(None)
    assert (found.hostname, found.user, found.password_hash, found.authorized_keys) == ("kiosk", "pi", "", ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '[system]\nhostname = "kiosk_1"',
            "system.hostname 'kiosk_1' is not allowed; 1 to 63 letters, digits and hyphens, with no hyphen",
        ),
        ('[system]\nhostname = "-kiosk"', "system.hostname '-kiosk' is not allowed"),
        (f'[system]\nhostname = "{"k" * 64}"', f"system.hostname '{'k' * 64}' is not allowed"),
        ("[system]\nhostname = 1", "system.hostname 1 is not allowed"),
        (
            f'[wifi]\nssid = "{"é" * 16}s"\ncountry = "DE"',
            "wifi.ssid is not allowed; 1 to 32 bytes (a letter",
        ),
        ('[wifi]\nssid = "a\\nb"\ncountry = "DE"', "wifi.ssid is not allowed"),
        (
            '[wifi]\nssid = "shop"\ncountry = "DEU"',
            "wifi.country 'DEU' is not allowed; the two capital letters",
        ),
        ('[wifi]\nssid = "shop"\ncountry = "de"', "wifi.country 'de' is not allowed"),
        ('[wifi]\nssid = "shop"', "wifi.country is missing; without it the radio stays off"),
        ('[wifi]\npassphrase = "long enough"', "wifi.ssid is missing"),
        (
            '[wifi]\nssid = "s"\ncountry = "DE"\npassphrase = "short"',
            "wifi.passphrase is not allowed; 8 to 63 ASCII",
        ),
        ('[user]\nname = "kiosk"', "user.name 'kiosk' is not allowed"),
        (
            '[user]\nauthorized_keys = ["command=\\"x\\" ssh-rsa AAAA"]',
            "user.authorized_keys is not allowed; a list",
        ),
        ('[user]\npassword = "a\\nb"', "user.password is not allowed; 1 to 128 characters on one line"),
        ('[wlan]\nssid = "shop"', "wlan.ssid is unknown; allowed: system.hostname, "),
        ("ssid = 1", "ssid is unknown; allowed: "),
    ],
)
def test_what_is_refused(workplace, text, reason):
    assert told(workplace, text).startswith(reason)


def test_what_is_no_toml(workplace):
    assert "is no TOML (" in told(workplace, "[wifi")


@pytest.mark.parametrize(
    "text", ['[user]\npassword = "hunter2\\u0007"', '[wifi]\nssid = "s"\npassphrase = "hunter2"']
)
def test_no_message_repeats_a_password(workplace, text):
    assert "hunter2" not in told(workplace, text)


def test_nor_does_what_python_prints_of_them(workplace):
    found = load(workplace, '[mqtt]\npassword = "hunter2"')
    assert found.mqtt_password == "hunter2"
    assert "hunter2" not in f"{found!r} {found}"


def test_a_name_given_for_one_card_counts_over_the_files(workplace):
    assert load(workplace, '[system]\nhostname = "kiosk"', "kiosk-2").hostname == "kiosk-2"
    assert told(workplace, "", "kiosk_2").startswith("NAME=: system.hostname 'kiosk_2' is not allowed")


def test_an_ssid_of_32_bytes_is_the_longest(workplace):
    assert load(workplace, f'[wifi]\nssid = "{"é" * 16}"\ncountry = "DE"').ssid == "é" * 16


def test_the_wifi_key_is_the_standards_own_example():
    expected = "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    assert secrets.wifi_key("password", "IEEE") == expected


def test_a_wifi_key_is_left_as_it_is():
    assert secrets.wifi_key("AB" * 32, "shop") == "ab" * 32


@pytest.mark.parametrize("without", ["", "mkpasswd"])
def test_a_password_is_hashed_as_the_system_would(without, monkeypatch):
    real = secrets.find
    monkeypatch.setattr(secrets, "find", lambda name: None if name == without else real(name))
    found = secrets.password_hash("correct horse")
    assert re.fullmatch(r"\$y\$j9T\$\S+|\$6\$\S+", found)
    assert secrets.password_hash("correct horse") != found  # salted


def test_a_sha_512_hash_is_the_passwords(monkeypatch):
    monkeypatch.setattr(secrets, "find", lambda name: None)
    found = secrets.password_hash("correct horse")
    salt = found.split("$")[2]
    again = secrets.run("openssl", "passwd", "-6", "-salt", salt, "-stdin", given=b"correct horse\n").stdout
    assert again.decode().strip() == found


def test_sudo_asks_for_the_password_where_there_is_one(workplace):
    assert load(workplace, "").passwordless_sudo is True
    assert load(workplace, '[user]\npassword = "correct horse"').passwordless_sudo is False
    assert (
        load(workplace, '[user]\npassword = "correct horse"\npasswordless_sudo = true').passwordless_sudo
        is True
    )


def test_no_plain_secret_is_on_the_card_but_the_brokers(workplace, bookworm):
    text = f"""
[user]
password = "correct horse"
authorized_keys = ["{PUBLIC_KEY}"]
[wifi]
ssid = "shop"
passphrase = "battery staple"
country = "DE"
[mqtt]
password = "hunter2"
"""
    workplace.secrets(text)
    status, out, complaint = workplace.run(bookworm, system="bookworm")
    assert status == 0
    card = workplace.card.read_bytes()
    assert b"correct horse" not in card
    assert b"battery staple" not in card
    key = hashlib.pbkdf2_hmac("sha1", b"battery staple", b"shop", 4096, 32).hex()
    assert key.encode() in card
    assert workplace.fat("kiosk/mqtt-password") == b"hunter2"
    assert not any(secret in out + complaint for secret in ("hunter2", key, "correct", "battery"))
