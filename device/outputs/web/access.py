"""Who may see the page: the name it is asked for by, and the token."""

from __future__ import annotations

import hmac
import socket

COOKIE = "kiosk"


class Access:
    """Checks requests. Without a token everybody who reaches the port is let in."""

    def __init__(self, token: str, names: list[str]) -> None:
        """`names` are the host names, beside this machine's own, that the page may be asked for by."""
        self._token = token.encode()
        own = socket.gethostname().lower()
        self._names = {"localhost", own, f"{own}.local", *(name.lower() for name in names)}
        self._session = hmac.new(self._token, b"page", "sha256").hexdigest()

    def knows(self, host: str) -> bool:
        """Whether the request's Host header names this machine.

        A hostile page can point a name of its own at this machine's address and then read ours
        as if it were its own (DNS rebinding). It cannot do so without its name standing here.
        """
        name = _without_port(host.strip().lower())
        return name in self._names or is_address(name)

    def admits(self, cookie: str, authorization: str) -> bool:
        """Whether the request's Cookie or Authorization header shows that its sender has the token."""
        if not self._token:
            return True
        kind, _, shown = authorization.partition(" ")
        if kind.lower() == "bearer" and self.opens(shown.strip()):
            return True
        wanted = f"{COOKIE}={self._session}".encode()
        return any(_same(pair.strip().encode(), wanted) for pair in cookie.split(";"))

    def opens(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return bool(self._token) and _same(token.encode(), self._token)

    def cookie(self) -> str:
        """The Set-Cookie value that stands for the token from now on, without containing it."""
        return f"{COOKIE}={self._session}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server listening on `host`."""
    return host in ("localhost", "::1") or (host.startswith("127.") and is_address(host))


def is_address(host: str) -> bool:
    """Whether `host` is an IP address rather than a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _same(given: bytes, right: bytes) -> bool:
    return hmac.compare_digest(given, right)
