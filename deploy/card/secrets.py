"""What is particular to one kiosk and nobody else's business: names, keys, passwords, from one private file.

The file is never part of the repository nor of a command line, and no plain password goes onto a card: Wi-Fi
gets the key derived from the pass phrase, the user a hash. The broker's password has no such form; the first
start moves it off the card's open partition.
"""

from __future__ import annotations

import hashlib
import re
import stat
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from deploy.card.tools import find, run
from deploy.errors import DeployError

SHOWN = ("system.hostname", "system.timezone", "user.name", "wifi.country")  # what a message may repeat
TAKEN = ("root", "kiosk")  # the second is the user that the service runs as


class Secrets(NamedTuple):
    """The values, checked. What is empty was not given."""

    hostname: str = "kiosk"
    timezone: str = ""
    keyboard: str = ""
    user: str = "pi"
    password_hash: str = ""
    authorized_keys: tuple[str, ...] = ()
    passwordless_sudo: bool = True
    ssid: str = ""
    wifi_key: str = ""  # 64 hexadecimal digits; empty for an open network
    country: str = ""
    hidden: bool = False
    mqtt_password: str = ""

    def __repr__(self) -> str:
        """No value: a log or a traceback must not show one."""
        return f"Secrets(hostname={self.hostname!r}, …)"


def _is(kind: type[Any], pattern: str = "") -> Callable[[Any], bool]:
    return lambda value: (
        type(value) is kind and (not pattern or re.fullmatch(pattern, str(value)) is not None)
    )


HOST = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
KEY = r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\x00-\x1f\"\\]*)?"
# Of each key: whether a value is right, and what is
KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "system.hostname": (_is(str, HOST), "1 to 63 letters, digits and hyphens, with no hyphen at either end"),
    "system.timezone": (_is(str, r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*"), 'a name such as "Europe/Berlin"'),
    "system.keyboard": (_is(str, r"[a-z]{2,8}"), 'a layout such as "de"'),
    "user.name": (
        lambda value: _is(str, r"[a-z][a-z0-9_-]{0,31}")(value) and value not in TAKEN,
        f"1 to 32 lower-case letters, digits, - and _, beginning with a letter, and not {' or '.join(TAKEN)}",
    ),
    "user.password": (_is(str, r"[^\x00-\x1f]{1,128}"), "1 to 128 characters on one line"),
    "user.authorized_keys": (
        lambda value: type(value) is list and all(_is(str, KEY)(key) for key in value),
        'a list of public keys, each the whole line of an id_….pub file ("ssh-ed25519 AAAA… name")',
    ),
    "user.passwordless_sudo": (_is(bool), "true or false"),
    "wifi.ssid": (
        lambda value: _is(str, r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")(value) and len(value.encode()) <= 32,
        "1 to 32 bytes (a letter with an accent takes two)",
    ),
    "wifi.passphrase": (
        _is(str, r"[\x20-\x7e]{8,63}|[0-9a-fA-F]{64}"),
        "8 to 63 ASCII characters, or the 64 hexadecimal digits of the key",
    ),
    "wifi.country": (_is(str, r"[A-Z]{2}"), 'the two capital letters of the country, such as "DE"'),
    "wifi.hidden": (_is(bool), "true or false"),
    "mqtt.password": (_is(str, r"[^\x00-\x1f]{1,256}"), "1 to 256 characters on one line"),
}


def load(path: Path | None, hostname: str = "") -> Secrets:
    """The values of the file, if there is one; `hostname` counts over the file's. Raises DeployError."""
    given = values(path) if path else {}
    where = str(path) if path else "no secrets file"
    if hostname:
        given["system.hostname"] = checked("NAME=", "system.hostname", hostname)
    if "wifi.ssid" in given and "wifi.country" not in given:
        raise DeployError(f"{where}: wifi.country is missing; without it the radio stays off")
    if "wifi.ssid" not in given and {"wifi.passphrase", "wifi.hidden"} & given.keys():
        raise DeployError(f"{where}: wifi.ssid is missing; give the network's name")
    password, passphrase = given.get("user.password", ""), given.get("wifi.passphrase", "")
    return Secrets(
        hostname=given.get("system.hostname", "kiosk"),
        timezone=given.get("system.timezone", ""),
        keyboard=given.get("system.keyboard", ""),
        ssid=given.get("wifi.ssid", ""),
        country=given.get("wifi.country", ""),
        hidden=given.get("wifi.hidden", False),
        user=given.get("user.name", "pi"),
        password_hash=password_hash(password) if password else "",
        authorized_keys=tuple(given.get("user.authorized_keys", ())),
        # Without a password nobody could ever become root, and no upgrade would be possible over the network
        passwordless_sudo=given.get("user.passwordless_sudo", not password),
        wifi_key=wifi_key(passphrase, given["wifi.ssid"]) if passphrase else "",
        mqtt_password=given.get("mqtt.password", ""),
    )


def values(path: Path) -> dict[str, Any]:
    """The file's `section.key` and value pairs, each checked. Raises DeployError."""
    try:
        mode = path.stat().st_mode
    except OSError:
        raise DeployError(f"there is no {path}; SECRETS= names another, and the README shows one") from None
    if not stat.S_ISREG(mode) or mode & 0o077:
        raise DeployError(f"{path} can be read by others (mode {stat.S_IMODE(mode):04o}); chmod 600 {path}")
    if is_tracked(path):
        raise DeployError(f"{path} is in the repository: git rm --cached {path}, and change what is in it")
    try:
        document = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeployError(f"{path} is no TOML ({error}); the README shows one") from None
    found = {}
    for section, content in document.items():
        for key, value in content.items() if isinstance(content, dict) else [("", content)]:
            name = f"{section}.{key}".rstrip(".")
            if name not in KEYS:
                raise DeployError(f"{path}: {name} is unknown; allowed: {', '.join(KEYS)}")
            found[name] = checked(str(path), name, value)
    return found


def is_tracked(path: Path) -> bool:
    """Whether git has the file, and so everybody who has the repository."""
    command = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", path.name]
    return bool(find("git")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def checked(where: str, name: str, value: Any) -> Any:
    """The value, when it is right. The message never repeats it: it may be a password."""
    is_right, allowed = KEYS[name]
    if not is_right(value):
        shown = f" {value!r}" if name in SHOWN else ""
        raise DeployError(f"{where}: {name}{shown} is not allowed; {allowed}")
    return value


def wifi_key(passphrase: str, ssid: str) -> str:
    """The 64 hexadecimal digits that WPA2 makes of the two; 64 such digits are the key itself."""
    if len(passphrase) == 64:
        return passphrase.lower()
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), 4096, 32).hex()


def password_hash(password: str) -> str:
    """A yescrypt hash where mkpasswd is, else SHA-512; the password goes by standard input."""
    given = password.encode() + b"\n"
    if find("mkpasswd"):
        done = run("mkpasswd", "--method=yescrypt", "--stdin", given=given)
    else:
        done = run("openssl", "passwd", "-6", "-stdin", given=given)
    found = done.stdout.decode().strip()
    if done.returncode or not re.fullmatch(r"\$(y|6)\$[./A-Za-z0-9$]+", found):
        raise DeployError("no hash could be made of user.password; sudo apt install openssl")
    return found
